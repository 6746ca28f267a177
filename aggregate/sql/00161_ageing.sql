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
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    known AS
    (
        SELECT
            subject, attempt, toString(stage) AS at_stage, persona, channel, touchpoint, department, account, customer, value_known, entered_at,
            if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state,
            least(toUnixTimestamp64Milli(left_at), now_ms) - toUnixTimestamp64Milli(entered_at) AS ms
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    usual AS
    (
        SELECT
            at_stage, countIf(state IN ('moved_on', 'completed')) AS n,
            quantilesExactInclusiveIf(0.5, 0.75, 0.9)(ms, state IN ('moved_on', 'completed')) AS q
        FROM known
        GROUP BY at_stage
    ),
    asked AS
    (
        SELECT DISTINCT subject, attempt
        FROM waits FINAL
        WHERE journey = {journey:String} AND attempt > 0 AND asked_at <= {as_of:DateTime64(3, 'UTC')}
            AND ifNull(answered_at > {as_of:DateTime64(3, 'UTC')}, true)
    ),
    counted AS
    (
        SELECT
            k.at_stage AS at_stage, count() AS open,
            countIf(u.n > 0 AND ms <= u.q[1]) AS to_p50,
            countIf(u.n > 0 AND ms > u.q[1] AND ms <= u.q[2]) AS to_p75,
            countIf(u.n > 0 AND ms > u.q[2] AND ms <= u.q[3]) AS to_p90,
            countIf(u.n > 0 AND ms > u.q[3]) AS past_p90,
            countIf(u.n = 0) AS unknown,
            countIf((subject, attempt) IN asked) AS company_turn,
            quantileExactInclusive(0.5)(ms) AS open_p50_ms, max(ms) AS oldest_ms
        FROM known AS k
        LEFT JOIN usual AS u ON u.at_stage = k.at_stage
        WHERE state = 'in_progress' AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
        GROUP BY k.at_stage
    ),
    definition AS
    (
        SELECT position, toString(stage) AS at_stage, labels
        FROM stages FINAL
        WHERE journey = {journey:String} AND {stage:String} IN ('', stage)
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    )
SELECT
    d.at_stage AS stage, d.position AS position,
    coalesce(nullIf(d.labels['it'], ''), nullIf(d.labels['en'], ''), d.at_stage) AS label_it,
    coalesce(nullIf(d.labels['en'], ''), nullIf(d.labels['it'], ''), d.at_stage) AS label_en,
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
LEFT JOIN usual AS u ON u.at_stage = d.at_stage
LEFT JOIN counted AS c ON c.at_stage = d.at_stage
ORDER BY position;

-- +goose Down
DROP VIEW ageing;
