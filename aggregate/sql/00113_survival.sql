-- +goose Up

-- survival: how long cases stay in a stage when those still there are not forgotten (Kaplan-Meier), and the share that
-- has left in each way by then (Aalen-Johansen). One row per stage and distinct length of stay at which somebody left.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to)
--   as_of       the instant T; visits in progress at T are censored there
--   persona, channel, touchpoint, department   those of the interaction that entered the stage; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all
--
-- stay_s: the length of stay, seconds; at_risk: still there just before it; left: how many leave at it.
-- survival: share still there after it, with Greenwood's 95 % interval.
-- moved_on_share, completed_share, lost_share: cumulative incidence; with survival they add up to 1.
CREATE OR REPLACE VIEW survival AS
WITH
    -- piece: words
    1.959963984540054 AS z,
    -- of each stage: every length of stay, with how it ended in its last two bits (0: not by T, 1: moved on, 2: completed, 3: lost), shortest first
    stays AS
    (
        SELECT stage, position, arraySort(groupArray(stay)) AS list
        FROM
        (
            SELECT
                stage, position,
                (least(toUnixTimestamp64Milli(left_at), toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})) - toUnixTimestamp64Milli(entered_at)) * 4
                    + if(left_at > {as_of:DateTime64(3, 'UTC')}, 0,
                        multiIf(exit = 'moved_on', 1, exit = 'completed', 2, exit IN ('lost_explicit', 'lost_silent'), 3, 0)) AS stay
            FROM findings FINAL
            ARRAY JOIN
                visits.stage AS stage, visits.position AS position, visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at,
                -- piece: visit_masks
            WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
                -- piece: visit_filters
                AND ({stage:String} = '' OR stage = number_of({stage:String}))
        )
        GROUP BY stage, position
    ),
    -- of each distinct length: where it ends in the list, and how many had left in each way by then
    points AS
    (
        SELECT
            stage, position, length(list) AS n, arrayMap(s -> bitShiftRight(s, 2), list) AS all_ms,
            arrayMap((a, b) -> a != b, all_ms, arrayPushBack(arrayPopFront(all_ms), -1)) AS is_last,
            arrayFilter((x, l) -> l, all_ms, is_last) AS ms,
            arrayFilter((x, l) -> l, arrayEnumerate(list), is_last) AS ends,
            arrayFilter((x, l) -> l, arrayCumSum(arrayMap(s -> bitAnd(s, 3) = 1, list)), is_last) AS moved,
            arrayFilter((x, l) -> l, arrayCumSum(arrayMap(s -> bitAnd(s, 3) = 2, list)), is_last) AS completed,
            arrayFilter((x, l) -> l, arrayCumSum(arrayMap(s -> bitAnd(s, 3) = 3, list)), is_last) AS lost
        FROM stays
    ),
    left_at AS
    (
        SELECT
            stage, position, ms, arrayMap(e -> n - e, arrayPushFront(arrayPopBack(ends), 0)) AS at_risk,
            arrayMap((x, before) -> x - before, moved, arrayPushFront(arrayPopBack(moved), 0)) AS d_moved,
            arrayMap((x, before) -> x - before, completed, arrayPushFront(arrayPopBack(completed), 0)) AS d_completed,
            arrayMap((x, before) -> x - before, lost, arrayPushFront(arrayPopBack(lost), 0)) AS d_lost,
            arrayMap((a, b, c) -> a + b + c, d_moved, d_completed, d_lost) AS d
        FROM points
    ),
    curves AS
    (
        SELECT
            stage, position, ms, at_risk, d,
            arrayMap(x -> exp(x), arrayCumSum(arrayMap((x, r) -> log(1 - x / r), d, at_risk))) AS s,
            arrayCumSum(arrayMap((x, r) -> if(r = x, 0., x / (r * (r - x))), d, at_risk)) AS g,
            arrayPushFront(arrayPopBack(s), toFloat64(1)) AS before,
            arrayCumSum(arrayMap((b, x, r) -> b * x / r, before, d_moved, at_risk)) AS moved_on,
            arrayCumSum(arrayMap((b, x, r) -> b * x / r, before, d_completed, at_risk)) AS completed,
            arrayCumSum(arrayMap((b, x, r) -> b * x / r, before, d_lost, at_risk)) AS lost
        FROM left_at
    )
SELECT
    named[curves.stage] AS stage, position, at_ms / 1000 AS stay_s, of AS at_risk, toUInt64(leaving) AS left,
    still AS survival,
    greatest(0., still - z * still * sqrt(variance)) AS survival_low, least(1., still + z * still * sqrt(variance)) AS survival_high,
    moved_on_share, completed_share, lost_share
FROM curves
ARRAY JOIN
    ms AS at_ms, at_risk AS of, d AS leaving, s AS still, g AS variance, moved_on AS moved_on_share, completed AS completed_share,
    lost AS lost_share
WHERE leaving > 0
ORDER BY position, stay_s;

-- +goose Down
DROP VIEW survival;
