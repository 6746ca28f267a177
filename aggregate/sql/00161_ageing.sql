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
    usual AS
    (
        SELECT stage AS at_stage, count() AS n, quantilesExactInclusive(0.5, 0.75, 0.9)(ms) AS q
        FROM
        (
            SELECT
                stage, toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at) AS ms
            FROM
            (
                SELECT all_stage, all_exit, all_entered_at, all_left_at
                FROM walks FINAL
                ARRAY JOIN
                    visits.stage AS all_stage, visits.exit AS all_exit, visits.entered_at AS all_entered_at, visits.left_at AS all_left_at
                WHERE journey = {journey:String}
            )
            ARRAY JOIN
                all_stage AS stage, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at
            WHERE left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed')
        )
        GROUP BY stage
    ),
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
            SELECT stage, now_ms - toUnixTimestamp64Milli(entered_at) AS ms, has_question
            FROM
            (
                SELECT persona, account, customer, has_question, all_stage, all_entered_at, all_left_at, all_exit, all_touchpoint, all_channel, all_department,
                    all_value_known
                FROM walks FINAL
                ARRAY JOIN
                    runs.persona AS persona, runs.account AS account, runs.customer AS customer, visits.stage AS all_stage,
                    visits.entered_at AS all_entered_at, visits.left_at AS all_left_at, visits.exit AS all_exit, visits.touchpoint AS all_touchpoint,
                    visits.channel AS all_channel, visits.department AS all_department, visits.value_known AS all_value_known,
                    arrayMap((asked, answered) -> arrayExists((a, w) -> a <= {as_of:DateTime64(3, 'UTC')} AND ifNull(w > {as_of:DateTime64(3, 'UTC')}, true), asked, answered),
                        waits.asked_at, waits.answered_at) AS has_question
                WHERE journey = {journey:String}
            )
            ARRAY JOIN
                all_stage AS stage, all_entered_at AS entered_at, all_left_at AS left_at, all_exit AS exit, all_touchpoint AS touchpoint,
                all_channel AS channel, all_department AS department, all_value_known AS value_known
            WHERE entered_at <= {as_of:DateTime64(3, 'UTC')} AND (left_at > {as_of:DateTime64(3, 'UTC')} OR exit = 'in_progress')
                AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
                AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                AND ({customer:String} = '' OR customer = {customer:String})
                AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
        ) AS k
        LEFT JOIN usual AS u ON u.at_stage = k.stage
        GROUP BY k.stage
    ),
    definition AS
    (
        SELECT position, stage AS at_stage, labels
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
LEFT JOIN usual AS u ON u.at_stage = d.at_stage
LEFT JOIN counted AS c ON c.at_stage = d.at_stage
ORDER BY position;

-- +goose Down
DROP VIEW ageing;
