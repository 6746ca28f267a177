-- +goose Up

-- directly_follows: which activity follows which within a case, how often, and after how long (seconds).
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
CREATE OR REPLACE VIEW directly_follows AS
WITH
    known AS
    (
        SELECT subject, attempt, number, activity, occurred_at, persona, channel, touchpoint, department, stage, account, customer, value_known
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
            AND countIf({department:String} IN ('', if(department = '', '-', department))) > 0
            AND countIf({account:String} IN ('', if(account = '', '-', '+'), account)) > 0 AND countIf({customer:String} IN ('', customer)) > 0
            AND max(value_known) BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND countIf({stage:String} IN ('', if(stage = '', '-', stage))) > 0
    ),
    pairs AS
    (
        SELECT
            toString(lagInFrame(activity) OVER w) AS a, toString(activity) AS b,
            (toUnixTimestamp64Milli(occurred_at) - lagInFrame(toUnixTimestamp64Milli(occurred_at)) OVER w) / 1000 AS gap_s,
            row_number() OVER w AS i
        FROM known
        WHERE (subject, attempt) IN chosen
        WINDOW w AS (PARTITION BY subject, attempt ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    )
SELECT
    a AS `from`, b AS `to`, count() AS n,
    quantileExactInclusive(0.5)(gap_s) AS p50, quantileExactInclusive(0.9)(gap_s) AS p90
FROM pairs
WHERE i > 1
GROUP BY a, b
ORDER BY n DESC, `from`, `to`;

-- +goose Down
DROP VIEW directly_follows;
