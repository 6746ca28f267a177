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
    -- piece: words
    1.959963984540054 AS z,
    toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) AS now_ms,
    -- facts and their values have numbers, so that comparing and counting is quick: 131072 times the fact's, and the word's
    ['', 'entry_channel', 'entry_touchpoint', 'persona', 'negative_mood', 'late_answer', 'touchpoint'] AS facts,
    (place, what) -> toUInt32(if(place = 0, never, (place - 1) * 1048576 + what)) AS known_from,
    4294967295 AS never,
    -- of each case: the visits that drop-off divides, and those of them that were lost, as bits by position; and what was known of it, with the
    -- position of the first visit that ended afterwards as a multiple of 2^20: it was known before all later ones ended, too
    ended AS
    (
        SELECT
            arraySum(arrayMap((counts, p) -> if(counts, bitShiftLeft(toUInt64(1), p), 0), counted, places)) AS visited,
            arraySum(arrayMap((counts, p, e) -> if(counts AND e IN ('lost_explicit', 'lost_silent'), bitShiftLeft(toUInt64(1), p), 0),
                counted, places, exits)) AS lost,
            arrayConcat(
                [
                    0, 131072 + visits.channel[first_visit], 2 * 131072 + visits.touchpoint[first_visit], 3 * 131072 + persona,
                    known_from(negative_from, 4 * 131072),
                    known_from(late_from, 5 * 131072)
                ],
                arrayMap((touchpoint, new_from) -> known_from(new_from, 6 * 131072 + touchpoint),
                    arraySlice(steps.touchpoint, first_step, n_steps), arraySlice(steps.new_from, first_step, n_steps))) AS known
        FROM
        (
            WITH
                arrayMap(
                    (stage, exit, entered_at, left_at, c, t, d, v, k) -> left_at <= {as_of:DateTime64(3, 'UTC')} AND exit != 'in_progress'
                        AND now_ms - toUnixTimestamp64Milli(entered_at) >= transform(stage, aged.1, aged.2, inf)
                        AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                        AND ({channel:String} = '' OR c) AND ({touchpoint:String} = '' OR t) AND ({department:String} = '' OR d)
                        AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR v)
                        AND ({persona:String} = '' AND {account:String} = '' AND {customer:String} = '' OR k)
                        AND ({stage:String} = '' OR stage = number_of({stage:String})),
                    visits.stage, visits.exit, visits.entered_at, visits.left_at, of_channel, of_touchpoint, of_department, of_value, of_case) AS counts,
                -- piece: visit_masks
            SELECT
                arraySlice(counts, first_visit, n_visits) AS counted, arraySlice(visits.position, first_visit, n_visits) AS places,
                arraySlice(visits.exit, first_visit, n_visits) AS exits,
                visits.channel, visits.touchpoint, steps.touchpoint, steps.new_from, first_visit, first_step, n_steps, persona, negative_from, late_from
            FROM findings FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.first_visit AS first_visit, runs.visits AS n_visits, runs.first_step AS first_step, runs.steps AS n_steps,
                runs.negative_from AS negative_from, runs.late_from AS late_from
            WHERE journey = {journey:String} AND has(counted, 1)
        )
    ),
    -- by stage: visits with each value of each fact, and, as fact '', all visits
    held AS
    (
        SELECT
            aged.4[position + 1] AS stage, position, facts[intDiv(what, 131072) + 1] AS fact, what % 131072 AS number,
            multiIf(fact = '', '', fact IN ('negative_mood', 'late_answer'), 'yes', named[number]) AS value,
            sum(cases) AS n, sumIf(cases, bitTest(lost, position)) AS lost
        FROM
        (
            SELECT visited, lost, bitAnd(key, 1048575) AS what, bitShiftRight(key, 20) AS since, count() AS cases
            FROM ended
            ARRAY JOIN known AS key
            WHERE key != never
            GROUP BY visited, lost, key
        )
        ARRAY JOIN bitPositionsToArray(bitAnd(visited, bitShiftLeft(18446744073709551615, since))) AS position
        GROUP BY position, what
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
    ),
    -- piece: maturity
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
