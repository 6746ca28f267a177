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
    stays AS
    (
        SELECT
            if(raw_key = 0, '-', named[raw_key]) AS key,
            countIf(is_done) AS stage_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, is_done) AS stage_q,
            countIf(is_open) AS open,
            groupArrayIf(ms, is_open) AS open_ages
        FROM
        (
            SELECT
                raw_key, (left_at > {as_of:DateTime64(3, 'UTC')} OR exit = 'in_progress') AS is_open,
                NOT is_open AND exit IN ('moved_on', 'completed') AS is_done,
                least(toUnixTimestamp64Milli(left_at), now_ms) - toUnixTimestamp64Milli(entered_at) AS ms
            FROM findings FINAL
            ARRAY JOIN
                -- piece: visit_key
                visits.stage AS stage, visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at,
                -- piece: visit_masks
            WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
                -- piece: visit_filters
                AND ({stage:String} = '' OR stage = number_of({stage:String}))
        )
        GROUP BY raw_key
    ),
    questions AS
    (
        SELECT
            if(raw_key = 0, '-', named[raw_key]) AS key,
            countIf(first AND is_done) AS reply_n,
            countIf(first AND NOT is_done) AS reply_waiting,
            maxIf(ms, first AND NOT is_done) AS reply_oldest,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, first AND is_done) AS reply_q,
            countIf(first AND business IS NOT NULL) AS reply_business_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ifNull(business, 0), first AND business IS NOT NULL) AS reply_b,
            countIf(is_done) AS wait_n,
            countIf(NOT is_done) AS wait_waiting,
            maxIf(ms, NOT is_done) AS wait_oldest,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, is_done) AS wait_q,
            countIf(business IS NOT NULL) AS wait_business_n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ifNull(business, 0), business IS NOT NULL) AS wait_b,
            countIf(is_done AND ifNull(answered_at <= due_at, false)) AS kept,
            countIf(is_done AND ifNull(answered_at > due_at, false)) AS broken,
            countIf(NOT is_done AND ifNull(due_at < {as_of:DateTime64(3, 'UTC')}, false)) AS past_target
        FROM
        (
            SELECT
                raw_key, first, answered_at, due_at, ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_done,
                if(is_done, ifNull(waited_ms, 0), now_ms - toUnixTimestamp64Milli(asked_at)) AS ms, if(is_done, business_ms, NULL) AS business
            FROM findings FINAL
            ARRAY JOIN
                -- piece: wait_key
                waits.asked_at AS asked_at, waits.answered_at AS answered_at, waits.due_at AS due_at, waits.waited_ms AS waited_ms,
                waits.business_ms AS business_ms, waits.first AS first, waits.stage AS stage,
                -- piece: wait_masks
            WHERE journey = {journey:String} AND asked_at <= {as_of:DateTime64(3, 'UTC')}
                -- piece: wait_filters
                AND ({stage:String} = '' OR stage = number_of({stage:String}))
        )
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
FROM stays
FULL JOIN questions USING (key)
-- stages nobody entered show too
FULL JOIN (SELECT toString(stage) AS key FROM definition WHERE {by:String} = 'stage' AND {stage:String} IN ('', stage)) AS named USING (key)
LEFT JOIN definition AS d ON toString(d.stage) = key AND {by:String} = 'stage'
ORDER BY position NULLS LAST, key;

-- +goose Down
DROP VIEW timing;
