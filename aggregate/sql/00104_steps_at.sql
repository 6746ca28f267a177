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
--   limit       rows at most, the first in this order; 0 all
CREATE OR REPLACE VIEW steps_at AS
WITH
    -- piece: words
    -- whose the first rows are, and until when at most: each is of a subject whose own first row is among the first of all subjects
    (
        SELECT (groupArray(subject), max(first_ms))
        FROM
        (
            WITH
                arrayMap((at, asked, stage_asked, activity_asked, state_asked) -> if(
                        at <= {as_of:DateTime64(3, 'UTC')} AND at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND asked
                            AND ({stage:String} = '' OR stage_asked) AND ({activity:String} = '' OR activity_asked) AND ({state:String} = '' OR state_asked),
                        toUnixTimestamp64Milli(at), 9223372036854775807),
                    steps.occurred_at, asked_for,
                    if({stage:String} = '', steps.mood_eligible, arrayMap(x -> toBool(x = number_of({stage:String})), steps.stage)),
                    if({activity:String} = '', steps.mood_eligible, arrayMap(x -> toBool(x = {activity:String}), steps.activity)),
                    if({state:String} IN ('', 'eligible'), steps.mood_eligible, arrayMap((eligible, label, emotion) -> toBool(eligible AND multiIf(
                            {state:String} = 'scored', label != '',
                            {state:String} = 'unscored', label = '',
                            label != '' AND {state:String} IN (toString(label), toString(emotion)))),
                        steps.mood_eligible, steps.mood_label, steps.mood_emotion))) AS asked_ms,
                -- piece: steps_asked
            SELECT subject, arrayMin(asked_ms) AS first_ms
            FROM findings FINAL
            WHERE journey = {journey:String} AND {limit:UInt64} > 0 AND notEmpty(steps.occurred_at) AND first_ms < 9223372036854775807
            ORDER BY first_ms
            LIMIT {limit:UInt64} WITH TIES
        )
    ) AS firsts
SELECT
    runs.case_id[run] AS case_id, subject, runs.attempt[run] AS attempt, toUInt32(place - runs.first_step[run] + 1) AS number,
    contacts.person[contact] AS person, runs.account[run] AS account, toString(runs.customer[run]) AS customer, value_known, named[runs.persona[run]] AS persona,
    contacts.contact_key[contact] AS contact_key, occurred_at, origin, id, named[of_source] AS source, type, activity, toString(way) AS direction,
    named[in_stage] AS stage, is_return, named[at_touchpoint] AS touchpoint, named[on_channel] AS channel, named[by_department] AS department, automatic,
    toString(ending) AS outcome, mood_eligible, mood_eligible AND label != '' AS scored, toString(label) AS mood_label, mood_score,
    toString(emotion) AS mood_emotion, mood_lang
FROM findings FINAL
ARRAY JOIN
    arrayEnumerate(steps.run) AS place,
    -- piece: steps_unfolded
PREWHERE journey = {journey:String} AND ({limit:UInt64} = 0 OR subject IN (SELECT arrayJoin(firsts.1)))
WHERE ({limit:UInt64} = 0 OR toUnixTimestamp64Milli(occurred_at) <= firsts.2) AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
    AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
    AND ({persona:String} = '' OR runs.persona[run] = number_of({persona:String}))
    AND ({channel:String} = '' OR on_channel = number_of({channel:String}))
    AND ({touchpoint:String} = '' OR at_touchpoint = number_of({touchpoint:String}))
    AND ({department:String} = '' OR by_department = number_of({department:String}))
    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
    AND ({customer:String} = '' OR customer = {customer:String})
    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
    AND ({stage:String} = '' OR in_stage = number_of({stage:String}))
    AND {activity:String} IN ('', activity)
    AND multiIf(
        {state:String} = '', true,
        {state:String} = 'eligible', mood_eligible,
        {state:String} = 'scored', scored,
        {state:String} = 'unscored', mood_eligible AND NOT scored,
        scored AND {state:String} IN (toString(label), toString(emotion)))
ORDER BY occurred_at, origin, id, subject
LIMIT if({limit:UInt64} = 0, 18446744073709551615, {limit:UInt64});

-- +goose Down
DROP VIEW steps_at;
