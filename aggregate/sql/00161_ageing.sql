-- +goose Up

-- ageing: how old the open visits are, held against how long the stage usually takes: its own percentiles. Stages where nobody
-- is show with zeros. Durations are seconds.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   of the interaction that entered the stage; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all
--
-- usual_n, usual_p50_s, usual_p75_s, usual_p90_s: the stays of all visits to the stage that moved on or completed by T, whatever
--   the period and the filters. open = to_p50 + to_p75 + to_p90 + past_p90 + unknown: visits in progress at T that are no older than
--   the median, than p75, than p90, older; unknown while nobody has gone on.
-- company_turn: of the open, those whose case has an open question at T; customer_turn: the others.
-- past_p90_share, with its Wilson 95 % interval, is of the open with a known age class; by chance it would be a tenth at most. few:
--   under 30 of them. oldest_s, open_p50_s: age of the open.
CREATE OR REPLACE VIEW ageing AS
WITH
    -- piece: words
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    (
        SELECT groupArray((stage, n, q))
        FROM (SELECT stage, count() AS n, quantilesExactInclusive(0.5, 0.75, 0.9)(ms) AS q
        FROM
        (
            SELECT stage, toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at) AS ms
            FROM findings FINAL
            ARRAY JOIN visits.stage AS stage, visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at
            WHERE journey = {journey:String} AND left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
        )
        GROUP BY stage)
    ) AS stays,
    usual AS (SELECT u.1 AS at_stage, u.2 AS n, u.3 AS q FROM (SELECT arrayJoin(stays) AS u)),
    counted AS
    (
        SELECT
            k.stage AS at_stage, count() AS open,
            countIf(u.n > 0 AND ms <= u.q[1]) AS to_p50,
            countIf(u.n > 0 AND ms > u.q[1] AND ms <= u.q[2]) AS to_p75,
            countIf(u.n > 0 AND ms > u.q[2] AND ms <= u.q[3]) AS to_p90,
            countIf(u.n > 0 AND ms > u.q[3]) AS past_p90,
            countIf(u.n = 0) AS unknown,
            countIf(has_question) AS company_turn,
            quantileExactInclusive(0.5)(ms) AS open_p50_ms, max(ms) AS oldest_ms
        FROM
        (
            SELECT
                stage, now_ms - toUnixTimestamp64Milli(entered_at) AS ms,
                arrayExists((r, a, w) -> r = run AND a <= {as_of:DateTime64(3, 'UTC')} AND ifNull(w > {as_of:DateTime64(3, 'UTC')}, true),
                    waits.run, waits.asked_at, waits.answered_at) AS has_question
            FROM findings FINAL
            ARRAY JOIN
                visits.run AS run, visits.stage AS stage, visits.entered_at AS entered_at, visits.left_at AS left_at, visits.exit AS exit,
                -- piece: visit_masks
            WHERE journey = {journey:String}
                AND entered_at <= {as_of:DateTime64(3, 'UTC')} AND (left_at > {as_of:DateTime64(3, 'UTC')} OR exit = 'in_progress')
                -- piece: visit_filters
        ) AS k
        LEFT JOIN usual AS u ON u.at_stage = k.stage
        GROUP BY k.stage
    ),
    definition AS
    (
        SELECT position, stage AS at_stage, number_of(toString(stage)) AS number, labels
        FROM stages FINAL
        WHERE journey = {journey:String} AND {stage:String} IN ('', stage)
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    )
SELECT
    toString(d.at_stage) AS stage, d.position AS position,
    coalesce(nullIf(d.labels['it'], ''), nullIf(d.labels['en'], ''), toString(d.at_stage)) AS label_it,
    coalesce(nullIf(d.labels['en'], ''), nullIf(d.labels['it'], ''), toString(d.at_stage)) AS label_en,
    u.n AS usual_n,
    if(u.n = 0, NULL, u.q[1] / 1000) AS usual_p50_s, if(u.n = 0, NULL, u.q[2] / 1000) AS usual_p75_s, if(u.n = 0, NULL, u.q[3] / 1000) AS usual_p90_s,
    c.open AS open, c.to_p50 AS to_p50, c.to_p75 AS to_p75, c.to_p90 AS to_p90, c.past_p90 AS past_p90, c.unknown AS unknown,
    c.company_turn AS company_turn, c.open - c.company_turn AS customer_turn,
    c.open - c.unknown AS classed,
    if(classed = 0, NULL, past_p90 / classed) AS past_p90_share,
    if(classed = 0, NULL, greatest(0., (past_p90_share + z * z / 2 / classed
        - z * sqrt(past_p90_share * (1 - past_p90_share) / classed + z * z / 4 / classed / classed)) / (1 + z * z / classed))) AS past_p90_low,
    if(classed = 0, NULL, least(1., (past_p90_share + z * z / 2 / classed
        + z * sqrt(past_p90_share * (1 - past_p90_share) / classed + z * z / 4 / classed / classed)) / (1 + z * z / classed))) AS past_p90_high,
    toBool(classed < 30) AS few,
    if(c.open = 0, NULL, open_p50_ms / 1000) AS open_p50_s, if(c.open = 0, NULL, oldest_ms / 1000) AS oldest_s
FROM definition AS d
LEFT JOIN usual AS u ON u.at_stage = d.number
LEFT JOIN counted AS c ON c.at_stage = d.number
ORDER BY position;

-- +goose Down
DROP VIEW ageing;
