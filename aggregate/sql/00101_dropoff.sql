-- +goose Up

-- dropoff: where cases are lost, stage by stage, in the order of the stages. Stages nobody entered show zeros.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to); for reached: cases opened in [from, to)
--   as_of       the instant T; visits entered after it do not exist yet
--   persona, channel, touchpoint, department   those of the interaction that entered the stage (for reached: that
--               opened the case); '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--
-- entered = moved_on + completed + lost_explicit + lost_silent + in_progress, exactly.
-- mature: T - entered_at >= maturity_s; the stage's own maturity, else the longer of its silence and the 95th percentile
--   of its time to move on (all visits that moved on by T, whatever the filters). A stage that is never silent: that
--   percentile alone, over visits that moved on or completed; null, and nothing mature, while there are none.
-- dropoff = mature_lost / (mature - mature_open), with its Wilson 95 % interval; few where that divisor is under 30.
-- reached: cases whose furthest stage at T is this one or a later one; skipped: of these, those that never visited it.
-- reached_share: of the cases old enough to be here (T - opened >= the sum of the maturities of the stages before),
--   the share that reached it; reached_of is their number.
-- median_s: median stay of visits that moved on or completed.
CREATE OR REPLACE VIEW dropoff AS
WITH
    -- piece: words
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    definition AS
    (
        SELECT position, stage, labels
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    counted AS
    (
        SELECT
            stage,
            count() AS entered,
            countIf(NOT is_open AND exit = 'moved_on') AS moved_on,
            countIf(NOT is_open AND exit = 'completed') AS completed,
            countIf(NOT is_open AND exit = 'lost_explicit') AS lost_explicit,
            countIf(NOT is_open AND exit = 'lost_silent') AS lost_silent,
            countIf(is_open OR exit = 'in_progress') AS in_progress,
            countIf(is_mature) AS mature,
            countIf(is_mature AND NOT is_open AND exit IN ('lost_explicit', 'lost_silent')) AS mature_lost,
            countIf(is_mature AND (is_open OR exit = 'in_progress')) AS mature_open,
            quantileExactInclusiveOrNullIf(0.5)(stay, NOT is_open AND exit IN ('moved_on', 'completed')) / 1000 AS median_s
        FROM
        (
            SELECT
                stage, left_at > {as_of:DateTime64(3, 'UTC')} AS is_open, exit, toUnixTimestamp64Milli(entered_at) AS entered_ms,
                toUnixTimestamp64Milli(left_at) - entered_ms AS stay,
                now_ms - entered_ms >= transform(stage, aged.1, aged.2, inf) AS is_mature
            FROM findings FINAL
            ARRAY JOIN
                visits.stage AS stage, visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at,
                -- piece: visit_masks
            WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
                -- piece: visit_filters
        )
        GROUP BY stage
    ),
    -- cases by where they were until T, as bits, and before how many stages' time they opened; the opening visit chooses them
    kinds AS
    (
        SELECT
            arraySum(arrayMap((p, e) -> if(e <= {as_of:DateTime64(3, 'UTC')}, bitShiftLeft(toUInt64(1), p), 0),
                arraySlice(visits.position, first_visit, n_visits), arraySlice(visits.entered_at, first_visit, n_visits))) AS visited,
            arrayCount(b -> now_ms - toUnixTimestamp64Milli(opened_at) >= b, aged.3) AS old_enough, count() AS n
        FROM findings FINAL
        ARRAY JOIN
            runs.first_visit AS first_visit, runs.visits AS n_visits, runs.persona AS of_persona, runs.account AS account, runs.customer AS customer
        WHERE journey = {journey:String} AND n_visits > 0 AND (visits.entered_at[first_visit] AS opened_at) <= {as_of:DateTime64(3, 'UTC')}
            -- piece: opening_filters
        GROUP BY visited, old_enough
    ),
    funnel AS
    (
        SELECT
            d.stage AS stage,
            sumIf(n, bitShiftRight(visited, d.position) > 0) AS reached,
            sumIf(n, bitShiftRight(visited, d.position) > 1 AND NOT bitTest(visited, d.position)) AS skipped,
            sumIf(n, old_enough >= place) AS reached_of,
            sumIf(n, old_enough >= place AND bitShiftRight(visited, d.position) > 0) AS reached_mature
        FROM (SELECT stage, position, indexOf(aged.4, toString(stage)) AS place FROM definition) AS d
        CROSS JOIN kinds
        GROUP BY stage
    ),
    -- piece: maturity
SELECT
    d.stage AS stage, d.position AS position,
    coalesce(nullIf(d.labels['it'], ''), nullIf(d.labels['en'], ''), toString(d.stage)) AS label_it,
    coalesce(nullIf(d.labels['en'], ''), nullIf(d.labels['it'], ''), toString(d.stage)) AS label_en,
    entered, moved_on, completed, lost_explicit, lost_silent, in_progress,
    mature, mature_lost, mature_open,
    mature - mature_open AS decided,
    if(decided = 0, NULL, mature_lost / decided) AS dropoff,
    if(decided = 0, NULL, greatest(0., (dropoff + z * z / 2 / decided
        - z * sqrt(dropoff * (1 - dropoff) / decided + z * z / 4 / decided / decided)) / (1 + z * z / decided))) AS dropoff_low,
    if(decided = 0, NULL, least(1., (dropoff + z * z / 2 / decided
        + z * sqrt(dropoff * (1 - dropoff) / decided + z * z / 4 / decided / decided)) / (1 + z * z / decided))) AS dropoff_high,
    1 - dropoff AS step_conversion,
    toBool(decided < 30) AS few,
    if(isInfinite(aged.2[indexOf(aged.4, toString(d.stage))] AS old_ms), NULL, old_ms / 1000) AS maturity_s,
    median_s,
    reached, skipped, reached_of,
    if(reached_of = 0, NULL, reached_mature / reached_of) AS reached_share
FROM definition AS d
LEFT JOIN counted AS c ON c.stage = number_of(toString(d.stage))
LEFT JOIN funnel AS f ON f.stage = d.stage
ORDER BY position;

-- +goose Down
DROP VIEW dropoff;
