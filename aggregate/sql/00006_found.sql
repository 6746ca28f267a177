-- +goose Up

-- cases, visits, waits, steps: what the walk found, a row for each. They unfold table findings. attempt, number (of steps and waits) count from
-- 1, position from 0; a wait asked outside any case has attempt 0.
CREATE OR REPLACE VIEW cases AS
WITH
    -- piece: words
SELECT
    journey, subject, attempt, case_id, person, account, named[of_persona] AS persona, customer, opened_at, closed_at, exit,
    named[in_stage] AS stage, position, first_at, last_at, interactions, value, walked
FROM findings FINAL
ARRAY JOIN
    runs.attempt AS attempt, runs.case_id AS case_id, runs.person AS person, runs.account AS account, runs.persona AS of_persona,
    runs.customer AS customer, runs.opened_at AS opened_at, runs.closed_at AS closed_at, runs.exit AS exit, runs.stage AS in_stage,
    runs.position AS position, runs.first_at AS first_at, runs.last_at AS last_at, runs.interactions AS interactions, runs.value AS value
WHERE attempt > 0;

CREATE OR REPLACE VIEW visits AS
WITH
    -- piece: words
SELECT
    journey, subject, runs.attempt[run] AS attempt, position, runs.case_id[run] AS case_id, runs.person[run] AS person, runs.account[run] AS account,
    named[runs.persona[run]] AS persona, runs.customer[run] AS customer, value_known, named[in_stage] AS stage, entered_at, left_at, exit, last_activity_at,
    named[at_touchpoint] AS touchpoint, named[on_channel] AS channel, named[by_department] AS department, interactions, value, walked
FROM findings FINAL
ARRAY JOIN
    visits.run AS run, visits.position AS position, visits.stage AS in_stage, visits.entered_at AS entered_at, visits.left_at AS left_at,
    visits.exit AS exit, visits.last_activity_at AS last_activity_at, visits.touchpoint AS at_touchpoint, visits.channel AS on_channel,
    visits.department AS by_department, visits.interactions AS interactions, visits.value AS value, visits.value_known AS value_known;

CREATE OR REPLACE VIEW waits AS
WITH
    -- piece: words
SELECT
    journey, subject, number, runs.attempt[run] AS attempt, runs.case_id[run] AS case_id, contacts.person[contact] AS person,
    runs.account[run] AS account, named[runs.persona[run]] AS persona, customer, value_known, thread, first, missed_call, source,
    named[in_stage] AS stage, named[at_touchpoint] AS touchpoint, named[on_channel] AS channel, named[by_department] AS department, priority, asked_at,
    ask_origin, ask_id, answered_at, answer_origin, answer_id, waited_ms, business_ms, target_ms, target_business, due_at, walked
FROM findings FINAL
ARRAY JOIN
    -- piece: waits_unfolded
;

CREATE OR REPLACE VIEW steps AS
WITH
    -- piece: words
SELECT
    journey, subject, runs.attempt[run] AS attempt, toUInt32(place - runs.first_step[run] + 1) AS number, runs.case_id[run] AS case_id,
    contacts.person[contact] AS person, runs.account[run] AS account, named[runs.persona[run]] AS persona, runs.customer[run] AS customer,
    value_known, contacts.contact_key[contact] AS contact_key, occurred_at, origin, id, named[of_source] AS source, type, activity, way AS direction,
    named[in_stage] AS stage, is_return, named[at_touchpoint] AS touchpoint, named[on_channel] AS channel, named[by_department] AS department,
    automatic, ending AS outcome, mood_eligible, label AS mood_label, mood_score, emotion AS mood_emotion, mood_lang, walked
FROM findings FINAL
ARRAY JOIN
    arrayEnumerate(steps.run) AS place,
    -- piece: steps_unfolded
;

-- +goose Down
DROP VIEW steps;
DROP VIEW waits;
DROP VIEW visits;
DROP VIEW cases;
