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
SELECT toString(activity) AS activity, count() AS interactions, countIf(nth = 1) AS cases
FROM
(
    SELECT
        arrayMap(
        (occurred_at, channel, touchpoint, department, stage, value_known) -> occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
            AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
            AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
            AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
            AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage)),
        times, channels, touchpoints, departments, stages, values) AS counts,
        arrayFilter((x, c) -> c, activities, counts) AS met
    FROM walks FINAL
    ARRAY JOIN
        runs.persona AS persona, runs.account AS account, runs.customer AS customer, steps.occurred_at AS times, steps.channel AS channels,
        steps.touchpoint AS touchpoints, steps.department AS departments, steps.stage AS stages, steps.value_known AS values,
        steps.activity AS activities
    WHERE journey = {journey:String} AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
        AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
        AND ({customer:String} = '' OR customer = {customer:String})
)
ARRAY JOIN met AS activity, arrayEnumerateUniq(met) AS nth
GROUP BY activity
ORDER BY interactions DESC, activity;

-- +goose Down
DROP VIEW activities;
