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
    known AS
    (
        SELECT
            case_id, subject, attempt, person, account, persona, stage, position, entered_at, left_at, exit,
            touchpoint, channel, department, value, customer, value_known,
            toUnixTimestamp64Milli(entered_at) AS entered_ms,
            toUnixTimestamp64Milli(left_at) AS left_ms,
            if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    definition AS
    (
        SELECT stage, nullIf(s.maturity_ms, 0) AS own_ms, s.silence_ms AS silence_ms, p95_ms, p95_end_ms
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
    stated AS
    (
        SELECT
            known.*,
            multiIf(own_ms IS NOT NULL, toFloat64(own_ms),
                    silence_ms IS NOT NULL, greatest(toFloat64(ifNull(silence_ms, 0)), ifNull(p95_ms, 0.)),
                    p95_end_ms) AS maturity_ms,
            toBool(ifNull(now_ms - entered_ms >= maturity_ms, false)) AS mature
        FROM known
        LEFT JOIN definition ON definition.stage = known.stage
    )
SELECT
    case_id, subject, attempt, person, account, persona, stage, position, state, mature,
    entered_at,
    if(state = 'in_progress', NULL, left_at) AS left_at,
    (least(left_ms, now_ms) - entered_ms) / 1000 AS stay_s,
    touchpoint, channel, department, value, customer, value_known
FROM stated
WHERE entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
    AND {persona:String} IN ('', if(persona = '', '-', persona))
    AND {channel:String} IN ('', if(channel = '', '-', channel))
    AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
    AND {department:String} IN ('', if(department = '', '-', department))
    AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
    AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
    AND {stage:String} IN ('', stage)
    AND multiIf(
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
