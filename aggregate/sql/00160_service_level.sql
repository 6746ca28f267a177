-- +goose Up

-- service_level: what became of each promise: how many answers were due, kept and broken, by how much, by stage, touchpoint,
-- department, persona or channel, and within each by priority and promise. A question's promise is the one that stood for its
-- department and priority when it was asked; changing either later rewrites nothing. Durations are seconds.
--
--   journey     the journey's id
--   from, to    asked in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department, stage   of the question; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   by          department, stage, touchpoint, persona, channel; the key '-' is "none"
--
-- asked = kept + broken + past_target + open; questions without a promise are in none of them (see waits_at). target_s: the
--   promise, in the department's opening hours where target_business. kept, broken: answered by the due time or after it;
--   past_target: waiting, due before T; open: waiting, not due yet. due = kept + broken + past_target.
-- attainment = kept / due, with its Wilson 95 % interval; few where due is under 30.
-- over_p50_s, over_max_s: how far beyond the due time the broken ones were answered, and past_target ones wait, on the calendar.
CREATE OR REPLACE VIEW service_level AS
WITH
    1.959963984540054 AS z,
    promised AS
    (
        SELECT
            toString(multiIf({by:String} = 'touchpoint', touchpoint, {by:String} = 'stage', stage,
                             {by:String} = 'persona', persona, {by:String} = 'channel', channel, department)) AS raw_key,
            if(raw_key = '', '-', raw_key) AS key, toString(priority) AS priority, target_ms, target_business,
            toUnixTimestamp64Milli(assumeNotNull(due_at)) AS due_ms,
            if(ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false), toUnixTimestamp64Milli(answered_at), NULL) AS answered_ms,
            toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
            multiIf(answered_ms <= due_ms, 'kept', answered_ms IS NOT NULL, 'broken', due_ms < now_ms, 'past_target', 'open') AS state,
            ifNull(answered_ms, now_ms) - due_ms AS over_ms
        FROM (SELECT * FROM waits FINAL WHERE journey = {journey:String}) AS w
        WHERE due_at IS NOT NULL AND target_ms IS NOT NULL AND asked_at <= {as_of:DateTime64(3, 'UTC')}
            AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', if(stage = '', '-', stage))
    )
SELECT
    key, if(priority = '', '-', priority) AS priority, assumeNotNull(target_ms) / 1000 AS target_s, target_business,
    count() AS asked,
    countIf(state = 'kept') AS kept, countIf(state = 'broken') AS broken, countIf(state = 'past_target') AS past_target,
    countIf(state = 'open') AS open,
    kept + broken + past_target AS due,
    if(due = 0, NULL, kept / due) AS attainment,
    if(due = 0, NULL, greatest(0., (attainment + z * z / 2 / due
        - z * sqrt(attainment * (1 - attainment) / due + z * z / 4 / due / due)) / (1 + z * z / due))) AS attainment_low,
    if(due = 0, NULL, least(1., (attainment + z * z / 2 / due
        + z * sqrt(attainment * (1 - attainment) / due + z * z / 4 / due / due)) / (1 + z * z / due))) AS attainment_high,
    toBool(due < 30) AS few,
    quantileExactInclusiveOrNullIf(0.5)(over_ms, state IN ('broken', 'past_target')) / 1000 AS over_p50_s,
    maxOrNullIf(over_ms, state IN ('broken', 'past_target')) / 1000 AS over_max_s
FROM promised
GROUP BY key, priority, target_ms, target_business
ORDER BY key, priority, target_s, target_business;

-- +goose Down
DROP VIEW service_level;
