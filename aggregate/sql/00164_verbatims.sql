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
    SELECT *
    FROM steps FINAL
    WHERE journey = {journey:String} AND case_id != '' AND mood_eligible
        AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
        AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
        AND {persona:String} IN ('', if(persona = '', '-', persona))
        AND {channel:String} IN ('', if(channel = '', '-', channel))
        AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
        AND {department:String} IN ('', if(department = '', '-', department))
        AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
        AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
        AND {stage:String} IN ('', if(stage = '', '-', stage))
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
