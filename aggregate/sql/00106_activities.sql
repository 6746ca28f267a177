-- +goose Up

-- activities: what happened, in the sources' own words: how often, and in how many cases.
--
--   journey     the journey's id
--   from, to    occurred in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   of the interaction; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
CREATE OR REPLACE VIEW activities AS
SELECT toString(activity) AS activity, count() AS interactions, uniqExact(subject, attempt) AS cases
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
GROUP BY activity
ORDER BY interactions DESC, activity;

-- +goose Down
DROP VIEW activities;
