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
    known AS
    (
        SELECT
            subject, attempt, number, occurred_at, persona, channel, toString(steps.touchpoint) AS touchpoint,
            department, stage, is_return, account, customer, value_known
        FROM steps FINAL
        WHERE journey = {journey:String} AND case_id != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    definition AS
    (
        SELECT position, stage
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    chosen AS
    (
        SELECT subject, attempt
        FROM known
        GROUP BY subject, attempt
        HAVING min(occurred_at) >= {from:DateTime64(3, 'UTC')} AND min(occurred_at) < {to:DateTime64(3, 'UTC')}
            AND countIf({persona:String} IN ('', if(persona = '', '-', persona))) > 0
            AND countIf({channel:String} IN ('', if(channel = '', '-', channel))) > 0
            AND countIf({touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))) > 0
            AND countIf({department:String} IN ('', if(department = '', '-', department))) > 0
            AND countIf({account:String} IN ('', if(account = '', '-', '+'), account)) > 0 AND countIf({customer:String} IN ('', customer)) > 0
            AND max(value_known) BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND countIf({stage:String} IN ('', if(stage = '', '-', stage))) > 0
    ),
    ends AS
    (
        SELECT
            subject, attempt,
            argMax(if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)), position) AS state
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
        GROUP BY subject, attempt
    ),
    placed AS
    (
        SELECT
            subject, attempt, number, occurred_at, touchpoint, is_return,
            max(if(is_return OR d.stage = '', 0, d.position + 1)) OVER
                (PARTITION BY subject, attempt ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS place
        FROM known
        LEFT JOIN definition AS d ON d.stage = known.stage
        WHERE (subject, attempt) IN chosen
    ),
    moves AS
    (
        SELECT
            subject, attempt, touchpoint AS a,
            leadInFrame(touchpoint) OVER w AS next,
            leadInFrame(place) OVER w > place + 1 AND place > 0 AS skips,
            leadInFrame(is_return) OVER w AS returns,
            (leadInFrame(toUnixTimestamp64Milli(occurred_at)) OVER w - toUnixTimestamp64Milli(occurred_at)) / 1000 AS gap_s
        FROM placed
        WHERE touchpoint != ''
        WINDOW w AS (PARTITION BY subject, attempt ORDER BY number ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
    )
SELECT
    a AS `from`,
    multiIf(next != '', next, e.state LIKE 'lost%', '(lost)', e.state = 'completed', '(completed)', '(open)') AS `to`,
    count() AS n, uniqExact(m.subject, m.attempt) AS cases,
    n / sum(n) OVER (PARTITION BY `from`) AS share,
    quantileExactInclusiveOrNullIf(0.5)(gap_s, next != '') AS p50_s,
    countIf(skips) AS skips, countIf(returns) AS returns,
    uniqExactIf((m.subject, m.attempt), e.state IN ('lost_explicit', 'lost_silent', 'completed')) AS ended,
    uniqExactIf((m.subject, m.attempt), e.state IN ('lost_explicit', 'lost_silent')) AS lost,
    if(ended = 0, NULL, lost / ended) AS lost_share,
    if(ended = 0, NULL, greatest(0., (lost_share + z * z / 2 / ended
        - z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_low,
    if(ended = 0, NULL, least(1., (lost_share + z * z / 2 / ended
        + z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_high,
    toBool(ended < 30) AS few
FROM moves AS m
LEFT JOIN ends AS e ON e.subject = m.subject AND e.attempt = m.attempt
GROUP BY `from`, `to`
ORDER BY n DESC, `from`, `to`;

-- +goose Down
DROP VIEW paths;
