-- +goose Up

-- steps_at: the interactions of cases behind `mood`, `activities` and `touchpoints`, one row each, in total order.
--
--   journey     the journey's id
--   from, to    occurred in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department   of the interaction; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       the interaction counted for; '' all, '-' none
--   activity    '' all
--   state       '' all; eligible (customer-written text), scored, unscored (eligible but not scored), a mood (positive,
--               neutral, negative, mixed) or an emotion (satisfaction, impatience, enthusiasm, perplexity, confusion,
--               disappointment, joy, frustration, none)
CREATE OR REPLACE VIEW steps_at AS
SELECT
    case_id, subject, attempt, toUInt32(number) AS number, people[contact + 1] AS person, account, customer, value_known, persona,
    keys[contact + 1] AS contact_key, occurred_at, origin, id, source, type, activity, direction, stage, is_return, touchpoint, channel,
    department, automatic, outcome, mood_eligible, mood_eligible AND mood_label != '' AS scored, mood_label, mood_score, mood_emotion,
    mood_lang
FROM
(
    SELECT subject, contacts.contact_key AS keys, contacts.person AS people, case_id, attempt, account, persona, customer, all_occurred_at,
        all_contact, all_id, all_stage, all_is_return, all_value_known, all_mood_score, all_automatic, all_mood_eligible, all_origin,
        all_source, all_type, all_activity, all_direction, all_touchpoint, all_channel, all_department, all_outcome, all_mood_label,
        all_mood_emotion, all_mood_lang
    FROM walks FINAL
    ARRAY JOIN
        runs.case_id AS case_id, runs.attempt AS attempt, runs.account AS account, runs.persona AS persona, runs.customer AS customer,
        steps.occurred_at AS all_occurred_at, steps.contact AS all_contact, steps.id AS all_id, steps.stage AS all_stage,
        steps.is_return AS all_is_return, steps.value_known AS all_value_known, steps.mood_score AS all_mood_score,
        steps.automatic AS all_automatic, steps.mood_eligible AS all_mood_eligible, steps.origin AS all_origin, steps.source AS all_source,
        steps.type AS all_type, steps.activity AS all_activity, steps.direction AS all_direction, steps.touchpoint AS all_touchpoint,
        steps.channel AS all_channel, steps.department AS all_department, steps.outcome AS all_outcome, steps.mood_label AS all_mood_label,
        steps.mood_emotion AS all_mood_emotion, steps.mood_lang AS all_mood_lang
    WHERE journey = {journey:String}
)
ARRAY JOIN
    arrayEnumerate(all_occurred_at) AS number, all_occurred_at AS occurred_at, all_contact AS contact, all_id AS id, all_stage AS stage,
    all_is_return AS is_return, all_value_known AS value_known, all_mood_score AS mood_score, all_automatic AS automatic,
    all_mood_eligible AS mood_eligible, all_origin AS origin, all_source AS source, all_type AS type, all_activity AS activity,
    all_direction AS direction, all_touchpoint AS touchpoint, all_channel AS channel, all_department AS department, all_outcome AS outcome,
    all_mood_label AS mood_label, all_mood_emotion AS mood_emotion, all_mood_lang AS mood_lang
WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
    AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
    AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
    AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
    AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
    AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
    AND ({customer:String} = '' OR customer = {customer:String})
    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
    AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
    AND {activity:String} IN ('', activity)
    AND multiIf(
        {state:String} = '', true,
        {state:String} = 'eligible', mood_eligible,
        {state:String} = 'scored', scored,
        {state:String} = 'unscored', mood_eligible AND NOT scored,
        scored AND {state:String} IN (mood_label, mood_emotion))
ORDER BY occurred_at, origin, id, subject;

-- +goose Down
DROP VIEW steps_at;
