-- +goose Up

-- waits_at: the customer's questions behind the waits that `timing`, `touchpoints` and `waiting` count, one row each.
--
--   journey     the journey's id
--   from, to    asked in [from, to)
--   as_of       the instant T; asked after it does not exist yet, answered after it is still waiting
--   persona, channel, touchpoint, department   of the question; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       the case's stage when it was asked; '' all, '-' none
--   state       '' all; answered, waiting; first, first_answered, first_waiting (first replies only);
--               kept, broken, past_target (still waiting beyond the target), late (broken or past_target)
--   limit       rows at most, the first in this order; 0 all
CREATE OR REPLACE VIEW waits_at AS
WITH
    -- piece: words
    -- whose the first rows are, and until when: found without the other columns
    (
        SELECT (groupUniqArray(subject), max(asked_at))
        FROM
        (
            SELECT subject, asked_at
            FROM findings FINAL
            ARRAY JOIN
                if({stage:String} = '', waits.first, arrayMap(x -> toBool(x = number_of({stage:String})), waits.stage)) AS of_stage,
                if({state:String} = '', waits.first, arrayMap((first, answered_at, due_at) -> toBool(multiIf(
                        {state:String} = 'first', first,
                        {state:String} = 'first_answered', first AND ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false),
                        {state:String} = 'first_waiting', first AND ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true),
                        {state:String} = 'answered', ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false),
                        {state:String} = 'waiting', ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true),
                        {state:String} = 'kept', ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')} AND answered_at <= due_at, false),
                        {state:String} = 'broken', ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')} AND answered_at > due_at, false),
                        {state:String} = 'past_target', ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true) AND ifNull(due_at < {as_of:DateTime64(3, 'UTC')}, false),
                        {state:String} = 'open', ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true) AND ifNull(due_at >= {as_of:DateTime64(3, 'UTC')}, false),
                        {state:String} = 'late', ifNull(due_at < least(ifNull(answered_at, {as_of:DateTime64(3, 'UTC')}), {as_of:DateTime64(3, 'UTC')}), false),
                        false)), waits.first, waits.answered_at, waits.due_at)) AS of_state,
                waits.asked_at AS asked_at,
                -- piece: wait_masks
            WHERE journey = {journey:String} AND asked_at <= {as_of:DateTime64(3, 'UTC')}
                -- piece: wait_filters
                AND ({stage:String} = '' OR of_stage)
                AND ({state:String} = '' OR of_state)
            ORDER BY asked_at
            LIMIT {limit:UInt64} WITH TIES
        )
    ) AS firsts
SELECT
    case_id, subject, attempt, person, account, toString(w.customer) AS customer, value_known, named[w.persona] AS persona, thread, number, first, missed_call,
    source, named[in_stage] AS stage, named[at_touchpoint] AS touchpoint, named[on_channel] AS channel, named[by_department] AS department, priority, asked_at,
    if(answered_at <= {as_of:DateTime64(3, 'UTC')}, answered_at, NULL) AS answer_at,
    if(answer_at IS NULL, 'waiting', 'answered') AS state,
    multiIf(due_at IS NULL, '',
            answer_at IS NOT NULL AND answer_at <= due_at, 'kept',
            answer_at IS NOT NULL, 'broken',
            due_at < {as_of:DateTime64(3, 'UTC')}, 'past_target',
            'open') AS target_state,
    if(answer_at IS NULL, toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(asked_at),
       waited_ms) / 1000 AS waited_s,
    if(answer_at IS NULL, NULL, business_ms / 1000) AS business_s,
    target_ms / 1000 AS target_s, target_business, due_at,
    ask_origin, ask_id,
    if(answer_at IS NULL, '', toString(answer_origin)) AS answer_origin,
    if(answer_at IS NULL, '', w.answer_id) AS answer_id
FROM
(
    SELECT
        subject, contacts.person[contact] AS person, runs.case_id[run] AS case_id, runs.attempt[run] AS attempt, runs.account[run] AS account,
        runs.persona[run] AS persona, number, customer, value_known, thread, first, missed_call, source, in_stage, at_touchpoint, on_channel, by_department,
        priority, asked_at, ask_origin, ask_id, answered_at, answer_origin, answer_id, waited_ms, business_ms, target_ms, target_business, due_at
    FROM findings FINAL
    ARRAY JOIN
        -- piece: waits_unfolded
    PREWHERE journey = {journey:String} AND ({limit:UInt64} = 0 OR subject IN (SELECT arrayJoin(firsts.1)))
    WHERE ({limit:UInt64} = 0 OR asked_at <= firsts.2) AND asked_at <= {as_of:DateTime64(3, 'UTC')}
        AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
        AND ({persona:String} = '' OR persona = number_of({persona:String}))
        AND ({channel:String} = '' OR on_channel = number_of({channel:String}))
        AND ({touchpoint:String} = '' OR at_touchpoint = number_of({touchpoint:String}))
        AND ({department:String} = '' OR by_department = number_of({department:String}))
        AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
        AND ({customer:String} = '' OR customer = {customer:String})
        AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
        AND ({stage:String} = '' OR in_stage = number_of({stage:String}))
) AS w
WHERE multiIf(
        {state:String} = '', true,
        {state:String} = 'first', first,
        {state:String} = 'first_answered', first AND state = 'answered',
        {state:String} = 'first_waiting', first AND state = 'waiting',
        {state:String} = 'late', target_state IN ('broken', 'past_target'),
        {state:String} IN ('answered', 'waiting'), state = {state:String},
        target_state = {state:String})
ORDER BY asked_at, subject, number
LIMIT if({limit:UInt64} = 0, 18446744073709551615, {limit:UInt64});

-- +goose Down
DROP VIEW waits_at;
