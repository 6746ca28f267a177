-- +goose Up

-- bypasses: moves between stages that the journey's order does not foresee: stages passed over, cases that began further on, and
-- returns to an earlier stage. They are listed, never filtered out.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   of the interaction that opened the case; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       moves from this stage; '' all
--
-- kind: skip, from one stage to one further on than the next; start, a case that began after the first stage (from is
--   '(start)'); return, an interaction that counted for an earlier stage than the case's own (from the case's stage to that one).
-- passed: how many stages a skip or start passed over, how many a return went back. n: moves; cases: with such a move;
--   cases_share: of all chosen cases. ended: of the cases, those that have ended by T; lost: of these, those lost; lost_share with its
--   Wilson 95 % interval; few where ended is under 30.
CREATE OR REPLACE VIEW bypasses AS
WITH
    -- piece: words
    1.959963984540054 AS z,
    definition AS
    (
        SELECT toString(stage) AS id, position
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    (SELECT (groupArray(number_of(id)), groupArray(toInt16(position))) FROM definition) AS known,
    -- the opening visit chooses the cases
    opened AS
    (
        SELECT
            arrayCount(a -> a <= {as_of:DateTime64(3, 'UTC')}, arraySlice(visits.entered_at, first_visit, n_visits)) AS n, first_visit + n - 1 AS latest,
            arrayMap(p -> toInt16(p), arraySlice(visits.position, first_visit, n)) AS passed,
            visits.left_at[latest] <= {as_of:DateTime64(3, 'UTC')} AS has_left, has_left AND visits.exit[latest] IN ('lost_explicit', 'lost_silent') AS is_lost,
            is_lost OR has_left AND visits.exit[latest] = 'completed' AS is_ended,
            arraySlice(steps.is_return, first_step, n_steps) AS returning, arraySlice(steps.reached, first_step, n_steps) AS reach,
            arraySlice(steps.stage, first_step, n_steps) AS stages,
            arrayMap((r, s, f, t) -> r AND f > 0 AND t <= {as_of:DateTime64(3, 'UTC')} AND has(known.1, s),
                returning, stages, reach, arraySlice(steps.occurred_at, first_step, n_steps)) AS goes_back,
            arrayMap(f -> toInt16(f) - 1, arrayFilter((f, g) -> g, reach, goes_back)) AS back_from,
            arrayMap(s -> transform(s, known.1, known.2, toInt16(-1)), arrayFilter((s, g) -> g, stages, goes_back)) AS back_to,
            arrayPushFront(arrayPopBack(passed), toInt16(-1)) AS before,
            arrayMap((a, b) -> b - a > 1, before, passed) AS skips
        FROM findings FINAL
        ARRAY JOIN
            runs.first_visit AS first_visit, runs.visits AS n_visits, runs.first_step AS first_step, runs.steps AS n_steps, runs.persona AS of_persona,
            runs.account AS account, runs.customer AS customer
        WHERE journey = {journey:String} AND n_visits > 0 AND (visits.entered_at[first_visit] AS opened_at) <= {as_of:DateTime64(3, 'UTC')}
            -- piece: opening_filters
    ),
    moves AS
    (
        SELECT is_lost, is_ended, m.1 AS a, m.2 AS b, m.3 AS kind, nth
        FROM
        (
            SELECT
                is_lost, is_ended,
                arrayConcat(
                    arrayMap((a, b) -> (a, b, if(a < 0, 'start', 'skip')), arrayFilter((a, s) -> s, before, skips), arrayFilter((b, s) -> s, passed, skips)),
                    arrayMap((a, b) -> (a, b, 'return'), back_from, back_to)) AS moved
            FROM opened
            WHERE has(skips, true) OR has(returning, true)
        )
        ARRAY JOIN moved AS m, arrayEnumerateUniq(moved) AS nth
    ),
    (SELECT count() FROM opened) AS all_cases,
    counted AS
    (
        SELECT
            kind, a, b, count() AS n, countIf(nth = 1) AS cases, countIf(nth = 1 AND is_ended) AS ended, countIf(nth = 1 AND is_lost) AS lost
        FROM moves
        GROUP BY kind, a, b
    )
SELECT
    kind, if(a < 0, '(start)', f.id) AS `from`, t.id AS `to`,
    if(kind = 'return', a - b, b - a - 1) AS passed,
    n, cases, cases / all_cases AS cases_share, ended, lost,
    if(ended = 0, NULL, lost / ended) AS lost_share,
    if(ended = 0, NULL, greatest(0., (lost_share + z * z / 2 / ended
        - z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_low,
    if(ended = 0, NULL, least(1., (lost_share + z * z / 2 / ended
        + z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_high,
    toBool(ended < 30) AS few
FROM counted
LEFT JOIN definition AS f ON toInt16(f.position) = counted.a
LEFT JOIN definition AS t ON toInt16(t.position) = counted.b
WHERE {stage:String} IN ('', `from`)
ORDER BY n DESC, kind, a, b;

-- +goose Down
DROP VIEW bypasses;
