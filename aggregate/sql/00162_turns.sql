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
    stays AS
    (
        SELECT
            subject, attempt, position, toString(stage) AS at_stage,
            toUnixTimestamp64Milli(entered_at) AS entered_ms, toUnixTimestamp64Milli(left_at) AS left_ms
        FROM visits FINAL
        WHERE journey = {journey:String} AND left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', stage)
    ),
    open AS
    (
        SELECT
            subject, attempt, toUnixTimestamp64Milli(asked_at) AS asked_ms,
            toUnixTimestamp64Milli(if(ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false), assumeNotNull(answered_at), {as_of:DateTime64(3, 'UTC')})) AS until_ms
        FROM waits FINAL
        WHERE journey = {journey:String} AND attempt > 0 AND asked_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    company AS
    (
        SELECT
            s.subject AS subject, s.attempt AS attempt, s.position AS position,
            intervalLengthSum(greatest(asked_ms, entered_ms), least(until_ms, left_ms)) AS ms
        FROM stays AS s
        INNER JOIN open AS o ON o.subject = s.subject AND o.attempt = s.attempt
        WHERE o.asked_ms < s.left_ms AND o.until_ms > s.entered_ms
        GROUP BY subject, attempt, position
    ),
    counted AS
    (
        SELECT
            s.at_stage AS at_stage, count() AS n, sum(left_ms - entered_ms) AS total, sum(toInt64(c.ms)) AS company_total,
            quantilesExactInclusive(0.5, 0.75, 0.9)(toInt64(c.ms)) AS company_q,
            quantilesExactInclusive(0.5, 0.75, 0.9)(left_ms - entered_ms - toInt64(c.ms)) AS customer_q
        FROM stays AS s
        LEFT JOIN company AS c ON c.subject = s.subject AND c.attempt = s.attempt AND c.position = s.position
        GROUP BY at_stage
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
LEFT JOIN counted AS c ON c.at_stage = d.stage
ORDER BY position;

-- +goose Down
DROP VIEW turns;
