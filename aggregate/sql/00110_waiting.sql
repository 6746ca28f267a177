-- +goose Up

-- waiting: who is waiting for an answer at T, longest first. Durations are seconds.
--
--   journey     the journey's id
--   from, to    asked in [from, to)
--   as_of       the instant T; asked after it does not exist yet, answered after it is still waiting
--   persona, channel, touchpoint, department, stage   of the question; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--
-- overdue: beyond the target at T; overdue_s: since when. target_s is in the department's hours where target_business.
CREATE OR REPLACE VIEW waiting AS
SELECT
    case_id, person, account, customer, value_known, persona, thread, first, missed_call,
    toString(stage) AS stage, toString(touchpoint) AS touchpoint, toString(channel) AS channel,
    toString(department) AS department, toString(priority) AS priority,
    asked_at,
    (toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(asked_at)) / 1000 AS waiting_s,
    target_ms / 1000 AS target_s, target_business, due_at,
    toBool(ifNull(due_at < {as_of:DateTime64(3, 'UTC')}, false)) AS overdue,
    if(overdue, (toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(due_at)) / 1000, NULL) AS overdue_s
FROM
(
    SELECT
        people[contact + 1] AS person, case_id, account, persona, number, customer, value_known, thread, first, missed_call, stage, touchpoint,
        channel, department, priority, asked_at, answered_at, target_ms, target_business, due_at
    FROM
    (
        SELECT contacts.person AS people, case_id, account, persona, all_number, all_contact, all_customer, all_value_known, all_thread,
            all_first, all_missed_call, all_stage, all_touchpoint, all_channel, all_department, all_priority, all_asked_at, all_answered_at,
            all_target_ms, all_target_business, all_due_at
        FROM walks FINAL
        ARRAY JOIN
            runs.case_id AS case_id, runs.account AS account, runs.persona AS persona, waits.number AS all_number,
            waits.contact AS all_contact, waits.customer AS all_customer, waits.value_known AS all_value_known, waits.thread AS all_thread,
            waits.first AS all_first, waits.missed_call AS all_missed_call, waits.stage AS all_stage, waits.touchpoint AS all_touchpoint,
            waits.channel AS all_channel, waits.department AS all_department, waits.priority AS all_priority, waits.asked_at AS all_asked_at,
            waits.answered_at AS all_answered_at, waits.target_ms AS all_target_ms, waits.target_business AS all_target_business,
            waits.due_at AS all_due_at
        WHERE journey = {journey:String}
    )
    ARRAY JOIN
        all_number AS number, all_contact AS contact, all_customer AS customer, all_value_known AS value_known, all_thread AS thread,
        all_first AS first, all_missed_call AS missed_call, all_stage AS stage, all_touchpoint AS touchpoint, all_channel AS channel,
        all_department AS department, all_priority AS priority, all_asked_at AS asked_at, all_answered_at AS answered_at,
        all_target_ms AS target_ms, all_target_business AS target_business, all_due_at AS due_at
    WHERE asked_at <= {as_of:DateTime64(3, 'UTC')} AND ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true)
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
ORDER BY asked_at, case_id, thread, number;

-- +goose Down
DROP VIEW waiting;
