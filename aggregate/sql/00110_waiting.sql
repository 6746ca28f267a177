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
FROM (SELECT * FROM waits FINAL WHERE journey = {journey:String}) AS w
WHERE asked_at <= {as_of:DateTime64(3, 'UTC')} AND ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true)
    AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
    AND {persona:String} IN ('', if(persona = '', '-', persona))
    AND {channel:String} IN ('', if(channel = '', '-', channel))
    AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
    AND {department:String} IN ('', if(department = '', '-', department))
    AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
    AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
    AND {stage:String} IN ('', if(stage = '', '-', stage))
ORDER BY asked_at, case_id, thread, number;

-- +goose Down
DROP VIEW waiting;
