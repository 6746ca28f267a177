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
    -- the stages in order, how old a visit is when it counts (inf: none does), and that of all stages before
    (
        SELECT (groupArray(stage), groupArray(maturity_ms), groupArray(before_ms))
        FROM
        (
            SELECT
                toString(s.stage) AS stage,
                ifNull(multiIf(nullIf(s.maturity_ms, 0) IS NOT NULL, toFloat64(s.maturity_ms),
                               s.silence_ms IS NOT NULL, greatest(toFloat64(ifNull(s.silence_ms, 0)), ifNull(p95_ms, 0.)),
                               p95_end_ms), inf) AS maturity_ms,
                sum(if(isInfinite(maturity_ms), 0., maturity_ms)) OVER (ORDER BY s.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ms
            FROM (SELECT * FROM stages FINAL WHERE journey = {journey:String}) AS s
            LEFT JOIN
            (
                SELECT
                    stage,
                    quantileExactInclusiveOrNullIf(0.95)(stay, exit = 'moved_on') AS p95_ms,
                    quantileExactInclusiveOrNullIf(0.95)(stay, exit IN ('moved_on', 'completed')) AS p95_end_ms
                FROM
                (
                    SELECT
                        stage, exit, toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at) AS stay
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
                    WHERE left_at <= {as_of:DateTime64(3, 'UTC')}
                )
                GROUP BY stage
            ) AS q ON q.stage = s.stage
            WHERE s.version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
            ORDER BY s.position
        )
    ) AS aged,
    -- the share lost of each stage's mature, decided visits
    (
        SELECT (groupArray(stage), groupArray(share))
        FROM
        (
            SELECT toString(stage) AS stage, countIf(exit IN ('lost_explicit', 'lost_silent')) / count() AS share
            FROM
            (
                SELECT
                    stage, exit
                FROM
                (
                    SELECT persona, account, customer, all_stage, all_exit, all_entered_at, all_left_at, all_value_known
                    FROM walks FINAL
                    ARRAY JOIN
                        runs.persona AS persona, runs.account AS account, runs.customer AS customer, visits.stage AS all_stage, visits.exit AS all_exit,
                        visits.entered_at AS all_entered_at, visits.left_at AS all_left_at, visits.value_known AS all_value_known
                    WHERE journey = {journey:String}
                )
                ARRAY JOIN
                    all_stage AS stage, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at, all_value_known AS value_known
                WHERE left_at <= {as_of:DateTime64(3, 'UTC')} AND exit != 'in_progress' AND now_ms - toUnixTimestamp64Milli(entered_at) >= transform(toString(stage), aged.1, aged.2, inf)
                    AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                    AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                    AND ({customer:String} = '' OR customer = {customer:String})
                    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                    AND ({stage:String} = '' OR stage = {stage:String})
            )
            GROUP BY stage
        )
    ) AS usual,
    -- which touchpoints were met in which visit: the furthest one whose stage an interaction up to it entered. ends says of each visit in
    -- one number until when it lasted, which of the stages it was in and whether it was lost, or 0 where it does not count
    fates AS
    (
        SELECT
            if({by:String} = 'stage', aged.1[place], '') AS part, toString(met_one) AS touchpoint,
            sum(n) AS decided, sum(gone) AS lost, sum(n * usual.2[indexOf(usual.1, aged.1[place])]) AS expected
        FROM
        (
            SELECT met_one, toUInt8(bitAnd(bitShiftRight(end, 1), 255)) AS place, count() AS n, countIf(bitAnd(end, 1) = 1) AS gone
            FROM
            (
                SELECT
                    arrayMap(
                        (stage, position, exit, entered_at, left_at, value_known) -> if(left_at <= {as_of:DateTime64(3, 'UTC')} AND exit != 'in_progress' AND now_ms - toUnixTimestamp64Milli(entered_at) >= transform(toString(stage), aged.1, aged.2, inf)
                            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                            AND ({stage:String} = '' OR stage = {stage:String}),
                            toUnixTimestamp64Milli(left_at) * 512 + indexOf(aged.1, toString(stage)) * 2 + (exit IN ('lost_explicit', 'lost_silent')), 0),
                        v_stages, positions, v_exits, v_entered, v_left, v_values) AS ends,
                    positions,
                    arrayMap(
                        (outcome, reached, occurred_at, channel, touchpoint, department, value_known) -> outcome = '' AND reached > 0 AND touchpoint != ''
                            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
                            AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                            AND ({touchpoint:String} = '' OR touchpoint = {touchpoint:String})
                            AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64}),
                        outcomes, reach, times, channels, touchpoints, departments, values) AS counts,
                    arrayFilter((x, c) -> c, touchpoints, counts) AS met,
                    arrayFilter((x, c) -> c, reach, counts) AS met_reach,
                    arrayFilter((x, c) -> c, times, counts) AS met_at
                FROM walks FINAL
                ARRAY JOIN
                    runs.persona AS persona, runs.account AS account, runs.customer AS customer, visits.stage AS v_stages, visits.position AS positions,
                    visits.exit AS v_exits, visits.entered_at AS v_entered, visits.left_at AS v_left, visits.value_known AS v_values,
                    steps.occurred_at AS times, steps.channel AS channels, steps.touchpoint AS touchpoints, steps.department AS departments,
                    steps.value_known AS values, steps.outcome AS outcomes, steps.reached AS reach
                WHERE journey = {journey:String} AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                    AND ({customer:String} = '' OR customer = {customer:String})
            )
            ARRAY JOIN
                met AS met_one, arrayEnumerateUniq(met, met_reach) AS nth, met_at AS at,
                arrayMap(r -> ends[indexOf(positions, r - 1)], met_reach) AS end
            WHERE nth = 1 AND end != 0 AND toUnixTimestamp64Milli(at) <= bitShiftRight(end, 9)
            GROUP BY met_one, place
        )
        GROUP BY part, touchpoint
    ),
    meetings AS
    (
        SELECT
            toString(part_of) AS part, toString(met_one) AS touchpoint, countIf(nth = 1) AS cases, count() AS interactions,
            countIf(label != '') AS scored, countIf(label = 'positive') AS positive, countIf(label = 'negative') AS negative
        FROM
        (
            SELECT
                arrayMap(
                (occurred_at, channel, touchpoint, department, stage, value_known) -> occurred_at <= {as_of:DateTime64(3, 'UTC')}
                    AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
                    AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                    AND ({touchpoint:String} = '' OR touchpoint = {touchpoint:String})
                    AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                    AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage)),
                times, channels, touchpoints, departments, stages, values) AS counts,
                arrayMap((c, x) -> c AND x != '', counts, touchpoints) AS named,
                arrayFilter((x, c) -> c, touchpoints, named) AS met,
                if({by:String} = 'stage', arrayFilter((x, c) -> c, stages, named), arrayMap(x -> toLowCardinality(''), met)) AS parts,
                arrayFilter((x, c) -> c, arrayMap((l, e) -> if(e, l, ''), labels, eligible), named) AS met_labels
            FROM walks FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.account AS account, runs.customer AS customer, steps.occurred_at AS times, steps.channel AS channels,
                steps.touchpoint AS touchpoints, steps.department AS departments, steps.stage AS stages, steps.value_known AS values,
                steps.mood_eligible AS eligible, steps.mood_label AS labels
            WHERE journey = {journey:String} AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                AND ({customer:String} = '' OR customer = {customer:String})
        )
        ARRAY JOIN met AS met_one, parts AS part_of, met_labels AS label, arrayEnumerateUniq(met, parts) AS nth
        GROUP BY part_of, met_one
    ),
    questions AS
    (
        SELECT
            part, toString(touchpoint) AS touchpoint,
            countIf(is_answered) AS wait_n,
            countIf(NOT is_answered) AS wait_waiting,
            quantilesExactInclusiveIf(0.5, 0.75)(ifNull(waited_ms, 0), is_answered) AS wait_q,
            countIf(ifNull(if(is_answered, answered_at > due_at, due_at < {as_of:DateTime64(3, 'UTC')}), false)) AS late
        FROM
        (
            SELECT
                if({by:String} = 'stage', toString(stage), '') AS part, touchpoint, answered_at, due_at, waited_ms,
                ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_answered
            FROM
            (
                SELECT persona, account, all_asked_at, all_answered_at, all_due_at, all_waited_ms, all_stage, all_touchpoint, all_channel, all_department,
                    all_customer, all_value_known
                FROM walks FINAL
                ARRAY JOIN
                    runs.persona AS persona, runs.account AS account, waits.asked_at AS all_asked_at, waits.answered_at AS all_answered_at,
                    waits.due_at AS all_due_at, waits.waited_ms AS all_waited_ms, waits.stage AS all_stage, waits.touchpoint AS all_touchpoint,
                    waits.channel AS all_channel, waits.department AS all_department, waits.customer AS all_customer,
                    waits.value_known AS all_value_known
                WHERE journey = {journey:String}
            )
            ARRAY JOIN
                all_asked_at AS asked_at, all_answered_at AS answered_at, all_due_at AS due_at, all_waited_ms AS waited_ms, all_stage AS stage,
                all_touchpoint AS touchpoint, all_channel AS channel, all_department AS department, all_customer AS customer,
                all_value_known AS value_known
            WHERE asked_at <= {as_of:DateTime64(3, 'UTC')}
                AND touchpoint != ''
                AND asked_at >= {from:DateTime64(3, 'UTC')} AND asked_at < {to:DateTime64(3, 'UTC')}
                AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                AND ({touchpoint:String} = '' OR touchpoint = {touchpoint:String})
                AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                AND ({customer:String} = '' OR customer = {customer:String})
                AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
        )
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
