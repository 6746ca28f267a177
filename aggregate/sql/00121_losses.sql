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
    -- the visits that drop-off divides, with what was known in their case: touchpoints in the order in which they were first met, when
    -- something negative was first written, when a promise first passed
    ended AS
    (
        SELECT
            stage, position, persona, entry_channel, entry_touchpoint, met, met_at, left_at, exit IN ('lost_explicit', 'lost_silent') AS is_lost,
            negative_at < left_at AS is_negative, late_at < left_at AS is_late
        FROM
        (
            SELECT
                persona, account, customer, all_stage, all_position, all_exit, all_entered_at, all_left_at, all_touchpoint, all_channel, all_department,
                all_value_known, all_channel[1] AS entry_channel, all_touchpoint[1] AS entry_touchpoint,
                arrayMap((x, t) -> x != '' AND t <= {as_of:DateTime64(3, 'UTC')}, touchpoints, times) AS named,
                arrayFilter((x, c) -> c, touchpoints, named) AS all_met,
                arrayMap(i -> i = 1, arrayEnumerateUniq(all_met)) AS is_first,
                arrayFilter((x, c) -> c, all_met, is_first) AS met,
                arrayFilter((x, c) -> c, arrayFilter((t, c) -> c, times, named), is_first) AS met_at,
                arrayFirstOrNull((t, e, l) -> e AND l = 'negative' AND t <= {as_of:DateTime64(3, 'UTC')}, times, eligible, labels) AS negative_at,
                arrayMin(arrayPushBack(arrayMap(d -> assumeNotNull(d), arrayFilter((d, a, w) -> d IS NOT NULL AND a <= {as_of:DateTime64(3, 'UTC')} AND ifNull(w > d, true),
                    due_at, asked_at, answered_at)), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'))) AS late_at
            FROM walks FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.account AS account, runs.customer AS customer,
                visits.stage AS all_stage, visits.position AS all_position, visits.exit AS all_exit, visits.entered_at AS all_entered_at,
                visits.left_at AS all_left_at, visits.touchpoint AS all_touchpoint, visits.channel AS all_channel,
                visits.department AS all_department, visits.value_known AS all_value_known,
                steps.occurred_at AS times, steps.touchpoint AS touchpoints, steps.mood_eligible AS eligible, steps.mood_label AS labels,
                waits.due_at AS due_at, waits.asked_at AS asked_at, waits.answered_at AS answered_at
            WHERE journey = {journey:String} AND notEmpty(all_stage)
        )
        ARRAY JOIN
            all_stage AS stage, all_position AS position, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at,
            all_touchpoint AS touchpoint, all_channel AS channel, all_department AS department, all_value_known AS value_known
        WHERE left_at <= {as_of:DateTime64(3, 'UTC')} AND exit != 'in_progress'
            AND now_ms - toUnixTimestamp64Milli(entered_at) >= transform(toString(stage), aged.1, aged.2, inf)
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
            AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
            AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
            AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
            AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
            AND ({customer:String} = '' OR customer = {customer:String})
            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
            AND ({stage:String} = '' OR stage = {stage:String})
    ),
    -- by stage: visits with each value of each fact, and, as fact '', all visits
    held AS
    (
        SELECT
            stage, any(position) AS position, f.1 AS fact, f.2 AS value, sum(n) AS n, sum(lost) AS lost
        FROM
        (
            SELECT stage, any(position) AS position, entry_channel, entry_touchpoint, persona, is_negative, is_late, count() AS n, countIf(is_lost) AS lost
            FROM ended
            GROUP BY stage, entry_channel, entry_touchpoint, persona, is_negative, is_late
        )
        ARRAY JOIN arrayFilter(f -> f.3,
        [
            ('', '', true), ('entry_channel', toString(entry_channel), true), ('entry_touchpoint', toString(entry_touchpoint), true), ('persona', toString(persona), true),
            ('negative_mood', 'yes', ifNull(is_negative, false)), ('late_answer', 'yes', is_late)
        ]) AS f
        GROUP BY stage, fact, value
        UNION ALL
        SELECT stage, 0 AS position, 'touchpoint' AS fact, toString(value) AS value, count() AS n, countIf(is_lost) AS lost
        FROM
        (
            SELECT stage, is_lost, arrayJoin(arrayFilter((x, t) -> t < left_at, met, met_at)) AS value
            FROM ended
        )
        GROUP BY stage, value
    ),
    cells AS
    (
        SELECT at_stage, position, fact, value, n, lost, all_n - n AS others, all_lost - lost AS others_lost
        FROM
        (
            SELECT
                toString(stage) AS at_stage, max(held.position) OVER (PARTITION BY stage) AS position, fact, if(value = '', '-', value) AS value, n, lost,
                maxIf(n, fact = '') OVER (PARTITION BY stage) AS all_n, maxIf(lost, fact = '') OVER (PARTITION BY stage) AS all_lost
            FROM held
        )
        WHERE fact != '' AND n >= 25 AND n * 50 >= all_n AND n < all_n
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
