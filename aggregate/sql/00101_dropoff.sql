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
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    known AS
    (
        SELECT
            subject, attempt, persona, stage, position, entered_at, touchpoint, channel, department, account, customer, value_known,
            toUnixTimestamp64Milli(entered_at) AS entered_ms,
            toUnixTimestamp64Milli(left_at) AS left_ms,
            if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    definition AS
    (
        SELECT
            s.position AS position, s.stage AS stage,
            coalesce(nullIf(s.labels['it'], ''), nullIf(s.labels['en'], ''), toString(s.stage)) AS label_it,
            coalesce(nullIf(s.labels['en'], ''), nullIf(s.labels['it'], ''), toString(s.stage)) AS label_en,
            multiIf(nullIf(s.maturity_ms, 0) IS NOT NULL, toFloat64(s.maturity_ms),
                    s.silence_ms IS NOT NULL, greatest(toFloat64(ifNull(s.silence_ms, 0)), ifNull(p95_ms, 0.)),
                    p95_end_ms) AS maturity_ms,
            ifNull(sum(maturity_ms) OVER (ORDER BY s.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0.) AS before_ms
        FROM (SELECT * FROM stages FINAL WHERE journey = {journey:String}) AS s
        LEFT JOIN
        (
            SELECT
                stage,
                quantileExactInclusiveOrNullIf(0.95)(left_ms - entered_ms, state = 'moved_on') AS p95_ms,
                quantileExactInclusiveOrNullIf(0.95)(left_ms - entered_ms, state IN ('moved_on', 'completed')) AS p95_end_ms
            FROM known
            GROUP BY stage
        ) AS q ON q.stage = s.stage
        WHERE s.version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    counted AS
    (
        SELECT
            known.stage AS stage,
            count() AS entered,
            countIf(state = 'moved_on') AS moved_on,
            countIf(state = 'completed') AS completed,
            countIf(state = 'lost_explicit') AS lost_explicit,
            countIf(state = 'lost_silent') AS lost_silent,
            countIf(state = 'in_progress') AS in_progress,
            countIf(ifNull(now_ms - entered_ms >= maturity_ms, false) AS is_mature) AS mature,
            countIf(is_mature AND state IN ('lost_explicit', 'lost_silent')) AS mature_lost,
            countIf(is_mature AND state = 'in_progress') AS mature_open,
            quantileExactInclusiveOrNullIf(0.5)(left_ms - entered_ms, state IN ('moved_on', 'completed')) / 1000 AS median_s
        FROM known
        LEFT JOIN definition ON definition.stage = known.stage
        WHERE entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
        GROUP BY stage
    ),
    runs AS
    (
        SELECT min(entered_ms) AS opened_ms, max(position) AS furthest, groupUniqArray(position) AS visited
        FROM known
        GROUP BY subject, attempt
        HAVING opened_ms >= toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')})
            AND opened_ms < toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')})
            -- the opening visit's own values, as one truth: a value each to remember would be most of the work
            AND argMin(
                {persona:String} IN ('', if(persona = '', '-', persona))
                AND {channel:String} IN ('', if(channel = '', '-', channel))
                AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
                AND {department:String} IN ('', if(department = '', '-', department))
                AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
                AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}, position)
    ),
    funnel AS
    (
        SELECT
            definition.stage AS stage,
            countIf(furthest >= definition.position) AS reached,
            countIf(furthest >= definition.position AND NOT has(visited, definition.position)) AS skipped,
            countIf(now_ms - opened_ms >= before_ms) AS reached_of,
            countIf(now_ms - opened_ms >= before_ms AND furthest >= definition.position) AS reached_mature
        FROM definition CROSS JOIN runs
        GROUP BY stage
    )
SELECT
    d.stage AS stage, d.position AS position, d.label_it AS label_it, d.label_en AS label_en,
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
    d.maturity_ms / 1000 AS maturity_s,
    median_s,
    reached, skipped, reached_of,
    if(reached_of = 0, NULL, reached_mature / reached_of) AS reached_share
FROM definition AS d
LEFT JOIN counted AS c ON c.stage = d.stage
LEFT JOIN funnel AS f ON f.stage = d.stage
ORDER BY position;

-- +goose Down
DROP VIEW dropoff;
