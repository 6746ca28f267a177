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
CREATE OR REPLACE VIEW waits_at AS
SELECT
    case_id, subject, attempt, person, account, customer, value_known, persona, thread, number, first, missed_call, source,
    stage, touchpoint, channel, department, priority, asked_at,
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
        subject, people[contact + 1] AS person, case_id, attempt, account, persona, number, customer, value_known, thread, first, missed_call,
        source, stage, touchpoint, channel, department, priority, asked_at, ask_origin, ask_id, answered_at, answer_origin, answer_id,
        waited_ms, business_ms, target_ms, target_business, due_at
    FROM
    (
        SELECT subject, contacts.person AS people, case_id, attempt, account, persona, all_number, all_contact, all_customer, all_value_known,
            all_thread, all_first, all_missed_call, all_source, all_stage, all_touchpoint, all_channel, all_department, all_priority,
            all_asked_at, all_ask_origin, all_ask_id, all_answered_at, all_answer_origin, all_answer_id, all_waited_ms, all_business_ms,
            all_target_ms, all_target_business, all_due_at
        FROM walks FINAL
        ARRAY JOIN
            runs.case_id AS case_id, runs.attempt AS attempt, runs.account AS account, runs.persona AS persona, waits.number AS all_number,
            waits.contact AS all_contact, waits.customer AS all_customer, waits.value_known AS all_value_known, waits.thread AS all_thread,
            waits.first AS all_first, waits.missed_call AS all_missed_call, waits.source AS all_source, waits.stage AS all_stage,
            waits.touchpoint AS all_touchpoint, waits.channel AS all_channel, waits.department AS all_department,
            waits.priority AS all_priority, waits.asked_at AS all_asked_at, waits.ask_origin AS all_ask_origin, waits.ask_id AS all_ask_id,
            waits.answered_at AS all_answered_at, waits.answer_origin AS all_answer_origin, waits.answer_id AS all_answer_id,
            waits.waited_ms AS all_waited_ms, waits.business_ms AS all_business_ms, waits.target_ms AS all_target_ms,
            waits.target_business AS all_target_business, waits.due_at AS all_due_at
        WHERE journey = {journey:String}
    )
    ARRAY JOIN
        all_number AS number, all_contact AS contact, all_customer AS customer, all_value_known AS value_known, all_thread AS thread,
        all_first AS first, all_missed_call AS missed_call, all_source AS source, all_stage AS stage, all_touchpoint AS touchpoint,
        all_channel AS channel, all_department AS department, all_priority AS priority, all_asked_at AS asked_at, all_ask_origin AS ask_origin,
        all_ask_id AS ask_id, all_answered_at AS answered_at, all_answer_origin AS answer_origin, all_answer_id AS answer_id,
        all_waited_ms AS waited_ms, all_business_ms AS business_ms, all_target_ms AS target_ms, all_target_business AS target_business,
        all_due_at AS due_at
    WHERE asked_at <= {as_of:DateTime64(3, 'UTC')}
        AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
        AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
        AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
        AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
        AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
        AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
        AND ({customer:String} = '' OR customer = {customer:String})
        AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
        AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
) AS w
WHERE multiIf(
        {state:String} = '', true,
        {state:String} = 'first', first,
        {state:String} = 'first_answered', first AND state = 'answered',
        {state:String} = 'first_waiting', first AND state = 'waiting',
        {state:String} = 'late', target_state IN ('broken', 'past_target'),
        {state:String} IN ('answered', 'waiting'), state = {state:String},
        target_state = {state:String})
ORDER BY asked_at, subject, number;

-- +goose Down
DROP VIEW waits_at;
