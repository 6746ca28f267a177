-- +goose Up

-- paths: from touchpoint to touchpoint within a case, what follows each, and what was lost after it. Moves the journey
-- does not foresee are listed like all others. Interactions at no touchpoint are passed over.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--
-- One row per from and to; to is '(lost)', '(completed)' or '(open)' where from was the case's last touchpoint by T.
-- share: of all that followed `from`. ended: cases with this move that have ended by T; lost: of these, those lost;
--   lost_share with its Wilson 95 % interval; few where ended is under 30.
-- skips: moves that passed over a stage; returns: moves back to an earlier stage.
CREATE OR REPLACE VIEW paths AS
WITH
    -- piece: words
    1.959963984540054 AS z,
    number -> if(number > 65535, ['(lost)', '(completed)', '(open)'][number - 65535], named[number]) AS name_of,
    -- of each case with the interactions asked for: those by T with a touchpoint, and how it ended, as a number that no word has
    chosen AS
    (
        SELECT
            arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, arraySlice(steps.occurred_at, first_step, n_steps)) AS n,
            arraySlice(steps.touchpoint, first_step, n) AS numbers,
            arrayFilter(x -> x > 0, numbers) AS places,
            arrayFilter((x, number) -> number > 0, arraySlice(steps.occurred_at, first_step, n), numbers) AS at,
            arrayFilter((x, number) -> number > 0, arraySlice(steps.is_return, first_step, n), numbers) AS back_to,
            arrayFilter((x, number) -> number > 0, arraySlice(steps.reached, first_step, n), numbers) AS reached,
            arrayCount(e -> e <= {as_of:DateTime64(3, 'UTC')}, arraySlice(visits.entered_at, first_visit, n_visits)) AS visited,
            first_visit + visited - 1 AS now, visited > 0 AND visits.left_at[now] <= {as_of:DateTime64(3, 'UTC')} AS has_left,
            has_left AND visits.exit[now] IN ('lost_explicit', 'lost_silent') AS is_lost, is_lost OR has_left AND visits.exit[now] = 'completed' AS is_ended,
            arrayMap((a, b) -> a * 4294967296 + b, places, arraySlice(arrayPushBack(places, multiIf(is_lost, 65536, is_ended, 65537, 65538)), 2)) AS moves
        FROM findings FINAL
        ARRAY JOIN
            runs.persona AS persona, runs.account AS account, runs.customer AS customer, runs.first_step AS first_step, runs.steps AS n_steps,
            runs.first_visit AS first_visit, runs.visits AS n_visits
        WHERE journey = {journey:String} AND n_steps > 0 AND n > 0
            AND steps.occurred_at[first_step] >= {from:DateTime64(3, 'UTC')} AND steps.occurred_at[first_step] < {to:DateTime64(3, 'UTC')}
            -- piece: case_filters
    ),
    -- from one to the next interaction with a touchpoint, and from the last to how the case stands
    counted AS
    (
        SELECT
            name_of(bitShiftRight(move, 32)) AS a, name_of(bitAnd(move, 4294967295)) AS b, count() AS n, countIf(nth = 1) AS cases,
            quantileExactInclusiveOrNullIf(0.5)(toUnixTimestamp64Milli(b_at) - toUnixTimestamp64Milli(a_at) AS gap_ms, gap_ms >= 0) / 1000 AS p50_s,
            countIf(b_reached > a_reached + 1 AND a_reached > 0) AS skips, countIf(returned) AS returns,
            countIf(nth = 1 AND is_ended) AS ended, countIf(nth = 1 AND is_lost) AS lost
        FROM chosen
        ARRAY JOIN
            moves AS move, arrayEnumerateUniq(moves) AS nth, at AS a_at, arraySlice(arrayPushBack(at, toDateTime64(0, 3, 'UTC')), 2) AS b_at,
            reached AS a_reached, arraySlice(arrayPushBack(reached, 0), 2) AS b_reached, arraySlice(arrayPushBack(back_to, false), 2) AS returned
        GROUP BY move
    )
SELECT
    a AS `from`, b AS `to`, n, cases, n / sum(n) OVER (PARTITION BY a) AS share, p50_s, skips, returns, ended, lost,
    if(ended = 0, NULL, lost / ended) AS lost_share,
    if(ended = 0, NULL, greatest(0., (lost_share + z * z / 2 / ended
        - z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_low,
    if(ended = 0, NULL, least(1., (lost_share + z * z / 2 / ended
        + z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_high,
    toBool(ended < 30) AS few
FROM counted
ORDER BY n DESC, `from`, `to`;

-- +goose Down
DROP VIEW paths;
