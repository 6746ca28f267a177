-- +goose Up

-- touchpoints: every touchpoint customers met: how many, how they felt and waited there, how many were lost after it,
-- and its friction with the terms it is made of. What a moment of truth is judged by: wait_p75_s, curve, loss.
--
--   journey     the journey's id
--   from, to    met, asked and written in [from, to); for the loss: visits entered in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department   of the interaction, or question; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       the interaction counted for, or the case was in when it asked; for the loss: the stage visited; '' all, '-' none
--   by          touchpoint: a row for each; stage: a row for each stage and touchpoint, as if asked stage by stage
--
-- loss: of the mature, decided visits that met the touchpoint before their outcome (decided), the share lost (lost), with
--   its Wilson 95 % interval; few where decided is under 30. The interaction that decides is not before its own outcome.
-- stage_loss: what the same visits would have lost at the drop-off of their stages (mature visits entered in [from, to) of
--   the same persona, whatever they met).
-- friction = loss_term + late + negative, where loss_term = cases × (loss - stage_loss), late = answered after the
--   target or waiting beyond it, negative = texts scored negative. Each term is a count.
CREATE OR REPLACE VIEW touchpoints AS
WITH
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    everyone AS
    (
        SELECT
            subject, attempt, stage, position, persona, account, customer, value_known, entered_at, left_at,
            toUnixTimestamp64Milli(entered_at) AS entered_ms,
            toUnixTimestamp64Milli(left_at) AS left_ms,
            if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    definition AS
    (
        SELECT
            s.position AS position, s.stage AS stage,
            multiIf(nullIf(s.maturity_ms, 0) IS NOT NULL, toFloat64(s.maturity_ms),
                    s.silence_ms IS NOT NULL, greatest(toFloat64(ifNull(s.silence_ms, 0)), ifNull(p95_ms, 0.)),
                    p95_end_ms) AS maturity_ms
        FROM (SELECT * FROM stages FINAL WHERE journey = {journey:String}) AS s
        LEFT JOIN
        (
            SELECT
                stage,
                quantileExactInclusiveOrNullIf(0.95)(left_ms - entered_ms, state = 'moved_on') AS p95_ms,
                quantileExactInclusiveOrNullIf(0.95)(left_ms - entered_ms, state IN ('moved_on', 'completed')) AS p95_end_ms
            FROM everyone
            GROUP BY stage
        ) AS q ON q.stage = s.stage
        WHERE s.version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    ended AS
    (
        SELECT
            subject, attempt, everyone.stage AS stage, everyone.position AS position, left_at,
            state IN ('lost_explicit', 'lost_silent') AS is_lost,
            avg(is_lost) OVER (PARTITION BY everyone.stage) AS usual
        FROM everyone
        INNER JOIN definition ON definition.stage = everyone.stage
        WHERE state != 'in_progress' AND ifNull(now_ms - entered_ms >= maturity_ms, false)
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', everyone.stage)
    ),
    met AS
    (
        SELECT
            subject, attempt, toString(steps.touchpoint) AS touchpoint, stage,
            mood_eligible AND mood_label != '' AS is_scored, toString(mood_label) AS mood
        FROM steps FINAL
        WHERE journey = {journey:String} AND case_id != '' AND steps.touchpoint != ''
            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', steps.touchpoint)
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', if(stage = '', '-', stage))
    ),
    -- the visit an interaction fell in: the furthest one whose stage an interaction up to it entered
    placed AS
    (
        SELECT
            subject, attempt, occurred_at, outcome, k.persona AS persona, k.channel AS channel, k.touchpoint AS touchpoint,
            k.department AS department, account, customer, value_known,
            max(if(is_return OR d.stage = '', 0, d.position + 1)) OVER
                (PARTITION BY subject, attempt ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS place
        FROM
        (
            SELECT
                subject, attempt, number, stage, is_return, occurred_at, outcome, persona, channel,
                toString(steps.touchpoint) AS touchpoint, department, account, customer, value_known
            FROM steps FINAL
            WHERE journey = {journey:String} AND case_id != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
        ) AS k
        LEFT JOIN definition AS d ON d.stage = k.stage
    ),
    touched AS
    (
        SELECT subject, attempt, touchpoint, place, min(occurred_at) AS first_at
        FROM placed
        WHERE outcome = '' AND place > 0 AND touchpoint != ''
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', touchpoint)
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
        GROUP BY subject, attempt, touchpoint, place
    ),
    fates AS
    (
        SELECT
            if({by:String} = 'stage', toString(e.stage), '') AS part, t.touchpoint AS touchpoint,
            count() AS decided, countIf(is_lost) AS lost, sum(usual) AS expected
        FROM touched AS t
        INNER JOIN ended AS e ON e.subject = t.subject AND e.attempt = t.attempt AND e.position + 1 = t.place
        WHERE t.first_at <= e.left_at
        GROUP BY part, touchpoint
    ),
    meetings AS
    (
        SELECT
            if({by:String} = 'stage', toString(stage), '') AS part,
            touchpoint, uniqExact(subject, attempt) AS cases, count() AS interactions,
            countIf(is_scored) AS scored, countIf(is_scored AND mood = 'positive') AS positive,
            countIf(is_scored AND mood = 'negative') AS negative
        FROM met
        GROUP BY part, touchpoint
    ),
    questions AS
    (
        SELECT
            if({by:String} = 'stage', toString(w.stage), '') AS part,
            toString(w.touchpoint) AS touchpoint,
            countIf(ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_answered) AS wait_n,
            countIf(NOT is_answered) AS wait_waiting,
            quantilesExactInclusiveIf(0.5, 0.75)(ifNull(waited_ms, 0), is_answered) AS wait_q,
            countIf(ifNull(if(is_answered, answered_at > due_at, due_at < {as_of:DateTime64(3, 'UTC')}), false)) AS late
        FROM (SELECT * FROM waits FINAL WHERE journey = {journey:String}) AS w
        WHERE asked_at <= {as_of:DateTime64(3, 'UTC')} AND w.touchpoint != ''
            AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', w.touchpoint)
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', if(stage = '', '-', stage))
        GROUP BY part, touchpoint
    )
SELECT
    m.part AS stage, m.touchpoint AS touchpoint, cases, interactions,
    decided, lost,
    if(decided = 0, NULL, lost / decided) AS loss,
    if(decided = 0, NULL, greatest(0., (loss + z * z / 2 / decided
        - z * sqrt(loss * (1 - loss) / decided + z * z / 4 / decided / decided)) / (1 + z * z / decided))) AS loss_low,
    if(decided = 0, NULL, least(1., (loss + z * z / 2 / decided
        + z * sqrt(loss * (1 - loss) / decided + z * z / 4 / decided / decided)) / (1 + z * z / decided))) AS loss_high,
    if(decided = 0, NULL, round(expected / decided, 12)) AS stage_loss,
    toBool(decided < 30) AS few,
    wait_n, wait_waiting,
    if(wait_n = 0, NULL, wait_q[1] / 1000) AS wait_p50_s,
    if(wait_n = 0, NULL, wait_q[2] / 1000) AS wait_p75_s,
    late, scored, positive, negative,
    if(scored = 0, NULL, (toInt64(positive) - toInt64(negative)) / scored) AS net,
    2 * net AS curve,
    ifNull(cases * (loss - stage_loss), 0) AS loss_term,
    loss_term + late + negative AS friction
FROM meetings AS m
LEFT JOIN fates AS f ON f.part = m.part AND f.touchpoint = m.touchpoint
LEFT JOIN questions AS q ON q.part = m.part AND q.touchpoint = m.touchpoint
ORDER BY friction DESC, stage, touchpoint;

-- +goose Down
DROP VIEW touchpoints;
