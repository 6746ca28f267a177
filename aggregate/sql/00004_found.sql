-- +goose Up

-- cases, visits, waits, steps: what the walk found, a row for each. They unfold table walks, all fields of the kind at once: the
-- parameterised views read the table itself, and only what they need. attempt, number (of steps and waits) count from 1, position
-- from 0; a wait asked outside any case has attempt 0.
CREATE OR REPLACE VIEW cases AS
SELECT
    journey, subject, attempt, case_id, person, account, persona, customer, opened_at, closed_at, exit, stage, position, first_at,
    last_at, interactions, value, walked
FROM walks FINAL
ARRAY JOIN
    runs.attempt AS attempt, runs.case_id AS case_id, runs.person AS person, runs.account AS account, runs.persona AS persona,
    runs.customer AS customer, runs.opened_at AS opened_at, runs.closed_at AS closed_at, runs.exit AS exit, runs.stage AS stage,
    runs.position AS position, runs.first_at AS first_at, runs.last_at AS last_at, runs.interactions AS interactions,
    runs.value AS value
WHERE attempt > 0;

CREATE OR REPLACE VIEW visits AS
SELECT
    journey, subject, attempt, position, case_id, person, account, persona, customer, value_known, stage, entered_at, left_at,
    exit, last_activity_at, touchpoint, channel, department, interactions, value, walked
FROM
(
    SELECT
        journey, subject, walked, attempt, case_id, person, account, persona, customer, a_position, a_stage, a_entered_at,
        a_left_at, a_exit, a_last_activity_at, a_touchpoint, a_channel, a_department, a_interactions, a_value, a_value_known
    FROM walks FINAL
    ARRAY JOIN
        runs.attempt AS attempt, runs.case_id AS case_id, runs.person AS person, runs.account AS account, runs.persona AS persona,
        runs.customer AS customer, visits.position AS a_position, visits.stage AS a_stage, visits.entered_at AS a_entered_at,
        visits.left_at AS a_left_at, visits.exit AS a_exit, visits.last_activity_at AS a_last_activity_at,
        visits.touchpoint AS a_touchpoint, visits.channel AS a_channel, visits.department AS a_department,
        visits.interactions AS a_interactions, visits.value AS a_value, visits.value_known AS a_value_known
)
ARRAY JOIN
    a_position AS position, a_stage AS stage, a_entered_at AS entered_at, a_left_at AS left_at, a_exit AS exit,
    a_last_activity_at AS last_activity_at, a_touchpoint AS touchpoint, a_channel AS channel, a_department AS department,
    a_interactions AS interactions, a_value AS value, a_value_known AS value_known;

CREATE OR REPLACE VIEW waits AS
SELECT
    journey, subject, number, attempt, case_id, people[contact + 1] AS person, account, persona, customer, value_known, thread,
    first, missed_call, source, stage, touchpoint, channel, department, priority, asked_at, ask_origin, ask_id, answered_at,
    answer_origin, answer_id, waited_ms, business_ms, target_ms, target_business, due_at, walked
