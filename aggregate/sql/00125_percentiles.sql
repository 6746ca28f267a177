-- +goose Up

-- percentiles: the percentiles of `timing` with what chance leaves open about each, by stage, touchpoint, department,
-- persona or channel: one row per key, measure and level.
--
--   journey     the journey's id
--   from, to    visits entered, and questions asked, in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   of the interaction that entered the stage, or asked; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all, '-' none
--   by          stage, touchpoint, department, persona, channel; the key '-' is "none"
--
-- measure: stage, reply, wait, reply_business, wait_business, as in `timing`. level: 0.5, 0.75, 0.9.
-- value_s: the percentile of the n durations; value_low_s, value_high_s: the durations that stand, in ascending order,
--   n p ± 1.96 √(n p (1 - p)) rounded outward: a 95 % interval that supposes nothing of how durations are spread, null
--   where that leaves the list, as it does where n is small.
CREATE OR REPLACE VIEW percentiles AS
WITH
    1.959963984540054 AS z,
    lists AS
    (
        SELECT toString(raw_key) AS raw_key, 'stage' AS measure, arraySort(groupArray(ms)) AS list, count() AS n
        FROM
        (
            SELECT
                if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw_key,
                toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at) AS ms
            FROM
            (
                SELECT persona, account, customer, all_stage, all_exit, all_entered_at, all_left_at, all_touchpoint, all_channel, all_department,
                    all_value_known
                FROM walks FINAL
                ARRAY JOIN
                    runs.persona AS persona, runs.account AS account, runs.customer AS customer, visits.stage AS all_stage, visits.exit AS all_exit,
                    visits.entered_at AS all_entered_at, visits.left_at AS all_left_at, visits.touchpoint AS all_touchpoint,
                    visits.channel AS all_channel, visits.department AS all_department, visits.value_known AS all_value_known
                WHERE journey = {journey:String}
            )
            ARRAY JOIN
                all_stage AS stage, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at, all_touchpoint AS touchpoint,
                all_channel AS channel, all_department AS department, all_value_known AS value_known
            WHERE left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
                AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
                AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                AND ({customer:String} = '' OR customer = {customer:String})
                AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
        )
        GROUP BY raw_key
        UNION ALL
        SELECT toString(raw_key) AS raw_key, m.1 AS measure, arraySort(m.2) AS list, length(m.2) AS n
        FROM
        (
            SELECT
                raw_key,
                arrayJoin([('wait', groupArray(waited)), ('reply', groupArrayIf(waited, first)), ('wait_business', groupArray(business_ms)),
                    ('reply_business', groupArrayIf(business_ms, first))]) AS m
            FROM
            (
                SELECT
                    if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw_key,
                    ifNull(waited_ms, 0) AS waited, business_ms, first
                FROM
                (
                    SELECT persona, account, all_asked_at, all_answered_at, all_waited_ms, all_business_ms, all_first, all_stage, all_touchpoint, all_channel,
                        all_department, all_customer, all_value_known
                    FROM walks FINAL
                    ARRAY JOIN
                        runs.persona AS persona, runs.account AS account, waits.asked_at AS all_asked_at, waits.answered_at AS all_answered_at,
                        waits.waited_ms AS all_waited_ms, waits.business_ms AS all_business_ms, waits.first AS all_first, waits.stage AS all_stage,
                        waits.touchpoint AS all_touchpoint, waits.channel AS all_channel, waits.department AS all_department,
                        waits.customer AS all_customer, waits.value_known AS all_value_known
                    WHERE journey = {journey:String}
                )
                ARRAY JOIN
                    all_asked_at AS asked_at, all_answered_at AS answered_at, all_waited_ms AS waited_ms, all_business_ms AS business_ms,
                    all_first AS first, all_stage AS stage, all_touchpoint AS touchpoint, all_channel AS channel, all_department AS department,
                    all_customer AS customer, all_value_known AS value_known
                WHERE ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false)
                    AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
                    AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                    AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                    AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
                    AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                    AND ({customer:String} = '' OR customer = {customer:String})
                    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                    AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
            )
            GROUP BY raw_key
        )
        WHERE notEmpty(m.2)
    ),
    ranked AS
    (
        SELECT
            *, level, (n - 1) * level AS rank,
            floor(n * level - z * sqrt(n * level * (1 - level))) AS low_rank,
            ceil(n * level + z * sqrt(n * level * (1 - level))) + 1 AS high_rank
        FROM lists
        ARRAY JOIN [0.5, 0.75, 0.9] AS level
    )
SELECT
    if(raw_key = '', '-', raw_key) AS key, measure, level, n,
    (list[toUInt64(floor(rank)) + 1] * (1 - (rank - floor(rank))) + list[toUInt64(ceil(rank)) + 1] * (rank - floor(rank))) / 1000 AS value_s,
    if(low_rank < 1, NULL, list[toUInt64(greatest(1., low_rank))] / 1000) AS value_low_s,
    if(high_rank > n, NULL, list[toUInt64(least(toFloat64(n), high_rank))] / 1000) AS value_high_s
FROM ranked
ORDER BY key, measure, level;

-- +goose Down
DROP VIEW percentiles;
