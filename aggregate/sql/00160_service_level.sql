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
    -- piece: words
    1.959963984540054 AS z,
    promised AS
    (
        SELECT
            raw_key, priority, target_ms, target_business, toUnixTimestamp64Milli(assumeNotNull(due_at)) AS due_ms,
            toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
            ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_answered,
            if(is_answered, toUnixTimestamp64Milli(assumeNotNull(answered_at)), now_ms) - due_ms AS over_ms,
            is_answered AND over_ms <= 0 AS is_kept, is_answered AND over_ms > 0 AS is_broken, NOT is_answered AND over_ms > 0 AS is_past
        FROM findings FINAL
        ARRAY JOIN
            -- piece: wait_key
            waits.asked_at AS asked_at, waits.answered_at AS answered_at, waits.due_at AS due_at, waits.target_ms AS target_ms,
            waits.target_business AS target_business, waits.priority AS priority,
            if({stage:String} = '', waits.target_business, arrayMap(x -> toBool(x = number_of({stage:String})), waits.stage)) AS of_stage,
            -- piece: wait_masks
        WHERE journey = {journey:String} AND due_at IS NOT NULL AND target_ms IS NOT NULL AND asked_at <= {as_of:DateTime64(3, 'UTC')}
            -- piece: wait_filters
            AND ({stage:String} = '' OR of_stage)
    )
SELECT
    if(raw_key = 0, '-', named[raw_key]) AS key, if(w.priority = '', '-', toString(w.priority)) AS priority, assumeNotNull(target_ms) / 1000 AS target_s, target_business,
    count() AS asked,
    countIf(is_kept) AS kept, countIf(is_broken) AS broken, countIf(is_past) AS past_target,
    countIf(NOT is_answered AND NOT is_past) AS open,
    kept + broken + past_target AS due,
    if(due = 0, NULL, kept / due) AS attainment,
    if(due = 0, NULL, greatest(0., (attainment + z * z / 2 / due
        - z * sqrt(attainment * (1 - attainment) / due + z * z / 4 / due / due)) / (1 + z * z / due))) AS attainment_low,
    if(due = 0, NULL, least(1., (attainment + z * z / 2 / due
        + z * sqrt(attainment * (1 - attainment) / due + z * z / 4 / due / due)) / (1 + z * z / due))) AS attainment_high,
    toBool(due < 30) AS few,
    quantileExactInclusiveOrNullIf(0.5)(over_ms, is_broken OR is_past) / 1000 AS over_p50_s,
    maxOrNullIf(over_ms, is_broken OR is_past) / 1000 AS over_max_s
FROM promised AS w
GROUP BY raw_key, w.priority, target_ms, target_business
ORDER BY key, priority, target_s, target_business;

-- +goose Down
DROP VIEW service_level;
