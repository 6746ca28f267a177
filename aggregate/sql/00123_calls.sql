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
    -- piece: words
    1.959963984540054 AS z,
    facts AS
    (
        -- few steps are calls: the others are left out before the lists are unfolded
        SELECT called_key AS raw_key, true AS is_call, type = 'call.missed' AS is_missed, false AS is_answered, toInt64(0) AS ms
        FROM
        (
            WITH
                arrayMap((s, d, at, asked, stage_asked) -> s = number_of('call') AND d = 'inbound' AND at <= {as_of:DateTime64(3, 'UTC')}
                        AND at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND asked AND ({stage:String} = '' OR stage_asked),
                    steps.source, steps.direction, steps.occurred_at, asked_for,
                    if({stage:String} = '', steps.automatic, arrayMap(x -> toBool(x = number_of({stage:String})), steps.stage))) AS is_call,
                -- piece: step_key
                -- piece: steps_asked
            SELECT arrayFilter((k, c) -> c, raw_key, is_call) AS called_keys, arrayFilter((t, c) -> c, steps.type, is_call) AS types
            FROM findings FINAL
            WHERE journey = {journey:String} AND has(is_call, true)
        )
        ARRAY JOIN called_keys AS called_key, types AS type
        WHERE type IN ('call.held', 'call.missed')
        UNION ALL
        SELECT
            raw_key, false AS is_call, false AS is_missed, ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_answered,
            if(is_answered, ifNull(waited_ms, 0), toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(asked_at)) AS ms
        FROM findings FINAL
        ARRAY JOIN
            -- piece: wait_key
            waits.asked_at AS asked_at, waits.answered_at AS answered_at, waits.missed_call AS missed_call, waits.waited_ms AS waited_ms,
            if({stage:String} = '', waits.missed_call, arrayMap(x -> toBool(x = number_of({stage:String})), waits.stage)) AS of_stage,
            -- piece: wait_masks
        WHERE journey = {journey:String} AND missed_call
            AND asked_at <= {as_of:DateTime64(3, 'UTC')}
            -- piece: wait_filters
            AND ({stage:String} = '' OR of_stage)
    )
SELECT
    if(raw_key = 0, '-', named[raw_key]) AS key,
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
