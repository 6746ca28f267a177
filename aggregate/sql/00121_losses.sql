-- +goose Up

-- losses: what goes with loss, stage by stage. Each value of each fact that was known before the outcome is held against
-- all other visits of the stage. This is association, not cause.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   those of the interaction that entered the stage; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all
--
-- The visits are those that drop-off divides: mature at T and decided. fact and value:
--   entry_channel, entry_touchpoint   of the interaction that opened the case
--   persona       of the case
--   touchpoint    met in the case before the visit's outcome
--   late_answer   'yes': a question of the case passed its target, answered late or not at all, before the outcome
--   negative_mood 'yes': the customer had written something negative before the outcome
-- "Before" leaves out the instant of the outcome: the interaction that decides does not explain itself.
--
-- n: visits with the value, lost: of these; others, others_lost: all other visits of the stage. Values held by fewer than
--   25 visits, or fewer than 2 % of the stage's, are left out, and so are those that all hold.
-- odds_ratio: with 0.5 added to each of the four cells; odds_low, odds_high: its 95 % interval; p: two-sided, of the
--   logarithm of the odds ratio over its standard error; q: p after Benjamini-Hochberg over all rows of this answer, so
--   that of the rows with q under 0.05, which are marked real, one in twenty is expected to be chance.
CREATE OR REPLACE VIEW losses AS
WITH
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    everyone AS
    (
        SELECT
            subject, attempt, toString(stage) AS at_stage, position, persona, channel, touchpoint, department, account, customer, value_known,
            entered_at, left_at,
            toUnixTimestamp64Milli(entered_at) AS entered_ms,
            toUnixTimestamp64Milli(left_at) AS left_ms,
            if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    definition AS
    (
        SELECT
            s.position AS position, toString(s.stage) AS at_stage,
            multiIf(nullIf(s.maturity_ms, 0) IS NOT NULL, toFloat64(s.maturity_ms),
                    s.silence_ms IS NOT NULL, greatest(toFloat64(ifNull(s.silence_ms, 0)), ifNull(p95_ms, 0.)),
                    p95_end_ms) AS maturity_ms
        FROM (SELECT * FROM stages FINAL WHERE journey = {journey:String}) AS s
        LEFT JOIN
        (
            SELECT
                at_stage,
                quantileExactInclusiveOrNullIf(0.95)(left_ms - entered_ms, state = 'moved_on') AS p95_ms,
                quantileExactInclusiveOrNullIf(0.95)(left_ms - entered_ms, state IN ('moved_on', 'completed')) AS p95_end_ms
            FROM everyone
            GROUP BY at_stage
        ) AS q ON q.at_stage = s.stage
        WHERE s.version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    ended AS
    (
        SELECT
            subject, attempt, everyone.at_stage AS at_stage, everyone.position AS position, toString(persona) AS persona, left_at,
            state IN ('lost_explicit', 'lost_silent') AS is_lost
        FROM everyone
        INNER JOIN definition ON definition.at_stage = everyone.at_stage
        WHERE state != 'in_progress' AND ifNull(now_ms - entered_ms >= maturity_ms, false)
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', everyone.at_stage)
    ),
    entries AS
    (
        SELECT
            subject, attempt,
            toString(argMin(channel, position)) AS entry_channel, toString(argMin(touchpoint, position)) AS entry_touchpoint
        FROM everyone
        GROUP BY subject, attempt
    ),
    -- when each thing was first known in a case
    known AS
    (
        SELECT subject, attempt, 'touchpoint' AS fact, toString(steps.touchpoint) AS value, min(occurred_at) AS since
        FROM steps FINAL
        WHERE journey = {journey:String} AND case_id != '' AND steps.touchpoint != ''
            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
        GROUP BY subject, attempt, value
        UNION ALL
        SELECT subject, attempt, 'negative_mood', 'yes', min(occurred_at)
        FROM steps FINAL
        WHERE journey = {journey:String} AND case_id != '' AND mood_eligible AND mood_label = 'negative'
            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
        GROUP BY subject, attempt
        UNION ALL
        SELECT subject, attempt, 'late_answer', 'yes', min(assumeNotNull(due_at))
        FROM waits FINAL
        WHERE journey = {journey:String} AND attempt > 0 AND due_at IS NOT NULL
            AND asked_at <= {as_of:DateTime64(3, 'UTC')} AND ifNull(answered_at > due_at, true)
        GROUP BY subject, attempt
    ),
    facts AS
    (
        SELECT at_stage, is_lost, f.1 AS fact, f.2 AS value
        FROM ended AS e
        INNER JOIN entries AS o ON o.subject = e.subject AND o.attempt = e.attempt
        ARRAY JOIN [('entry_channel', o.entry_channel), ('entry_touchpoint', o.entry_touchpoint), ('persona', e.persona)] AS f
        UNION ALL
        SELECT e.at_stage AS at_stage, e.is_lost AS is_lost, k.fact AS fact, k.value AS value
        FROM ended AS e
        INNER JOIN known AS k ON k.subject = e.subject AND k.attempt = e.attempt
        WHERE k.since < e.left_at
    ),
    cells AS
    (
        SELECT
            c.at_stage AS at_stage, all.position AS position, c.fact AS fact, if(c.value = '', '-', c.value) AS value,
            c.n AS n, c.lost AS lost, all.n - c.n AS others, all.lost - c.lost AS others_lost
        FROM (SELECT at_stage, fact, value, count() AS n, countIf(is_lost) AS lost FROM facts GROUP BY at_stage, fact, value) AS c
        INNER JOIN (SELECT at_stage, any(position) AS position, count() AS n, countIf(is_lost) AS lost FROM ended GROUP BY at_stage) AS all
            ON all.at_stage = c.at_stage
        WHERE c.n >= 25 AND c.n * 50 >= all.n AND c.n < all.n
    ),
    ratios AS
    (
        SELECT
            *,
            (lost + 0.5) * (others - others_lost + 0.5) / (n - lost + 0.5) / (others_lost + 0.5) AS ratio,
            sqrt(1 / (lost + 0.5) + 1 / (n - lost + 0.5) + 1 / (others_lost + 0.5) + 1 / (others - others_lost + 0.5)) AS se,
            erfc(abs(log(ratio)) / se / sqrt(2)) AS chance
        FROM cells
    ),
    ranked AS
    (
        SELECT *, least(1., chance * count() OVER () / row_number() OVER (ORDER BY chance, at_stage, fact, value)) AS step
        FROM ratios
    )
SELECT
    at_stage AS stage, position, fact, value,
    n, lost, lost / n AS loss, others, others_lost, others_lost / others AS others_loss,
    ratio AS odds_ratio, exp(log(ratio) - z * se) AS odds_low, exp(log(ratio) + z * se) AS odds_high,
    chance AS p,
    min(step) OVER (ORDER BY chance, at_stage, fact, value ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS q,
    toBool(q < 0.05) AS `real`
FROM ranked
ORDER BY position, p, fact, value;

-- +goose Down
DROP VIEW losses;
