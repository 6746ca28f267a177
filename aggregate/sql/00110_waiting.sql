-- +goose Up

-- waiting: who is waiting for an answer at T, longest first. Durations are seconds.
--
--   journey     the journey's id
--   from, to    asked in [from, to)
--   as_of       the instant T; asked after it does not exist yet, answered after it is still waiting
--   persona, channel, touchpoint, department, stage   of the question; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   limit       rows at most, the first in this order; 0 all
--
-- overdue: beyond the target at T; overdue_s: since when. target_s is in the department's hours where target_business.
CREATE OR REPLACE VIEW waiting AS
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
                waits.asked_at AS asked_at, waits.answered_at AS answered_at,
                -- piece: wait_masks
            WHERE journey = {journey:String} AND asked_at <= {as_of:DateTime64(3, 'UTC')}
                -- piece: wait_filters
                AND ({stage:String} = '' OR of_stage)
                AND ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true)
            ORDER BY asked_at
            LIMIT {limit:UInt64} WITH TIES
        )
    ) AS firsts
SELECT
    case_id, person, account, toString(w.customer) AS customer, value_known, named[w.persona] AS persona, thread, first, missed_call,
    named[w.stage] AS stage, named[w.touchpoint] AS touchpoint, named[w.channel] AS channel,
    named[w.department] AS department, toString(priority) AS priority,
    asked_at,
    (toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(asked_at)) / 1000 AS waiting_s,
    target_ms / 1000 AS target_s, target_business, due_at,
    toBool(ifNull(due_at < {as_of:DateTime64(3, 'UTC')}, false)) AS overdue,
    if(overdue, (toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(due_at)) / 1000, NULL) AS overdue_s
FROM
(
    SELECT
        contacts.person[contact] AS person, runs.case_id[run] AS case_id, runs.account[run] AS account, runs.persona[run] AS persona, number, customer,
        value_known, thread, first, missed_call, stage, touchpoint, channel, department, priority, asked_at, target_ms, target_business, due_at
    FROM findings FINAL
    ARRAY JOIN
        waits.run AS run, waits.number AS number, waits.contact AS contact, waits.customer AS customer, waits.value_known AS value_known,
        waits.thread AS thread, waits.first AS first, waits.missed_call AS missed_call, waits.stage AS stage, waits.touchpoint AS touchpoint,
        waits.channel AS channel, waits.department AS department, waits.priority AS priority, waits.asked_at AS asked_at,
        waits.answered_at AS answered_at, waits.target_ms AS target_ms, waits.target_business AS target_business, waits.due_at AS due_at
    PREWHERE journey = {journey:String} AND ({limit:UInt64} = 0 OR subject IN (SELECT arrayJoin(firsts.1)))
    WHERE ({limit:UInt64} = 0 OR asked_at <= firsts.2)
        AND asked_at <= {as_of:DateTime64(3, 'UTC')} AND ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true)
        AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
        AND ({persona:String} = '' OR persona = number_of({persona:String}))
        AND ({channel:String} = '' OR channel = number_of({channel:String}))
        AND ({touchpoint:String} = '' OR touchpoint = number_of({touchpoint:String}))
        AND ({department:String} = '' OR department = number_of({department:String}))
        AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
        AND ({customer:String} = '' OR customer = {customer:String})
        AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
        AND ({stage:String} = '' OR stage = number_of({stage:String}))
) AS w
ORDER BY asked_at, case_id, thread, number
LIMIT if({limit:UInt64} = 0, 18446744073709551615, {limit:UInt64});

-- +goose Down
DROP VIEW waiting;
