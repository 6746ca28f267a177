-- +goose Up

-- timing: how long stages last and how long customers wait for an answer, by stage, touchpoint, department, persona
-- or channel. Stages nobody entered show with nulls. All durations are seconds; null is "nothing to measure", never 0.
--
--   journey     the journey's id
--   from, to    visits entered, and questions asked, in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   of the interaction that entered the stage, or asked; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all, '-' none
--   by          stage, touchpoint, department, persona, channel; the key '-' is "none"
--
-- stage_*: stay of visits that moved on or completed; open: visits in progress, open_past_p90: of these, those that have
--   stayed longer than the 90th percentile of their row.
-- reply_*: first replies; wait_*: all questions. _n answered, _waiting not answered by T, _oldest_s the longest of these.
--   _p50_s … in calendar time; _business_* in the department's opening hours, over the answered ones that have a calendar.
-- kept, broken: answered by the target's due time or after it; past_target: not answered and due before T.
-- attainment = kept / (kept + broken + past_target), with its Wilson 95 % interval; few where that divisor is under 30.
CREATE OR REPLACE VIEW timing AS
WITH
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    facts AS
    (
        SELECT
            'stay' AS fact, stage, touchpoint, department, persona, channel, account, customer, value_known,
            if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state,
            least(toUnixTimestamp64Milli(left_at), now_ms) - toUnixTimestamp64Milli(entered_at) AS ms,
            CAST(NULL, 'Nullable(Int64)') AS business_ms, false AS is_first, '' AS target
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
        UNION ALL
        SELECT
            'wait' AS fact, stage, touchpoint, department, persona, channel, account, customer, value_known,
            if(ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false), 'answered', 'waiting') AS state,
            if(state = 'answered', ifNull(waited_ms, 0), now_ms - toUnixTimestamp64Milli(asked_at)) AS ms,
            if(state = 'answered', business_ms, NULL) AS business_ms, first AS is_first,
            multiIf(due_at IS NULL, '',
                    state = 'answered' AND answered_at <= due_at, 'kept',
                    state = 'answered', 'broken',
                    due_at < {as_of:DateTime64(3, 'UTC')}, 'past_target',
                    'open') AS target
        FROM (SELECT * FROM waits FINAL WHERE journey = {journey:String}) AS w
        WHERE asked_at <= {as_of:DateTime64(3, 'UTC')}
            AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
    ),
    definition AS
    (
        SELECT position, stage, labels
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    keyed AS
    (
        SELECT
            toString(multiIf({by:String} = 'touchpoint', touchpoint, {by:String} = 'department', department,
                             {by:String} = 'persona', persona, {by:String} = 'channel', channel, stage)) AS raw_key,
            if(raw_key = '', '-', raw_key) AS key, fact, state, ms, business_ms, is_first, target
        FROM facts
        WHERE {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', if(stage = '', '-', stage))
        UNION ALL
        SELECT toString(stage) AS raw_key, raw_key AS key, 'stage', '', 0, NULL, false, ''
        FROM definition
        WHERE {by:String} = 'stage' AND {stage:String} IN ('', stage)
    ),
    counted AS
    (
        SELECT
            key,
            countIf(fact = 'stay' AND state IN ('moved_on', 'completed')) AS stage_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, fact = 'stay' AND state IN ('moved_on', 'completed')) AS stage_q,
            countIf(state = 'in_progress') AS open,
            groupArrayIf(ms, state = 'in_progress') AS open_ages,
            countIf(is_first AND state = 'answered') AS reply_n,
            countIf(is_first AND state = 'waiting') AS reply_waiting,
            maxIf(ms, is_first AND state = 'waiting') AS reply_oldest,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, is_first AND state = 'answered') AS reply_q,
            countIf(is_first AND business_ms IS NOT NULL) AS reply_business_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ifNull(business_ms, 0), is_first AND business_ms IS NOT NULL) AS reply_b,
            countIf(state = 'answered') AS wait_n,
            countIf(state = 'waiting') AS wait_waiting,
            maxIf(ms, state = 'waiting') AS wait_oldest,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, state = 'answered') AS wait_q,
            countIf(business_ms IS NOT NULL) AS wait_business_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ifNull(business_ms, 0), business_ms IS NOT NULL) AS wait_b,
            countIf(target = 'kept') AS kept, countIf(target = 'broken') AS broken,
            countIf(target = 'past_target') AS past_target
        FROM keyed
        GROUP BY key
    )
SELECT
    key, if(d.stage = '', NULL, d.position) AS position,
    coalesce(nullIf(d.labels['it'], ''), nullIf(d.labels['en'], ''), key) AS label_it,
    coalesce(nullIf(d.labels['en'], ''), nullIf(d.labels['it'], ''), key) AS label_en,
    stage_n,
    if(stage_n = 0, NULL, stage_q[1] / 1000) AS stage_p50_s,
    if(stage_n = 0, NULL, stage_q[2] / 1000) AS stage_p75_s,
    if(stage_n = 0, NULL, stage_q[3] / 1000) AS stage_p90_s,
    open, if(stage_n = 0, NULL, arrayCount(a -> a > stage_q[3], open_ages)) AS open_past_p90,
    reply_n, reply_waiting, if(reply_waiting = 0, NULL, reply_oldest / 1000) AS reply_oldest_s,
    if(reply_n = 0, NULL, reply_q[1] / 1000) AS reply_p50_s,
    if(reply_n = 0, NULL, reply_q[2] / 1000) AS reply_p75_s,
    if(reply_n = 0, NULL, reply_q[3] / 1000) AS reply_p90_s,
    reply_business_n,
    if(reply_business_n = 0, NULL, reply_b[1] / 1000) AS reply_business_p50_s,
    if(reply_business_n = 0, NULL, reply_b[2] / 1000) AS reply_business_p75_s,
    if(reply_business_n = 0, NULL, reply_b[3] / 1000) AS reply_business_p90_s,
    wait_n, wait_waiting, if(wait_waiting = 0, NULL, wait_oldest / 1000) AS wait_oldest_s,
    if(wait_n = 0, NULL, wait_q[1] / 1000) AS wait_p50_s,
    if(wait_n = 0, NULL, wait_q[2] / 1000) AS wait_p75_s,
    if(wait_n = 0, NULL, wait_q[3] / 1000) AS wait_p90_s,
    wait_business_n,
    if(wait_business_n = 0, NULL, wait_b[1] / 1000) AS wait_business_p50_s,
    if(wait_business_n = 0, NULL, wait_b[2] / 1000) AS wait_business_p75_s,
    if(wait_business_n = 0, NULL, wait_b[3] / 1000) AS wait_business_p90_s,
    kept, broken, past_target,
    kept + broken + past_target AS due,
    if(due = 0, NULL, kept / due) AS attainment,
    if(due = 0, NULL, greatest(0., (attainment + z * z / 2 / due
        - z * sqrt(attainment * (1 - attainment) / due + z * z / 4 / due / due)) / (1 + z * z / due))) AS attainment_low,
    if(due = 0, NULL, least(1., (attainment + z * z / 2 / due
        + z * sqrt(attainment * (1 - attainment) / due + z * z / 4 / due / due)) / (1 + z * z / due))) AS attainment_high,
    toBool(due < 30) AS few
FROM counted
LEFT JOIN definition AS d ON toString(d.stage) = counted.key AND {by:String} = 'stage'
ORDER BY position NULLS LAST, key;

-- +goose Down
DROP VIEW timing;
