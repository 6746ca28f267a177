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
    -- facts and their values have numbers, so that comparing and counting is quick: 131072 times the fact's, and the value's
    ['', 'entry_channel', 'entry_touchpoint', 'persona', 'negative_mood', 'late_answer', 'touchpoint'] AS facts,
    -- the visits that drop-off divides: their stage's place, whether lost, and what was known of their case before their outcome. Touchpoints
    -- count once, from when they were first met; a negative mood from when such was first written, a late answer from when a promise passed
    ended AS
    (
        SELECT
            position, exit IN ('lost_explicit', 'lost_silent') AS is_lost,
            arrayConcat(entry, if(ifNull(negative_at < left_at, false), [4 * 131072], []), if(late_at < left_at, [5 * 131072], []),
                arrayFilter((x, t) -> t < left_at, met, met_at)) AS known
        FROM
        (
            SELECT
                [
                    0,
                    131072 + visits.channel[first_visit],
                    2 * 131072 + visits.touchpoint[first_visit],
                    3 * 131072 + persona
                ] AS entry,
                arraySlice(visits.stage, first_visit, n_visits) AS all_stage, arraySlice(visits.position, first_visit, n_visits) AS all_position,
                arraySlice(visits.exit, first_visit, n_visits) AS all_exit, arraySlice(visits.entered_at, first_visit, n_visits) AS all_entered_at,
                arraySlice(visits.left_at, first_visit, n_visits) AS all_left_at,
                if({channel:String} = '', all_stage, arraySlice(visits.channel, first_visit, n_visits)) AS all_channel,
                if({touchpoint:String} = '', all_stage, arraySlice(visits.touchpoint, first_visit, n_visits)) AS all_touchpoint,
                if({department:String} = '', all_stage, arraySlice(visits.department, first_visit, n_visits)) AS all_department,
                if({value_from:Float64} = 0 AND {value_to:Float64} = inf, arrayMap(p -> 0., all_position),
                    arraySlice(visits.value_known, first_visit, n_visits)) AS all_value_known,
                arraySlice(steps.occurred_at, first_step, n_steps) AS times,
                arrayMap((x, t) -> if(x = 0 OR t > {as_of:DateTime64(3, 'UTC')}, 0, 6 * 131072 + x),
                    arraySlice(steps.touchpoint, first_step, n_steps), times) AS numbers,
                arrayMap((x, n) -> x > 0 AND n = 1, numbers, arrayEnumerateUniq(numbers)) AS is_first,
                arrayFilter((x, f) -> f, numbers, is_first) AS met,
                arrayFilter((t, f) -> f, times, is_first) AS met_at,
                arrayFirstOrNull((t, e, l) -> e AND l = 'negative' AND t <= {as_of:DateTime64(3, 'UTC')}, times,
                    arraySlice(steps.mood_eligible, first_step, n_steps), arraySlice(steps.mood_label, first_step, n_steps)) AS negative_at,
                arrayMin(arrayPushBack(arrayMap(d -> assumeNotNull(d), arrayFilter((d, a, w) -> d IS NOT NULL AND a <= {as_of:DateTime64(3, 'UTC')} AND ifNull(w > d, true),
                    arraySlice(waits.due_at, first_wait, n_waits), arraySlice(waits.asked_at, first_wait, n_waits),
                    arraySlice(waits.answered_at, first_wait, n_waits))), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'))) AS late_at
            FROM walks FINAL
            ARRAY JOIN
                runs.persona AS persona, runs.account AS account, runs.customer AS customer, runs.first_visit AS first_visit,
                runs.visits AS n_visits, runs.first_step AS first_step, runs.steps AS n_steps, runs.first_wait AS first_wait, runs.waits AS n_waits
            WHERE journey = {journey:String} AND n_visits > 0
                AND ({persona:String} = '' OR persona = number_of({persona:String}))
                AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                AND ({customer:String} = '' OR customer = {customer:String})
        )
        ARRAY JOIN
            all_stage AS stage, all_position AS position, all_exit AS exit, all_entered_at AS entered_at, all_left_at AS left_at,
            all_touchpoint AS touchpoint, all_channel AS channel, all_department AS department, all_value_known AS value_known
        WHERE left_at <= {as_of:DateTime64(3, 'UTC')} AND exit != 'in_progress'
            AND now_ms - toUnixTimestamp64Milli(entered_at) >= transform(stage, aged.1, aged.2, inf)
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND ({channel:String} = '' OR channel = number_of({channel:String}))
            AND ({touchpoint:String} = '' OR touchpoint = number_of({touchpoint:String}))
            AND ({department:String} = '' OR department = number_of({department:String}))
            AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
            AND ({stage:String} = '' OR stage = number_of({stage:String}))
    ),
    -- by stage: visits with each value of each fact, and, as fact '', all visits
    held AS
    (
        SELECT
            aged.4[position + 1] AS stage, position, facts[intDiv(what, 131072) + 1] AS fact, what % 131072 AS number,
            multiIf(fact = '', '', fact IN ('negative_mood', 'late_answer'), 'yes', named[number]) AS value,
            n, lost
        FROM
        (
            SELECT
                bitAnd(bitShiftRight(key, 20), 255) AS position, bitAnd(key, 1048575) AS what, count() AS n, countIf(bitShiftRight(key, 28) = 1) AS lost
            FROM (SELECT arrayJoin(arrayMap(k -> k + code, known)) AS key FROM (SELECT known, is_lost * 268435456 + position * 1048576 AS code FROM ended))
            GROUP BY position, what
        )
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
