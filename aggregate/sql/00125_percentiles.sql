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
    facts AS
    (
        SELECT ['stage'] AS measures, [toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at)] AS spans,
            stage, touchpoint, department, persona, channel, account, customer, value_known
        FROM visits FINAL
        WHERE journey = {journey:String} AND left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
        UNION ALL
        SELECT
            arrayFilter((m, here) -> here, ['wait', 'reply', 'wait_business', 'reply_business'] AS names,
                [true, first, business_ms IS NOT NULL, first AND business_ms IS NOT NULL] AS has_it),
            arrayFilter((m, here) -> here, [ifNull(waited_ms, 0), ifNull(waited_ms, 0), ifNull(business_ms, 0), ifNull(business_ms, 0)], has_it),
            stage, touchpoint, department, persona, channel, account, customer, value_known
        FROM waits FINAL
        WHERE journey = {journey:String} AND ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false)
            AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
    ),
    lists AS
    (
        SELECT
            toString(multiIf({by:String} = 'touchpoint', touchpoint, {by:String} = 'department', department,
                             {by:String} = 'persona', persona, {by:String} = 'channel', channel, stage)) AS raw_key,
            measure, arraySort(groupArray(ms)) AS list, count() AS n
        FROM facts
        ARRAY JOIN measures AS measure, spans AS ms
        WHERE {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', if(stage = '', '-', stage))
        GROUP BY raw_key, measure
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
