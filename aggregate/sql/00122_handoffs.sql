-- +goose Up

-- handoffs: from which department to which cases pass, how long that takes, how often they come back, and what was lost
-- after it. Interactions of no department, and automatic ones, are passed over.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--
-- One row per from and to, two different departments. back: hand-offs to a department that had the case before;
--   returns: hand-offs by an interaction that went back to an earlier stage. share: of all hand-offs from `from`;
--   cases_share: cases with this hand-off, of all chosen cases that met any department. gap: from the last interaction
--   with one to the first with the other. ended: cases with this hand-off that have ended by T; lost: of these, those lost;
--   lost_share with its Wilson 95 % interval; few where ended is under 30.
CREATE OR REPLACE VIEW handoffs AS
WITH
    1.959963984540054 AS z,
    known AS
    (
        SELECT
            subject, attempt, number, occurred_at, persona, channel, touchpoint, toString(steps.department) AS dept, account, customer, value_known,
            stage, is_return, automatic
        FROM steps FINAL
        WHERE journey = {journey:String} AND case_id != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
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
            AND countIf({department:String} IN ('', if(dept = '', '-', dept))) > 0
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
    moves AS
    (
        SELECT
            subject, attempt, number, dept, is_return, toUnixTimestamp64Milli(occurred_at) AS ms,
            lagInFrame(dept) OVER w AS before,
            ms - lagInFrame(ms) OVER w AS gap_ms,
            row_number() OVER (PARTITION BY subject, attempt, dept ORDER BY number) > 1 AS again
        FROM known
        WHERE dept != '' AND NOT automatic AND (subject, attempt) IN chosen
        WINDOW w AS (PARTITION BY subject, attempt ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    ),
    (SELECT uniqExact(subject, attempt) FROM moves) AS all_cases
SELECT
    before AS `from`, dept AS `to`,
    count() AS n, uniqExact(m.subject, m.attempt) AS cases,
    n / sum(n) OVER (PARTITION BY `from`) AS share,
    cases / all_cases AS cases_share,
    countIf(again) AS back, countIf(is_return) AS returns,
    quantileExactInclusive(0.5)(gap_ms) / 1000 AS p50_s,
    quantileExactInclusive(0.9)(gap_ms) / 1000 AS p90_s,
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
WHERE before != '' AND before != dept
GROUP BY `from`, `to`
ORDER BY n DESC, `from`, `to`;

-- +goose Down
DROP VIEW handoffs;
