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
    -- piece: words
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    -- the share lost of each stage's mature, decided visits
    (
        SELECT (groupArray(stage), groupArray(share))
        FROM
        (
            SELECT stage, countIf(exit IN ('lost_explicit', 'lost_silent')) / count() AS share
            FROM findings FINAL
            ARRAY JOIN
                visits.run AS run, visits.stage AS stage, visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at,
                visits.value_known AS value_known
            WHERE journey = {journey:String} AND left_at <= {as_of:DateTime64(3, 'UTC')} AND exit != 'in_progress'
                AND now_ms - toUnixTimestamp64Milli(entered_at) >= transform(stage, aged.1, aged.2, inf)
                AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                AND ({persona:String} = '' OR runs.persona[run] = number_of({persona:String}))
                AND ({account:String} = '' OR {account:String} IN (if(runs.account[run] = '', '-', '+'), runs.account[run]))
                AND ({customer:String} = '' OR runs.customer[run] = {customer:String})
                AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                AND ({stage:String} = '' OR stage = number_of({stage:String}))
            GROUP BY stage
        )
    ) AS usual,
    -- which touchpoints were met in which visit that counts, each once: a number made of the visit, whether it was lost, its stage's place and
    -- the touchpoint's number
    fates AS
    (
        SELECT
            if({by:String} = 'stage', aged.4[place], '') AS part, named[number] AS touchpoint,
            sum(n) AS decided, sum(if(gone, n, 0)) AS lost, sum(n * usual.2[indexOf(usual.1, aged.1[place])]) AS expected
        FROM
        (
            SELECT
                bitAnd(key, 4294967295) AS what, bitAnd(what, 65535) AS number, bitAnd(bitShiftRight(what, 16), 255) AS place,
                bitAnd(bitShiftRight(what, 24), 1) = 1 AS gone, count() AS n
            FROM
            (
                WITH
                    -- of each visit: 1 decided, 2 lost, 0 does not count
                    arrayMap((stage, exit, entered_at, left_at, value_known) -> toUInt8(if(
                            left_at <= {as_of:DateTime64(3, 'UTC')} AND exit != 'in_progress'
                                AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                                AND now_ms - toUnixTimestamp64Milli(entered_at) >= transform(stage, aged.1, aged.2, inf)
                                AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                                AND ({stage:String} = '' OR stage = number_of({stage:String})),
                            if(exit IN ('lost_explicit', 'lost_silent'), 2, 1), 0)),
                        visits.stage, visits.exit, visits.entered_at, visits.left_at,
                        if({value_from:Float64} = 0 AND {value_to:Float64} = inf, arrayMap(p -> 0., visits.position), visits.value_known)) AS fate_of,
                    -- piece: steps_asked
                SELECT
                    arrayMap((asked, visit, toward, touchpoint) -> if(asked AND toward > 0 AND (fate_of[visit] AS fate) > 0,
                            visit * 4294967296 + if(fate = 2, 16777216, 0) + toward * 65536 + touchpoint, 0),
                        asked_for, steps.visit, steps.toward, steps.touchpoint) AS keys
                FROM findings FINAL
                WHERE journey = {journey:String}
            )
            ARRAY JOIN arrayDistinct(keys) AS key
            WHERE key != 0
            GROUP BY what
        )
        GROUP BY part, touchpoint
    ),
    meetings AS
    (
        SELECT
            named[place] AS part, named[number] AS touchpoint, cases, interactions, scored, positive, negative
        FROM
        (
            SELECT
                bitAnd(key, 4294967295) AS what, bitAnd(what, 65535) AS number, bitShiftRight(what, 16) AS place,
                countIf(nth = 1) AS cases, count() AS interactions,
                countIf(eligible AND label != '') AS scored, countIf(eligible AND label = 'positive') AS positive,
                countIf(eligible AND label = 'negative') AS negative
            FROM
            (
                WITH
                    -- piece: steps_asked
                SELECT
                    arrayMap(
                        (asked_for, run, occurred_at, touchpoint, place) -> if(
                            asked_for AND touchpoint != 0 AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
                                AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')},
                            run * 4294967296 + place * 65536 + touchpoint,
                            0),
                        arrayMap((x, s) -> x AND ({stage:String} = '' OR s = number_of({stage:String})), asked_for,
                            if({stage:String} = '', steps.touchpoint, steps.stage)),
                        steps.run, steps.occurred_at, steps.touchpoint,
                        if({by:String} = 'stage', steps.stage, arrayMap(t -> toUInt16(0), steps.touchpoint))) AS keys,
                    steps.mood_eligible AS all_eligible, steps.mood_label AS all_label
                FROM findings FINAL
                WHERE journey = {journey:String}
            )
            ARRAY JOIN keys AS key, arrayEnumerateUniq(keys) AS nth, all_eligible AS eligible, all_label AS label
            WHERE key != 0
            GROUP BY what
        )
    ),
    questions AS
    (
        SELECT
            named[asked_in] AS part, named[asked_at_touchpoint] AS touchpoint,
            countIf(is_answered) AS wait_n,
            countIf(NOT is_answered) AS wait_waiting,
            quantilesExactInclusiveIf(0.5, 0.75)(ifNull(waited_ms, 0), is_answered) AS wait_q,
            countIf(ifNull(if(is_answered, answered_at > due_at, due_at < {as_of:DateTime64(3, 'UTC')}), false)) AS late
        FROM
        (
            SELECT
                if({by:String} = 'stage', stage, 0) AS asked_in, touchpoint AS asked_at_touchpoint, answered_at, due_at, waited_ms,
                ifNull(answered_at <= {as_of:DateTime64(3, 'UTC')}, false) AS is_answered
            FROM findings FINAL
            ARRAY JOIN
                waits.asked_at AS asked_at, waits.answered_at AS answered_at, waits.due_at AS due_at, waits.waited_ms AS waited_ms,
                waits.stage AS stage, waits.touchpoint AS touchpoint,
                -- piece: wait_masks
            WHERE journey = {journey:String} AND asked_at <= {as_of:DateTime64(3, 'UTC')} AND touchpoint != 0
                -- piece: wait_filters
                AND ({stage:String} = '' OR stage = number_of({stage:String}))
        )
        GROUP BY asked_in, asked_at_touchpoint
    ),
    -- piece: maturity
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
