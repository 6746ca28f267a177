-- +goose Up

-- verbatims: what customers wrote, in their own words, the most outspoken first, with the mood it was given. `tappa report`,
-- the pages and exports mask names, addresses and numbers in it; this view does not.
--
--   journey     the journey's id
--   from, to    written in [from, to)
--   as_of       the instant T; what was written after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   of the interaction; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   state       '' all; scored, unscored, a mood (positive, neutral, negative, mixed) or an emotion (satisfaction, impatience,
--               enthusiasm, perplexity, confusion, disappointment, joy, frustration, none)
CREATE OR REPLACE VIEW verbatims AS
SELECT
    s.case_id AS case_id, s.occurred_at AS occurred_at, toString(s.persona) AS persona, toString(s.stage) AS stage,
    toString(s.touchpoint) AS touchpoint, toString(s.channel) AS channel, toString(s.department) AS department, toString(s.source) AS source,
    toString(s.mood_label) AS mood_label, toString(s.mood_emotion) AS mood_emotion, s.mood_score AS mood_score, toString(s.mood_lang) AS mood_lang,
    i.subject_line AS subject_line, i.text AS text, s.contact_key AS contact_key, toString(s.origin) AS origin, s.id AS id
FROM
(
    SELECT
        case_id, persona, keys[contact + 1] AS contact_key, occurred_at, id, stage, mood_score, origin, source, touchpoint, channel,
        department, mood_label, mood_emotion, mood_lang
    FROM
    (
        SELECT
            contacts.contact_key AS keys, case_id, persona, account, customer,
            arrayMap((e, t) -> e AND t <= {as_of:DateTime64(3, 'UTC')} AND t >= {from:DateTime64(3, 'UTC')} AND t < {to:DateTime64(3, 'UTC')}, eligible, s_occurred_at) AS counts,
            arrayFilter((x, c) -> c, s_occurred_at, counts) AS all_occurred_at, arrayFilter((x, c) -> c, s_contact, counts) AS all_contact,
            arrayFilter((x, c) -> c, s_id, counts) AS all_id, arrayFilter((x, c) -> c, s_stage, counts) AS all_stage,
            arrayFilter((x, c) -> c, s_value_known, counts) AS all_value_known,
            arrayFilter((x, c) -> c, s_mood_score, counts) AS all_mood_score, arrayFilter((x, c) -> c, s_origin, counts) AS all_origin,
            arrayFilter((x, c) -> c, s_source, counts) AS all_source, arrayFilter((x, c) -> c, s_touchpoint, counts) AS all_touchpoint,
            arrayFilter((x, c) -> c, s_channel, counts) AS all_channel, arrayFilter((x, c) -> c, s_department, counts) AS all_department,
            arrayFilter((x, c) -> c, s_mood_label, counts) AS all_mood_label,
            arrayFilter((x, c) -> c, s_mood_emotion, counts) AS all_mood_emotion,
            arrayFilter((x, c) -> c, s_mood_lang, counts) AS all_mood_lang
        FROM walks FINAL
        ARRAY JOIN
            runs.case_id AS case_id, runs.persona AS persona, runs.account AS account, runs.customer AS customer,
            steps.mood_eligible AS eligible, steps.occurred_at AS s_occurred_at, steps.contact AS s_contact, steps.id AS s_id,
            steps.stage AS s_stage, steps.value_known AS s_value_known, steps.mood_score AS s_mood_score, steps.origin AS s_origin,
            steps.source AS s_source, steps.touchpoint AS s_touchpoint, steps.channel AS s_channel, steps.department AS s_department,
            steps.mood_label AS s_mood_label, steps.mood_emotion AS s_mood_emotion, steps.mood_lang AS s_mood_lang
        WHERE journey = {journey:String}
    )
    ARRAY JOIN
        all_occurred_at AS occurred_at, all_contact AS contact, all_id AS id, all_stage AS stage, all_value_known AS value_known,
        all_mood_score AS mood_score, all_origin AS origin, all_source AS source, all_touchpoint AS touchpoint, all_channel AS channel,
        all_department AS department, all_mood_label AS mood_label, all_mood_emotion AS mood_emotion, all_mood_lang AS mood_lang
    WHERE ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
        AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
        AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
        AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
        AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
        AND ({customer:String} = '' OR customer = {customer:String})
        AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
        AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
        AND multiIf(
            {state:String} = '', true,
            {state:String} = 'scored', mood_label != '',
            {state:String} = 'unscored', mood_label = '',
            mood_label != '' AND {state:String} IN (mood_label, mood_emotion))
) AS s
INNER JOIN
(
    SELECT contact_key, occurred_at, origin, id, interactions.subject AS subject_line, text
    FROM interactions FINAL
    WHERE mood_eligible AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
        AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
) AS i ON i.contact_key = s.contact_key AND i.occurred_at = s.occurred_at AND i.origin = s.origin AND i.id = s.id
ORDER BY abs(mood_score) DESC, occurred_at DESC, origin, id;

-- +goose Down
DROP VIEW verbatims;
