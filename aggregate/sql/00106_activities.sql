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
WITH
    -- piece: words
SELECT toString(activity) AS activity, count() AS interactions, countIf(nth = 1) AS cases
FROM
(
    SELECT
        arrayMap(
        (occurred_at, of_channel, of_touchpoint, of_department, of_stage, of_value) -> occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
            AND ({channel:String} = '' OR of_channel) AND ({touchpoint:String} = '' OR of_touchpoint)
            AND ({department:String} = '' OR of_department) AND ({stage:String} = '' OR of_stage)
            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR of_value),
            steps.occurred_at,
            if({channel:String} = '', steps.automatic, arrayMap(x -> toBool(x = number_of({channel:String})), steps.channel)),
            if({touchpoint:String} = '', steps.automatic, arrayMap(x -> toBool(x = number_of({touchpoint:String})), steps.touchpoint)),
            if({department:String} = '', steps.automatic, arrayMap(x -> toBool(x = number_of({department:String})), steps.department)),
            if({stage:String} = '', steps.automatic, arrayMap(x -> toBool(x = number_of({stage:String})), steps.stage)),
            if({value_from:Float64} = 0 AND {value_to:Float64} = inf, steps.automatic,
                arrayMap(x -> toBool(x BETWEEN {value_from:Float64} AND {value_to:Float64}), steps.value_known))) AS counts,
        arrayFilter((x, c) -> c, arraySlice(steps.activity, first_step, n_steps), arraySlice(counts, first_step, n_steps)) AS met
    FROM findings FINAL
    ARRAY JOIN
        runs.first_step AS first_step, runs.steps AS n_steps, runs.persona AS persona, runs.account AS account, runs.customer AS customer
    WHERE journey = {journey:String} AND ({persona:String} = '' OR persona = number_of({persona:String}))
        AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
        AND ({customer:String} = '' OR customer = {customer:String})
)
ARRAY JOIN met AS activity, arrayEnumerateUniq(met) AS nth
GROUP BY activity
ORDER BY interactions DESC, activity;

-- +goose Down
DROP VIEW activities;
