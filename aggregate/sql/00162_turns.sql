-- +goose Up

-- turns: whose turn it was while cases stayed in a stage: the company's while a question of the case was open, the customer's the
-- rest of the time. Stages nobody went on from show with nulls. Durations are seconds.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   of the interaction that entered the stage; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all
--
-- The visits are those that time in stage is taken from: moved on or completed by T. company_*: the part of the stay during
--   which one question of the case or more stood open (two at a time count once); customer_*: stay less that. total = company +
--   customer, visit by visit; company_share = company's turn / total stay, summed over the visits.
CREATE OR REPLACE VIEW turns AS
WITH
    -- visits that moved on or completed, with the questions of their case: from when to when each was open
    stays AS
    (
        SELECT
            stage, left_ms - entered_ms AS stay,
            arrayFilter((a, u) -> a < left_ms AND u > entered_ms, asked, until) AS from_ms,
            arrayFilter((u, a) -> a < left_ms AND u > entered_ms, until, asked) AS to_ms,
            -- two at a time count once; mostly there is one, or none
            multiIf(empty(from_ms), 0,
                    length(from_ms) = 1, least(to_ms[1], left_ms) - greatest(from_ms[1], entered_ms),
                    toInt64(arrayReduce('intervalLengthSum', arrayMap(a -> greatest(a, entered_ms), from_ms), arrayMap(u -> least(u, left_ms), to_ms)))) AS company
        FROM
        (
            SELECT
                stage, toUnixTimestamp64Milli(entered_at) AS entered_ms, toUnixTimestamp64Milli(left_at) AS left_ms, asked, until
            FROM
            (
                SELECT
                    persona, account, customer, attempt, all_stage, all_exit, all_entered_at, all_left_at, all_touchpoint, all_channel, all_department,
                    all_value_known,
                    arrayFilter(a -> a <= {as_of:DateTime64(3, 'UTC')}, asked_at) AS known,
                    arrayMap(a -> toUnixTimestamp64Milli(a), known) AS asked,
                    arrayMap(x -> toUnixTimestamp64Milli(if(ifNull(x <= {as_of:DateTime64(3, 'UTC')}, false), assumeNotNull(x), {as_of:DateTime64(3, 'UTC')})),
                        arrayFilter((x, a) -> a <= {as_of:DateTime64(3, 'UTC')}, answered_at, asked_at)) AS until
                FROM walks FINAL
                ARRAY JOIN
                    runs.attempt AS attempt, runs.persona AS persona, runs.account AS account, runs.customer AS customer,
                    visits.stage AS all_stage, visits.exit AS all_exit, visits.entered_at AS all_entered_at, visits.left_at AS all_left_at,
                    visits.touchpoint AS all_touchpoint, visits.channel AS all_channel, visits.department AS all_department,
                    visits.value_known AS all_value_known, waits.asked_at AS asked_at, waits.answered_at AS answered_at
                WHERE journey = {journey:String}
            )
            ARRAY JOIN
                all_stage AS stage, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at, all_touchpoint AS touchpoint,
                all_channel AS channel, all_department AS department, all_value_known AS value_known
            WHERE left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
                AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
                AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                AND ({customer:String} = '' OR customer = {customer:String})
                AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                AND ({stage:String} = '' OR stage = {stage:String})
        )
    ),
    counted AS
    (
        SELECT
            stage, count() AS n, sum(stay) AS total, sum(company) AS company_total,
            quantilesExactInclusive(0.5, 0.75, 0.9)(company) AS company_q,
            quantilesExactInclusive(0.5, 0.75, 0.9)(stay - company) AS customer_q
        FROM stays
        GROUP BY stage
    )
SELECT
    toString(d.stage) AS stage, d.position AS position,
    coalesce(nullIf(d.labels['it'], ''), nullIf(d.labels['en'], ''), toString(d.stage)) AS label_it,
    coalesce(nullIf(d.labels['en'], ''), nullIf(d.labels['it'], ''), toString(d.stage)) AS label_en,
    c.n AS n,
    if(total = 0, NULL, company_total / total) AS company_share,
    if(c.n = 0, NULL, company_q[1] / 1000) AS company_p50_s, if(c.n = 0, NULL, company_q[2] / 1000) AS company_p75_s,
    if(c.n = 0, NULL, company_q[3] / 1000) AS company_p90_s,
    if(c.n = 0, NULL, customer_q[1] / 1000) AS customer_p50_s, if(c.n = 0, NULL, customer_q[2] / 1000) AS customer_p75_s,
    if(c.n = 0, NULL, customer_q[3] / 1000) AS customer_p90_s
FROM
(
    SELECT position, stage, labels
    FROM stages FINAL
    WHERE journey = {journey:String} AND {stage:String} IN ('', stage)
        AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
) AS d
LEFT JOIN counted AS c ON c.stage = d.stage
ORDER BY position;

-- +goose Down
DROP VIEW turns;
