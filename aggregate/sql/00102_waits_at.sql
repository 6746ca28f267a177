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
FROM (SELECT * FROM waits FINAL WHERE journey = {journey:String}) AS w
WHERE asked_at <= {as_of:DateTime64(3, 'UTC')}
    AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
    AND {persona:String} IN ('', if(persona = '', '-', persona))
    AND {channel:String} IN ('', if(channel = '', '-', channel))
    AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
    AND {department:String} IN ('', if(department = '', '-', department))
    AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
    AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
    AND {stage:String} IN ('', if(stage = '', '-', stage))
    AND multiIf(
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
