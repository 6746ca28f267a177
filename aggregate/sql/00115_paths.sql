-- +goose Up

-- paths: from touchpoint to touchpoint within a case, what follows each, and what was lost after it. Moves the journey
-- does not foresee are listed like all others. Interactions at no touchpoint are passed over.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--
-- One row per from and to; to is '(lost)', '(completed)' or '(open)' where from was the case's last touchpoint by T.
-- share: of all that followed `from`. ended: cases with this move that have ended by T; lost: of these, those lost;
--   lost_share with its Wilson 95 % interval; few where ended is under 30.
-- skips: moves that passed over a stage; returns: moves back to an earlier stage.
CREATE OR REPLACE VIEW paths AS
WITH
    1.959963984540054 AS z,
    chosen AS
    (
        SELECT
            arrayMap((x, t) -> x != '' AND t <= {as_of:DateTime64(3, 'UTC')}, touchpoints, times) AS counts,
            arrayFilter((x, c) -> c, touchpoints, counts) AS met,
            arrayFilter((x, c) -> c, times, counts) AS at,
            arrayFilter((x, c) -> c, returning, counts) AS back_to,
            arrayFilter((x, c) -> c, reach, counts) AS reached,
            arrayCount(e -> e <= {as_of:DateTime64(3, 'UTC')}, entered) AS visited, visited > 0 AND lefts[visited] <= {as_of:DateTime64(3, 'UTC')} AS has_left,
            has_left AND exits[visited] IN ('lost_explicit', 'lost_silent') AS is_lost, is_lost OR has_left AND exits[visited] = 'completed' AS is_ended,
            toLowCardinality(multiIf(is_lost, '(lost)', is_ended, '(completed)', '(open)')) AS last
        FROM
        (
            SELECT subject, attempt, times, touchpoints, returning, reach, exits, lefts, entered,
                arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, times) AS n
            FROM walks FINAL
            ARRAY JOIN
                runs.attempt AS attempt, steps.occurred_at AS times, steps.touchpoint AS touchpoints, steps.is_return AS returning,
                steps.reached AS reach, visits.exit AS exits, visits.left_at AS lefts, visits.entered_at AS entered
            WHERE journey = {journey:String}
        )
        WHERE n > 0
            AND times[1] >= {from:DateTime64(3, 'UTC')} AND times[1] < {to:DateTime64(3, 'UTC')}
            AND (
                {persona:String} = '' AND {channel:String} = '' AND {touchpoint:String} = '' AND {department:String} = '' AND {stage:String} = ''
                AND {account:String} = '' AND {customer:String} = '' AND {value_from:Float64} = 0 AND {value_to:Float64} = inf
                OR (subject, attempt) IN
                (
                    SELECT subject, attempt
                    FROM
                    (
                        SELECT
                            subject, attempt, persona, account, customer, channel, touchpoint, department, stage, value_known
                        FROM
                        (
                            SELECT subject, attempt, persona, account, customer, all_occurred_at, all_channel, all_touchpoint, all_department, all_stage,
                                all_value_known
                            FROM walks FINAL
                            ARRAY JOIN
                                runs.attempt AS attempt, runs.persona AS persona, runs.account AS account, runs.customer AS customer,
                                steps.occurred_at AS all_occurred_at, steps.channel AS all_channel, steps.touchpoint AS all_touchpoint,
                                steps.department AS all_department, steps.stage AS all_stage, steps.value_known AS all_value_known
                            WHERE journey = {journey:String}
                        )
                        ARRAY JOIN
                            all_occurred_at AS occurred_at, all_channel AS channel, all_touchpoint AS touchpoint, all_department AS department, all_stage AS stage,
                            all_value_known AS value_known
                        WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
                    )
                    GROUP BY subject, attempt
                    HAVING countIf({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona)) > 0
                        AND countIf({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel)) > 0
                        AND countIf({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint)) > 0
                        AND countIf({department:String} = '' OR {department:String} = if(department = '', '-', department)) > 0
                        AND countIf({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account)) > 0 AND countIf({customer:String} = '' OR customer = {customer:String}) > 0
                        AND max(value_known) BETWEEN {value_from:Float64} AND {value_to:Float64}
                        AND countIf({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage)) > 0
                )
            )
    ),
    -- from one to the next interaction with a touchpoint, and from the last to how the case stands; nth: of its case's moves from
    -- this one to that one
    moves AS
    (
        SELECT is_lost, is_ended, a, b, toUnixTimestamp64Milli(b_at) - toUnixTimestamp64Milli(a_at) AS gap_ms, b_reached > a_reached + 1 AND a_reached > 0 AS skip, returned, nth
        FROM
        (
            SELECT is_lost, is_ended, met, arrayPushBack(arrayPopFront(met), last) AS tos, at, reached, back_to
            FROM chosen
            WHERE notEmpty(met)
        )
        ARRAY JOIN
            met AS a, tos AS b, arrayEnumerateUniq(met, tos) AS nth, at AS a_at, arrayPushBack(arrayPopFront(at), toDateTime64(0, 3, 'UTC')) AS b_at,
            reached AS a_reached, arrayPushBack(arrayPopFront(reached), 0) AS b_reached, arrayPushBack(arrayPopFront(back_to), false) AS returned
    )
SELECT
    toString(a) AS `from`, toString(b) AS `to`,
    count() AS n, countIf(nth = 1) AS cases,
    n / sum(n) OVER (PARTITION BY `from`) AS share,
    quantileExactInclusiveOrNullIf(0.5)(gap_ms, gap_ms >= 0) / 1000 AS p50_s,
    countIf(skip) AS skips, countIf(returned) AS returns,
    countIf(nth = 1 AND is_ended) AS ended,
    countIf(nth = 1 AND is_lost) AS lost,
    if(ended = 0, NULL, lost / ended) AS lost_share,
    if(ended = 0, NULL, greatest(0., (lost_share + z * z / 2 / ended
        - z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_low,
    if(ended = 0, NULL, least(1., (lost_share + z * z / 2 / ended
        + z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_high,
    toBool(ended < 30) AS few
FROM moves
GROUP BY a, b
ORDER BY n DESC, `from`, `to`;

-- +goose Down
DROP VIEW paths;
