-- the stages' numbers in order, how old a visit is when it counts (inf: none does), that of all stages before, and the stages' names. Where a
-- stage does not say, its 95th percentile counts: of the stays that moved on, and where it is never silent also of those that completed
(
    SELECT (groupArray(number_of(stage)), groupArray(maturity_ms), groupArray(before_ms), groupArray(stage))
    FROM
    (
        SELECT
            toString(s.stage) AS stage,
            ifNull(multiIf(nullIf(s.maturity_ms, 0) IS NOT NULL, toFloat64(s.maturity_ms),
                           s.silence_ms IS NOT NULL, greatest(toFloat64(ifNull(s.silence_ms, 0)), ifNull(p95_ms, 0.)),
                           p95_ms), inf) AS maturity_ms,
            sum(if(isInfinite(maturity_ms), 0., maturity_ms)) OVER (ORDER BY s.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ms
        FROM (SELECT * FROM stages FINAL WHERE journey = {journey:String}) AS s
        LEFT JOIN
        (
            WITH
                (
                    SELECT (groupArrayIf(number_of(toString(stage)), silence_ms IS NULL), groupArray(number_of(toString(stage))))
                    FROM stages FINAL
                    WHERE journey = {journey:String} AND nullIf(maturity_ms, 0) IS NULL
                        AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
                ) AS asked
            SELECT stage, quantileExactInclusiveOrNull(0.95)(toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at)) AS p95_ms
            FROM findings FINAL
            ARRAY JOIN visits.stage AS stage, visits.exit AS exit, visits.entered_at AS entered_at, visits.left_at AS left_at
            WHERE journey = {journey:String} AND left_at <= {as_of:DateTime64(3, 'UTC')}
                AND (exit = 'moved_on' OR exit = 'completed' AND has(asked.1, stage)) AND has(asked.2, stage)
            GROUP BY stage
        ) AS q ON q.stage = number_of(toString(s.stage))
        WHERE s.version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
        ORDER BY s.position
    )
) AS aged
