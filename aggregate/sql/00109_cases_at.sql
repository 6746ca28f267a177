-- +goose Up

-- cases_at: the cases as they stood at an instant: where each is, since when, and whether it was lost.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; cases opened after it do not exist yet
--   persona, channel, touchpoint, department   those of the interaction that opened the case; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       with state '' or a state of a case: the stage it is in at T; with reached or skipped: that stage; '' all
--   state       '' all; in_progress, completed, lost_explicit, lost_silent, lost (either), reached (furthest stage is
--               this one or a later one), skipped (reached, never visited), waiting (an open question)
CREATE OR REPLACE VIEW cases_at AS
WITH
    wanted AS
    (
        SELECT any(position) AS position, count() AS n
        FROM stages FINAL
        WHERE journey = {journey:String} AND stage = {stage:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    )
SELECT
    case_id, subject, attempt, person, account, persona, opened_at,
    stages[n] AS stage, positions[n] AS position, entered[n] AS entered_at,
    if(lefts[n] > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exits[n])) AS state,
    if(state = 'in_progress', NULL, lefts[n]) AS closed_at,
    if(met = 0, NULL, times[met]) AS last_at, toUInt64(met) AS interactions, toUInt64(asked) AS waiting,
    channel, touchpoint, department, values[n] AS value, customer, value_known
FROM
(
    SELECT
        case_id, subject, attempt, person, account, persona, customer, entered, lefts, stages, positions, exits, values, times,
        entered[1] AS opened_at, channels[1] AS channel, touchpoints[1] AS touchpoint, departments[1] AS department, known[1] AS value_known,
        arrayCount(e -> e <= {as_of:DateTime64(3, 'UTC')}, entered) AS n, arraySlice(positions, 1, n) AS visited, arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, times) AS met,
        arrayCount((a, w) -> a <= {as_of:DateTime64(3, 'UTC')} AND ifNull(w > {as_of:DateTime64(3, 'UTC')}, true), asks, answers) AS asked
    FROM walks FINAL
    ARRAY JOIN
        runs.case_id AS case_id, runs.attempt AS attempt, runs.person AS person, runs.account AS account, runs.persona AS persona,
        runs.customer AS customer, visits.entered_at AS entered, visits.left_at AS lefts, visits.stage AS stages, visits.position AS positions,
        visits.exit AS exits, visits.value AS values, visits.value_known AS known, visits.channel AS channels,
        visits.touchpoint AS touchpoints, visits.department AS departments, steps.occurred_at AS times, waits.asked_at AS asks,
        waits.answered_at AS answers
    WHERE journey = {journey:String}
)
WHERE n > 0 AND opened_at >= {from:DateTime64(3, 'UTC')} AND opened_at < {to:DateTime64(3, 'UTC')}
    AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
    AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
    AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
    AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
    AND ({customer:String} = '' OR customer = {customer:String})
    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
    AND if({state:String} IN ('reached', 'skipped'),
        (SELECT n FROM wanted) > 0 AND position >= (SELECT position FROM wanted)
            AND ({state:String} = 'reached' OR NOT has(visited, (SELECT position FROM wanted))),
        {stage:String} IN ('', stage)
            AND multiIf(
                {state:String} = '', true,
                {state:String} = 'lost', state IN ('lost_explicit', 'lost_silent'),
                {state:String} = 'waiting', waiting > 0,
                state = {state:String}))
ORDER BY opened_at, subject, attempt;

-- +goose Down
DROP VIEW cases_at;
