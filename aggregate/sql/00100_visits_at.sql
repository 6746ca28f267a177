-- +goose Up

-- visits_at: the stays of cases in stages that drop-off and time in stage count, with their state at an instant.
-- One row per visit; every count of `dropoff` is the number of rows this view gives for that stage and state.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to)
--   as_of       the instant T; visits entered after it do not exist yet
--   persona, channel, touchpoint, department   those of the interaction that entered the stage; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all
--   state       '' all; moved_on, completed, lost_explicit, lost_silent, in_progress; lost (either loss);
--               mature, mature_lost, mature_open (old enough at T: all, lost, still in progress);
--               stayed (moved on or completed, the visits that time in stage is taken from)
CREATE OR REPLACE VIEW visits_at AS
WITH
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    -- the stages in order, how old a visit is when it counts (inf: none does), and that of all stages before
    (
        SELECT (groupArray(stage), groupArray(maturity_ms), groupArray(before_ms))
        FROM
        (
            SELECT
                toString(s.stage) AS stage,
                ifNull(multiIf(nullIf(s.maturity_ms, 0) IS NOT NULL, toFloat64(s.maturity_ms),
                               s.silence_ms IS NOT NULL, greatest(toFloat64(ifNull(s.silence_ms, 0)), ifNull(p95_ms, 0.)),
                               p95_end_ms), inf) AS maturity_ms,
                sum(if(isInfinite(maturity_ms), 0., maturity_ms)) OVER (ORDER BY s.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ms
            FROM (SELECT * FROM stages FINAL WHERE journey = {journey:String}) AS s
            LEFT JOIN
            (
                SELECT
                    stage,
                    quantileExactInclusiveOrNullIf(0.95)(stay, exit = 'moved_on') AS p95_ms,
                    quantileExactInclusiveOrNullIf(0.95)(stay, exit IN ('moved_on', 'completed')) AS p95_end_ms
                FROM
                (
                    SELECT
                        stage, exit, toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at) AS stay
                    FROM
                    (
                        SELECT all_stage, all_exit, all_entered_at, all_left_at
                        FROM walks FINAL
                        ARRAY JOIN
                            visits.stage AS all_stage, visits.exit AS all_exit, visits.entered_at AS all_entered_at, visits.left_at AS all_left_at
                        WHERE journey = {journey:String}
                    )
                    ARRAY JOIN
                        all_stage AS stage, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at
                    WHERE left_at <= {as_of:DateTime64(3, 'UTC')}
                )
                GROUP BY stage
            ) AS q ON q.stage = s.stage
            WHERE s.version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
            ORDER BY s.position
        )
    ) AS aged
SELECT
    case_id, subject, attempt, person, account, persona, stage, position, toString(state) AS state, mature,
    entered_at,
    if(state = 'in_progress', NULL, left_at) AS left_at,
    (least(left_ms, now_ms) - entered_ms) / 1000 AS stay_s,
    touchpoint, channel, department, value, customer, value_known
FROM
(
    SELECT
        case_id, subject, attempt, person, account, persona, stage, position, entered_at, left_at, touchpoint, channel, department, value,
        customer, value_known, toUnixTimestamp64Milli(entered_at) AS entered_ms, toUnixTimestamp64Milli(left_at) AS left_ms,
        if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', exit) AS state,
        toBool(now_ms - entered_ms >= transform(toString(stage), aged.1, aged.2, inf)) AS mature
    FROM
    (
        SELECT subject, case_id, attempt, person, account, persona, customer, all_stage, all_position, all_entered_at, all_left_at, all_exit,
            all_touchpoint, all_channel, all_department, all_value, all_value_known
        FROM walks FINAL
        ARRAY JOIN
            runs.case_id AS case_id, runs.attempt AS attempt, runs.person AS person, runs.account AS account, runs.persona AS persona,
            runs.customer AS customer, visits.stage AS all_stage, visits.position AS all_position, visits.entered_at AS all_entered_at,
            visits.left_at AS all_left_at, visits.exit AS all_exit, visits.touchpoint AS all_touchpoint, visits.channel AS all_channel,
            visits.department AS all_department, visits.value AS all_value, visits.value_known AS all_value_known
        WHERE journey = {journey:String}
    )
    ARRAY JOIN
        all_stage AS stage, all_position AS position, all_entered_at AS entered_at, all_left_at AS left_at, all_exit AS exit,
        all_touchpoint AS touchpoint, all_channel AS channel, all_department AS department, all_value AS value, all_value_known AS value_known
    WHERE entered_at <= {as_of:DateTime64(3, 'UTC')}
        AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
        AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
        AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
        AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
        AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
        AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
        AND ({customer:String} = '' OR customer = {customer:String})
        AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
        AND ({stage:String} = '' OR stage = {stage:String})
)
WHERE multiIf(
        {state:String} = '', true,
        {state:String} = 'lost', state IN ('lost_explicit', 'lost_silent'),
        {state:String} = 'stayed', state IN ('moved_on', 'completed'),
        {state:String} = 'mature', mature,
        {state:String} = 'mature_lost', mature AND state IN ('lost_explicit', 'lost_silent'),
        {state:String} = 'mature_open', mature AND state = 'in_progress',
        state = {state:String})
ORDER BY entered_at, subject, attempt, position;

-- +goose Down
DROP VIEW visits_at;
