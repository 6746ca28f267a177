-- +goose Up

-- durations: how long cases last, from their first to their last interaction by T, in seconds. One row.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   cases with such an interaction by T; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
CREATE OR REPLACE VIEW durations AS
SELECT
    count() AS n,
    if(n = 0, NULL, quantileExactInclusive(0.5)(seconds)) AS p50,
    if(n = 0, NULL, quantileExactInclusive(0.9)(seconds)) AS p90,
    if(n = 0, NULL, max(seconds)) AS `max`
FROM
(
    SELECT (toUnixTimestamp64Milli(max(occurred_at)) - toUnixTimestamp64Milli(min(occurred_at))) / 1000 AS seconds
    FROM steps FINAL
    WHERE journey = {journey:String} AND case_id != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
    GROUP BY subject, attempt
    HAVING min(occurred_at) >= {from:DateTime64(3, 'UTC')} AND min(occurred_at) < {to:DateTime64(3, 'UTC')}
        AND countIf({persona:String} IN ('', if(persona = '', '-', persona))) > 0
        AND countIf({channel:String} IN ('', if(channel = '', '-', channel))) > 0
        AND countIf({touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))) > 0
        AND countIf({department:String} IN ('', if(department = '', '-', department))) > 0
        AND countIf({account:String} IN ('', if(account = '', '-', '+'), account)) > 0 AND countIf({customer:String} IN ('', customer)) > 0
        AND max(value_known) BETWEEN {value_from:Float64} AND {value_to:Float64}
        AND countIf({stage:String} IN ('', if(stage = '', '-', stage))) > 0
);

-- +goose Down
DROP VIEW durations;
