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
    -- piece: words
    1.959963984540054 AS z,
    lists AS
    (
        SELECT raw_key, 'stage' AS measure, arraySort(groupArray(ms)) AS list, count() AS n
        FROM
        (
            SELECT raw_key, toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at) AS ms
            FROM findings FINAL
            ARRAY JOIN
                -- piece: visit_key
                visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at,
                if({stage:String} = '', visits.position, arrayMap(x -> toUInt8(x = number_of({stage:String})), visits.stage)) AS of_stage,
                -- piece: visit_masks
            WHERE journey = {journey:String} AND left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
                -- piece: visit_filters
                AND ({stage:String} = '' OR of_stage)
        )
        GROUP BY raw_key
        UNION ALL
        SELECT raw_key, m.1 AS measure, arraySort(m.2) AS list, length(m.2) AS n
        FROM
        (
            SELECT
                raw_key,
                arrayJoin([('wait', groupArray(waited)), ('reply', groupArrayIf(waited, first)), ('wait_business', groupArray(business_ms)),
                    ('reply_business', groupArrayIf(business_ms, first))]) AS m
            FROM
            (
                SELECT raw_key, ifNull(waited_ms, 0) AS waited, business_ms, first
                FROM findings FINAL
                ARRAY JOIN
                    -- piece: wait_key
                    waits.asked_at AS asked_at, waits.answered_at AS answered_at, waits.waited_ms AS waited_ms,
                    waits.business_ms AS business_ms, waits.first AS first,
                    if({stage:String} = '', waits.first, arrayMap(x -> toBool(x = number_of({stage:String})), waits.stage)) AS of_stage,
                    -- piece: wait_masks
                WHERE journey = {journey:String} AND ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false)
                    -- piece: wait_filters
                    AND ({stage:String} = '' OR of_stage)
            )
            GROUP BY raw_key
        )
        WHERE notEmpty(m.2)
    ),
    -- of a sorted list: the value at a rank that may lie between two, and the one at a rank rounded outward, null where that leaves the list
    (list, rank) -> list[toUInt64(floor(rank)) + 1] * (1 - (rank - floor(rank))) + list[toUInt64(ceil(rank)) + 1] * (rank - floor(rank)) AS between,
    (n, level) -> z * sqrt(n * level * (1 - level)) AS margin,
    (list, n, level) -> if(floor(n * level - margin(n, level)) < 1, NULL, list[toUInt64(greatest(1., floor(n * level - margin(n, level))))]) AS below,
    (list, n, level) -> if(ceil(n * level + margin(n, level)) + 1 > n, NULL, list[toUInt64(least(toFloat64(n), ceil(n * level + margin(n, level)) + 1))]) AS above
SELECT
    if(raw_key = 0, '-', named[raw_key]) AS key, measure, value.1 AS level, n, value.2 / 1000 AS value_s, value.3 / 1000 AS value_low_s, value.4 / 1000 AS value_high_s
FROM
(
    -- the lists are long: they are not copied for each level
    SELECT
        raw_key, measure, n,
        [
            (0.5, between(list, (n - 1) * 0.5), below(list, n, 0.5), above(list, n, 0.5)),
            (0.75, between(list, (n - 1) * 0.75), below(list, n, 0.75), above(list, n, 0.75)),
            (0.9, between(list, (n - 1) * 0.9), below(list, n, 0.9), above(list, n, 0.9))
        ] AS levels
    FROM lists
)
ARRAY JOIN levels AS value
ORDER BY key, measure, level;

-- +goose Down
DROP VIEW percentiles;
