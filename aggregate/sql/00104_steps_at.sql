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
    case_id, subject, attempt, number, person, account, customer, value_known, persona, contact_key, occurred_at, origin, id, source, type, activity,
    direction, stage, is_return, touchpoint, channel, department, automatic, outcome,
    mood_eligible, mood_eligible AND mood_label != '' AS scored, mood_label, mood_score, mood_emotion, mood_lang
FROM steps FINAL
WHERE journey = {journey:String} AND case_id != ''
    AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
    AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
    AND {persona:String} IN ('', if(persona = '', '-', persona))
    AND {channel:String} IN ('', if(channel = '', '-', channel))
    AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
    AND {department:String} IN ('', if(department = '', '-', department))
    AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
    AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
    AND {stage:String} IN ('', if(stage = '', '-', stage))
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
