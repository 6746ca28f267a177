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
    definition AS
    (
        SELECT position, stage, labels
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    facts AS
    (
        SELECT
            true AS is_stay,
            if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw_key,
            (left_at > {as_of:DateTime64(3, 'UTC')} OR exit = 'in_progress') AS is_waiting,
            NOT is_waiting AND exit IN ('moved_on', 'completed') AS is_done,
            least(toUnixTimestamp64Milli(left_at), now_ms) - toUnixTimestamp64Milli(entered_at) AS ms, CAST(NULL, 'Nullable(Int64)') AS business,
            false AS is_first, false AS is_kept, false AS is_broken, false AS is_past
        FROM
        (
            SELECT persona, account, customer, all_stage, all_exit, all_entered_at, all_left_at, all_touchpoint, all_channel, all_department,
                all_value_known
            FROM walks FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.account AS account, runs.customer AS customer, visits.stage AS all_stage, visits.exit AS all_exit,
                visits.entered_at AS all_entered_at, visits.left_at AS all_left_at, visits.touchpoint AS all_touchpoint,
                visits.channel AS all_channel, visits.department AS all_department, visits.value_known AS all_value_known
            WHERE journey = {journey:String}
        )
        ARRAY JOIN
            all_stage AS stage, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at, all_touchpoint AS touchpoint,
            all_channel AS channel, all_department AS department, all_value_known AS value_known
        WHERE entered_at <= {as_of:DateTime64(3, 'UTC')}
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
            AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
            AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
            AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
            AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
            AND ({customer:String} = '' OR customer = {customer:String})
            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
            AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
        UNION ALL
        SELECT
            false AS is_stay,
            if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw_key,
            NOT is_done AS is_waiting, ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_done,
            if(is_done, ifNull(waited_ms, 0), now_ms - toUnixTimestamp64Milli(asked_at)) AS ms, if(is_done, business_ms, NULL) AS business,
            first AS is_first, is_done AND ifNull(answered_at <= due_at, false) AS is_kept,
            is_done AND ifNull(answered_at > due_at, false) AS is_broken,
            NOT is_done AND ifNull(due_at < {as_of:DateTime64(3, 'UTC')}, false) AS is_past
        FROM
        (
            SELECT persona, account, all_asked_at, all_answered_at, all_due_at, all_waited_ms, all_business_ms, all_first, all_stage, all_touchpoint,
                all_channel, all_department, all_customer, all_value_known
            FROM walks FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.account AS account, waits.asked_at AS all_asked_at, waits.answered_at AS all_answered_at,
                waits.due_at AS all_due_at, waits.waited_ms AS all_waited_ms, waits.business_ms AS all_business_ms, waits.first AS all_first,
                waits.stage AS all_stage, waits.touchpoint AS all_touchpoint, waits.channel AS all_channel, waits.department AS all_department,
                waits.customer AS all_customer, waits.value_known AS all_value_known
            WHERE journey = {journey:String}
        )
        ARRAY JOIN
            all_asked_at AS asked_at, all_answered_at AS answered_at, all_due_at AS due_at, all_waited_ms AS waited_ms,
            all_business_ms AS business_ms, all_first AS first, all_stage AS stage, all_touchpoint AS touchpoint, all_channel AS channel,
            all_department AS department, all_customer AS customer, all_value_known AS value_known
        WHERE asked_at <= {as_of:DateTime64(3, 'UTC')}
            AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
            AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
            AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
            AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
            AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
            AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
            AND ({customer:String} = '' OR customer = {customer:String})
            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
            AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
        UNION ALL
        -- stages nobody entered show too
        SELECT false, toLowCardinality(toString(stage)), false, false, toInt64(0), NULL, false, false, false, false
        FROM definition
        WHERE {by:String} = 'stage' AND {stage:String} IN ('', stage)
    ),
    counted AS
    (
        SELECT
            if(raw_key = '', '-', toString(raw_key)) AS key,
            countIf(is_stay AND is_done) AS stage_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, is_stay AND is_done) AS stage_q,
            countIf(is_stay AND is_waiting) AS open,
            groupArrayIf(ms, is_stay AND is_waiting) AS open_ages,
            countIf(is_first AND is_done) AS reply_n,
            countIf(is_first AND is_waiting) AS reply_waiting,
            maxIf(ms, is_first AND is_waiting) AS reply_oldest,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, is_first AND is_done) AS reply_q,
            countIf(is_first AND business IS NOT NULL) AS reply_business_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ifNull(business, 0), is_first AND business IS NOT NULL) AS reply_b,
            countIf(NOT is_stay AND is_done) AS wait_n,
            countIf(NOT is_stay AND is_waiting) AS wait_waiting,
            maxIf(ms, NOT is_stay AND is_waiting) AS wait_oldest,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, NOT is_stay AND is_done) AS wait_q,
            countIf(business IS NOT NULL) AS wait_business_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ifNull(business, 0), business IS NOT NULL) AS wait_b,
            countIf(is_kept) AS kept, countIf(is_broken) AS broken, countIf(is_past) AS past_target
        FROM facts
        GROUP BY raw_key
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
