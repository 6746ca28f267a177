-- +goose Up

-- handoffs: from which department to which cases pass, how long that takes, how often they come back, and what was lost
-- after it. Interactions of no department, and automatic ones, are passed over.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--
-- One row per from and to, two different departments. back: hand-offs to a department that had the case before;
--   returns: hand-offs by an interaction that went back to an earlier stage. share: of all hand-offs from `from`;
--   cases_share: cases with this hand-off, of all chosen cases that met any department. gap: from the last interaction
--   with one to the first with the other. ended: cases with this hand-off that have ended by T; lost: of these, those lost;
--   lost_share with its Wilson 95 % interval; few where ended is under 30.
CREATE OR REPLACE VIEW handoffs AS
WITH
    -- piece: words
    1.959963984540054 AS z,
    chosen AS
    (
        SELECT
            arraySlice(steps.occurred_at, first_step, n_steps) AS times, arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, times) AS n,
            arraySlice(steps.department, first_step, n) AS departments,
            arrayMap((d, machine) -> d != 0 AND NOT machine, departments, arraySlice(steps.automatic, first_step, n)) AS counts,
            arrayFilter((x, c) -> c, departments, counts) AS met,
            arrayFilter((x, c) -> c, arraySlice(steps.is_return, first_step, n), counts) AS back_to,
            arrayMap(t -> toUnixTimestamp64Milli(t), arrayFilter((x, c) -> c, arraySlice(times, 1, n), counts)) AS at,
            arrayCount(e -> e <= {as_of:DateTime64(3, 'UTC')}, arraySlice(visits.entered_at, first_visit, n_visits)) AS visited,
            first_visit + visited - 1 AS latest, visited > 0 AND visits.left_at[latest] <= {as_of:DateTime64(3, 'UTC')} AS has_left,
            has_left AND visits.exit[latest] IN ('lost_explicit', 'lost_silent') AS is_lost,
            is_lost OR has_left AND visits.exit[latest] = 'completed' AS is_ended
        FROM findings FINAL
        ARRAY JOIN
            runs.first_step AS first_step, runs.steps AS n_steps, runs.persona AS persona, runs.account AS account, runs.customer AS customer,
            runs.first_visit AS first_visit, runs.visits AS n_visits
        WHERE journey = {journey:String}
            AND n > 0 AND times[1] >= {from:DateTime64(3, 'UTC')} AND times[1] < {to:DateTime64(3, 'UTC')}
            -- piece: case_filters
    ),
    -- from one to the next interaction with another department; nth: of its case's moves from this one to that one. One from 0 to 0
    -- stands for the case itself
    moves AS
    (
        SELECT is_lost, is_ended, a, b, gap_ms, again, is_return, nth
        FROM
        (
            SELECT
                is_lost, is_ended,
                arrayMap((x, y) -> x != y, arrayPopBack(met), arrayPopFront(met)) AS turns,
                arrayPushBack(arrayFilter((x, t) -> t, arrayPopBack(met), turns), 0) AS froms,
                arrayPushBack(arrayFilter((x, t) -> t, arrayPopFront(met), turns), 0) AS tos,
                arrayPushBack(arrayFilter((x, t) -> t, arrayPopFront(arrayDifference(at)), turns), 0) AS gaps,
                arrayPushBack(arrayFilter((x, t) -> t, arrayPopFront(arrayEnumerateUniq(met)), turns), 0) AS times_met,
                arrayPushBack(arrayFilter((x, t) -> t, arrayPopFront(back_to), turns), false) AS returned
            FROM chosen
            WHERE notEmpty(met)
        )
        ARRAY JOIN
            froms AS a, tos AS b, gaps AS gap_ms, times_met AS again, returned AS is_return, arrayEnumerateUniq(froms, tos) AS nth
    ),
    counted AS
    (
        SELECT
            a, b, count() AS n, countIf(nth = 1) AS cases, maxIf(n, a = 0) OVER () AS all_cases,
            countIf(again > 1) AS back, countIf(is_return) AS returns, quantilesExactInclusive(0.5, 0.9)(gap_ms) AS gaps,
            countIf(nth = 1 AND is_ended) AS ended, countIf(nth = 1 AND is_lost) AS lost
        FROM moves
        GROUP BY a, b
    )
SELECT
    named[a] AS `from`, named[b] AS `to`,
    n, cases,
    n / sum(n) OVER (PARTITION BY `from`) AS share,
    cases / all_cases AS cases_share,
    back, returns, gaps[1] / 1000 AS p50_s, gaps[2] / 1000 AS p90_s,
    ended, lost,
    if(ended = 0, NULL, lost / ended) AS lost_share,
    if(ended = 0, NULL, greatest(0., (lost_share + z * z / 2 / ended
        - z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_low,
    if(ended = 0, NULL, least(1., (lost_share + z * z / 2 / ended
        + z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_high,
    toBool(ended < 30) AS few
FROM counted
WHERE a != 0
ORDER BY n DESC, `from`, `to`;

-- +goose Down
DROP VIEW handoffs;
