-- +goose Up

-- durations: how long cases last, from their first to their last interaction by T, in seconds. One row.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
CREATE OR REPLACE VIEW durations AS
WITH
    -- piece: words
SELECT
    count() AS n,
    if(n = 0, NULL, quantileExactInclusive(0.5)(seconds)) AS p50,
    if(n = 0, NULL, quantileExactInclusive(0.9)(seconds)) AS p90,
    if(n = 0, NULL, max(seconds)) AS `max`
FROM
(
    SELECT
        arraySlice(steps.occurred_at, first_step, n_steps) AS times, arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, times) AS n,
        (toUnixTimestamp64Milli(times[n]) - toUnixTimestamp64Milli(times[1])) / 1000 AS seconds
    FROM findings FINAL
    ARRAY JOIN
        runs.first_step AS first_step, runs.steps AS n_steps, runs.persona AS persona, runs.account AS account, runs.customer AS customer
    WHERE journey = {journey:String}
        AND n > 0 AND times[1] >= {from:DateTime64(3, 'UTC')} AND times[1] < {to:DateTime64(3, 'UTC')}
        -- piece: case_filters
);

-- +goose Down
DROP VIEW durations;
