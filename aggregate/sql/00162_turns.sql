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
    -- piece: words
    -- visits that moved on or completed
    stays AS
    (
        SELECT stage, toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at) AS stay, company_ms AS company
        FROM findings FINAL
        ARRAY JOIN
            visits.stage AS stage, visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at, visits.company_ms AS company_ms,
            if({stage:String} = '', visits.position, arrayMap(x -> toUInt8(x = number_of({stage:String})), visits.stage)) AS of_stage,
            -- piece: visit_masks
        WHERE journey = {journey:String} AND left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
            -- piece: visit_filters
            AND ({stage:String} = '' OR of_stage)
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
LEFT JOIN counted AS c ON c.stage = number_of(toString(d.stage))
ORDER BY position;

-- +goose Down
DROP VIEW turns;