FROM
(
    SELECT
        journey, subject, walked, contacts.person AS people, attempt, case_id, account, persona, a_number, a_contact, a_customer,
        a_value_known, a_thread, a_first, a_missed_call, a_source, a_stage, a_touchpoint, a_channel, a_department, a_priority,
        a_asked_at, a_ask_origin, a_ask_id, a_answered_at, a_answer_origin, a_answer_id, a_waited_ms, a_business_ms, a_target_ms,
        a_target_business, a_due_at
    FROM walks FINAL
    ARRAY JOIN
        runs.attempt AS attempt, runs.case_id AS case_id, runs.account AS account, runs.persona AS persona,
        waits.number AS a_number, waits.contact AS a_contact, waits.customer AS a_customer, waits.value_known AS a_value_known,
        waits.thread AS a_thread, waits.first AS a_first, waits.missed_call AS a_missed_call, waits.source AS a_source,
        waits.stage AS a_stage, waits.touchpoint AS a_touchpoint, waits.channel AS a_channel, waits.department AS a_department,
        waits.priority AS a_priority, waits.asked_at AS a_asked_at, waits.ask_origin AS a_ask_origin, waits.ask_id AS a_ask_id,
        waits.answered_at AS a_answered_at, waits.answer_origin AS a_answer_origin, waits.answer_id AS a_answer_id,
        waits.waited_ms AS a_waited_ms, waits.business_ms AS a_business_ms, waits.target_ms AS a_target_ms,
        waits.target_business AS a_target_business, waits.due_at AS a_due_at
)
ARRAY JOIN
    a_number AS number, a_contact AS contact, a_customer AS customer, a_value_known AS value_known, a_thread AS thread,
    a_first AS first, a_missed_call AS missed_call, a_source AS source, a_stage AS stage, a_touchpoint AS touchpoint,
    a_channel AS channel, a_department AS department, a_priority AS priority, a_asked_at AS asked_at, a_ask_origin AS ask_origin,
    a_ask_id AS ask_id, a_answered_at AS answered_at, a_answer_origin AS answer_origin, a_answer_id AS answer_id,
    a_waited_ms AS waited_ms, a_business_ms AS business_ms, a_target_ms AS target_ms, a_target_business AS target_business,
    a_due_at AS due_at;

CREATE OR REPLACE VIEW steps AS
SELECT
    journey, subject, attempt, toUInt32(place) AS number, case_id, people[contact + 1] AS person, account, persona, customer,
    value_known, keys[contact + 1] AS contact_key, occurred_at, origin, id, source, type, activity, direction, stage, is_return,
    touchpoint, channel, department, automatic, outcome, mood_eligible, mood_label, mood_score, mood_emotion, mood_lang, walked
FROM
(
    SELECT
        journey, subject, walked, contacts.person AS people, contacts.contact_key AS keys, attempt, case_id, account, persona,
        customer, a_occurred_at, a_contact, a_id, a_stage, a_is_return, a_value_known, a_mood_score, a_automatic, a_mood_eligible,
        a_origin, a_source, a_type, a_activity, a_direction, a_touchpoint, a_channel, a_department, a_outcome, a_mood_label,
        a_mood_emotion, a_mood_lang
    FROM walks FINAL
    ARRAY JOIN
        runs.attempt AS attempt, runs.case_id AS case_id, runs.account AS account, runs.persona AS persona,
        runs.customer AS customer, steps.occurred_at AS a_occurred_at, steps.contact AS a_contact, steps.id AS a_id,
        steps.stage AS a_stage, steps.is_return AS a_is_return, steps.value_known AS a_value_known,
        steps.mood_score AS a_mood_score, steps.automatic AS a_automatic, steps.mood_eligible AS a_mood_eligible,
        steps.origin AS a_origin, steps.source AS a_source, steps.type AS a_type, steps.activity AS a_activity,
        steps.direction AS a_direction, steps.touchpoint AS a_touchpoint, steps.channel AS a_channel,
        steps.department AS a_department, steps.outcome AS a_outcome, steps.mood_label AS a_mood_label,
        steps.mood_emotion AS a_mood_emotion, steps.mood_lang AS a_mood_lang
)
ARRAY JOIN
    arrayEnumerate(a_occurred_at) AS place, a_occurred_at AS occurred_at, a_contact AS contact, a_id AS id, a_stage AS stage,
    a_is_return AS is_return, a_value_known AS value_known, a_mood_score AS mood_score, a_automatic AS automatic,
    a_mood_eligible AS mood_eligible, a_origin AS origin, a_source AS source, a_type AS type, a_activity AS activity,
    a_direction AS direction, a_touchpoint AS touchpoint, a_channel AS channel, a_department AS department, a_outcome AS outcome,
    a_mood_label AS mood_label, a_mood_emotion AS mood_emotion, a_mood_lang AS mood_lang;

-- +goose Down
DROP VIEW steps;
DROP VIEW waits;
DROP VIEW visits;
DROP VIEW cases;
