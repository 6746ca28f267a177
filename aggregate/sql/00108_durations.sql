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
SELECT
    count() AS n,
    if(n = 0, NULL, quantileExactInclusive(0.5)(seconds)) AS p50,
    if(n = 0, NULL, quantileExactInclusive(0.9)(seconds)) AS p90,
    if(n = 0, NULL, max(seconds)) AS `max`
FROM
(
    SELECT (toUnixTimestamp64Milli(times[n]) - toUnixTimestamp64Milli(times[1])) / 1000 AS seconds
    FROM
    (
        SELECT subject, attempt, times, arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, times) AS n
        FROM walks FINAL
        ARRAY JOIN
            runs.attempt AS attempt, steps.occurred_at AS times
        WHERE journey = {journey:String}
    )
    WHERE n > 0
        AND times[1] >= {from:DateTime64(3, 'UTC')} AND times[1] < {to:DateTime64(3, 'UTC')}
        AND (
            {persona:String} = '' AND {channel:String} = '' AND {touchpoint:String} = '' AND {department:String} = '' AND {stage:String} = ''
            AND {account:String} = '' AND {customer:String} = '' AND {value_from:Float64} = 0 AND {value_to:Float64} = inf
            OR (subject, attempt) IN
            (
                SELECT subject, attempt
                FROM
                (
                    SELECT
                        subject, attempt, persona, account, customer, channel, touchpoint, department, stage, value_known
                    FROM
                    (
                        SELECT subject, attempt, persona, account, customer, all_occurred_at, all_channel, all_touchpoint, all_department, all_stage,
                            all_value_known
                        FROM walks FINAL
                        ARRAY JOIN
                            runs.attempt AS attempt, runs.persona AS persona, runs.account AS account, runs.customer AS customer,
                            steps.occurred_at AS all_occurred_at, steps.channel AS all_channel, steps.touchpoint AS all_touchpoint,
                            steps.department AS all_department, steps.stage AS all_stage, steps.value_known AS all_value_known
                        WHERE journey = {journey:String}
                    )
                    ARRAY JOIN
                        all_occurred_at AS occurred_at, all_channel AS channel, all_touchpoint AS touchpoint, all_department AS department, all_stage AS stage,
                        all_value_known AS value_known
                    WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
                )
                GROUP BY subject, attempt
                HAVING countIf({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona)) > 0
                    AND countIf({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel)) > 0
                    AND countIf({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint)) > 0
                    AND countIf({department:String} = '' OR {department:String} = if(department = '', '-', department)) > 0
                    AND countIf({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account)) > 0 AND countIf({customer:String} = '' OR customer = {customer:String}) > 0
                    AND max(value_known) BETWEEN {value_from:Float64} AND {value_to:Float64}
                    AND countIf({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage)) > 0
            )
        )
);

-- +goose Down
DROP VIEW durations;
