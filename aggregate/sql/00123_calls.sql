-- +goose Up

-- calls: customers' calls, those nobody took, and how long until somebody called back or answered otherwise, by stage,
-- touchpoint, department, persona or channel.
--
--   journey     the journey's id
--   from, to    called in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   of the call; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       the call counted for, and for the waits, the case was in; '' all, '-' none
--   by          stage, touchpoint, department, persona, channel; the key '-' is "none"
--
-- calls = held + missed: inbound calls of cases. missed_share with its Wilson 95 % interval; few where calls is under 30.
-- asked: waits that missed calls opened (several in a row are one); answered: ended by T, by the next call held or public
--   answer of a person; waiting: not; oldest_s: the longest of these. _p50_s …: from the first missed call to that.
CREATE OR REPLACE VIEW calls AS
WITH
    1.959963984540054 AS z,
    facts AS
    (
        SELECT
            true AS is_call, type = 'call.missed' AS is_missed, false AS is_answered, toInt64(0) AS ms,
            if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw_key
        FROM
        (
            SELECT persona, account, customer, all_occurred_at, all_source, all_type, all_direction, all_stage, all_touchpoint, all_department,
                all_channel, all_value_known
            FROM walks FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.account AS account, runs.customer AS customer, steps.occurred_at AS all_occurred_at,
                steps.source AS all_source, steps.type AS all_type, steps.direction AS all_direction, steps.stage AS all_stage,
                steps.touchpoint AS all_touchpoint, steps.department AS all_department, steps.channel AS all_channel,
                steps.value_known AS all_value_known
            WHERE journey = {journey:String}
        )
        ARRAY JOIN
            all_occurred_at AS occurred_at, all_source AS source, all_type AS type, all_direction AS direction, all_stage AS stage,
            all_touchpoint AS touchpoint, all_department AS department, all_channel AS channel, all_value_known AS value_known
        WHERE source = 'call' AND direction = 'inbound' AND type IN ('call.held', 'call.missed')
            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
            AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
            AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
            AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
            AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
            AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
            AND ({customer:String} = '' OR customer = {customer:String})
            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
            AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
        UNION ALL
        SELECT
            false AS is_call, false AS is_missed, ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_answered,
            if(is_answered, ifNull(waited_ms, 0), toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(asked_at)) AS ms,
            if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw_key
        FROM
        (
            SELECT persona, account, all_asked_at, all_answered_at, all_missed_call, all_waited_ms, all_stage, all_touchpoint, all_department,
                all_channel, all_customer, all_value_known
            FROM walks FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.account AS account, waits.asked_at AS all_asked_at, waits.answered_at AS all_answered_at,
                waits.missed_call AS all_missed_call, waits.waited_ms AS all_waited_ms, waits.stage AS all_stage,
                waits.touchpoint AS all_touchpoint, waits.department AS all_department, waits.channel AS all_channel,
                waits.customer AS all_customer, waits.value_known AS all_value_known
            WHERE journey = {journey:String}
        )
        ARRAY JOIN
            all_asked_at AS asked_at, all_answered_at AS answered_at, all_missed_call AS missed_call, all_waited_ms AS waited_ms,
            all_stage AS stage, all_touchpoint AS touchpoint, all_department AS department, all_channel AS channel, all_customer AS customer,
            all_value_known AS value_known
        WHERE missed_call
            AND asked_at <= {as_of:DateTime64(3, 'UTC')}
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
SELECT
    if(raw_key = '', '-', toString(raw_key)) AS key,
    countIf(is_call) AS calls, countIf(is_call AND NOT is_missed) AS held, countIf(is_missed) AS missed,
    if(calls = 0, NULL, missed / calls) AS missed_share,
    if(calls = 0, NULL, greatest(0., (missed_share + z * z / 2 / calls
        - z * sqrt(missed_share * (1 - missed_share) / calls + z * z / 4 / calls / calls)) / (1 + z * z / calls))) AS missed_low,
    if(calls = 0, NULL, least(1., (missed_share + z * z / 2 / calls
        + z * sqrt(missed_share * (1 - missed_share) / calls + z * z / 4 / calls / calls)) / (1 + z * z / calls))) AS missed_high,
    toBool(calls < 30) AS few,
    countIf(NOT is_call) AS asked, countIf(is_answered) AS answered, asked - answered AS waiting,
    maxOrNullIf(ms, NOT is_call AND NOT is_answered) / 1000 AS oldest_s,
    quantileExactInclusiveOrNullIf(0.5)(ms, is_answered) / 1000 AS answer_p50_s,
    quantileExactInclusiveOrNullIf(0.75)(ms, is_answered) / 1000 AS answer_p75_s,
    quantileExactInclusiveOrNullIf(0.9)(ms, is_answered) / 1000 AS answer_p90_s
FROM facts
GROUP BY raw_key
ORDER BY key;

-- +goose Down
DROP VIEW calls;
