-- +goose Up

-- directly_follows: which activity follows which within a case, how often, and after how long (seconds).
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
CREATE OR REPLACE VIEW directly_follows AS
WITH
    -- piece: words
    -- activities are compared as their numbers in this list
    (
        SELECT (groupArray(activity), arrayMap(i -> toUInt32(i), range(count())))
        FROM (SELECT DISTINCT toString(activity) AS activity FROM findings FINAL ARRAY JOIN steps.activity AS activity WHERE journey = {journey:String})
    ) AS known
SELECT
    known.1[intDiv(pair, (1 + length(known.1))) + 1] AS `from`, known.1[pair % (1 + length(known.1)) + 1] AS `to`, count() AS n,
    (quantilesExactInclusive(0.5, 0.9)(gap_ms) AS gaps)[1] / 1000 AS p50, gaps[2] / 1000 AS p90
FROM
(
    SELECT
        arraySlice(steps.occurred_at, first_step, n_steps) AS times, arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, times) AS n,
        arrayMap(x -> transform(x, known.1, known.2, toUInt32(0)), arraySlice(steps.activity, first_step, n)) AS numbers,
        arrayMap((a, b) -> a * (1 + length(known.1)) + b, arrayPopBack(numbers), arrayPopFront(numbers)) AS pairs,
        arrayPopFront(arrayDifference(arrayMap(t -> toUnixTimestamp64Milli(t), arraySlice(times, 1, n)))) AS gaps_ms
    FROM findings FINAL
    ARRAY JOIN
        runs.first_step AS first_step, runs.steps AS n_steps, runs.persona AS persona, runs.account AS account, runs.customer AS customer
    WHERE journey = {journey:String}
        AND n > 0 AND times[1] >= {from:DateTime64(3, 'UTC')} AND times[1] < {to:DateTime64(3, 'UTC')}
        -- piece: case_filters
)
ARRAY JOIN pairs AS pair, gaps_ms AS gap_ms
GROUP BY pair
ORDER BY n DESC, `from`, `to`;

-- +goose Down
DROP VIEW directly_follows;
