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
    runs AS
    (
        SELECT
            subject, attempt, any(v.case_id) AS case_id, any(v.person) AS person, any(v.account) AS account,
            argMin(v.persona, v.position) AS persona, argMin(v.channel, v.position) AS channel,
            argMin(v.touchpoint, v.position) AS touchpoint, argMin(v.department, v.position) AS department,
            argMin(v.customer, v.position) AS customer, argMin(v.value_known, v.position) AS value_known,
            min(v.entered_at) AS opened_at,
            argMax((v.stage, v.position, v.entered_at, v.left_at, toString(v.exit), v.value), v.position) AS latest,
            groupUniqArray(v.position) AS visited
        FROM (SELECT * FROM visits FINAL WHERE journey = {journey:String}) AS v
        WHERE v.entered_at <= {as_of:DateTime64(3, 'UTC')}
        GROUP BY subject, attempt
    ),
    asked AS
    (
        SELECT subject, attempt, count() AS n
        FROM waits FINAL
        WHERE journey = {journey:String} AND asked_at <= {as_of:DateTime64(3, 'UTC')}
            AND ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true)
        GROUP BY subject, attempt
    ),
    met AS
    (
        SELECT subject, attempt, count() AS n, max(occurred_at) AS last_at
        FROM steps FINAL
        WHERE journey = {journey:String} AND case_id != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
        GROUP BY subject, attempt
    ),
    wanted AS
    (
        SELECT any(position) AS position, count() AS n
        FROM stages FINAL
        WHERE journey = {journey:String} AND stage = {stage:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    )
SELECT
    case_id, r.subject AS subject, r.attempt AS attempt, person, account, persona, opened_at,
    latest.1 AS stage, latest.2 AS position, latest.3 AS entered_at,
    if(latest.4 > {as_of:DateTime64(3, 'UTC')}, 'in_progress', latest.5) AS state,
    if(state = 'in_progress', NULL, latest.4) AS closed_at,
    nullIf(met.last_at, toDateTime64(0, 3, 'UTC')) AS last_at, met.n AS interactions, asked.n AS waiting,
    channel, touchpoint, department, latest.6 AS value, customer, value_known
FROM runs AS r
LEFT JOIN asked ON asked.subject = r.subject AND asked.attempt = r.attempt
LEFT JOIN met ON met.subject = r.subject AND met.attempt = r.attempt
WHERE opened_at >= {from:DateTime64(3, 'UTC')} AND opened_at < {to:DateTime64(3, 'UTC')}
    AND {persona:String} IN ('', if(persona = '', '-', persona))
    AND {channel:String} IN ('', if(channel = '', '-', channel))
    AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
    AND {department:String} IN ('', if(department = '', '-', department))
    AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
    AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
    AND if({state:String} IN ('reached', 'skipped'),
        (SELECT n FROM wanted) > 0 AND latest.2 >= (SELECT position FROM wanted)
            AND ({state:String} = 'reached' OR NOT has(visited, (SELECT position FROM wanted))),
        {stage:String} IN ('', latest.1)
            AND multiIf(
                {state:String} = '', true,
                {state:String} = 'lost', state IN ('lost_explicit', 'lost_silent'),
                {state:String} = 'waiting', waiting > 0,
                state = {state:String}))
ORDER BY opened_at, subject, attempt;

-- +goose Down
DROP VIEW cases_at;
