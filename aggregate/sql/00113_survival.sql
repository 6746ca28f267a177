-- +goose Up

-- survival: how long cases stay in a stage when those still there are not forgotten (Kaplan-Meier), and the share that
-- has left in each way by then (Aalen-Johansen). One row per stage and distinct length of stay at which somebody left.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to)
--   as_of       the instant T; visits in progress at T are censored there
--   persona, channel, touchpoint, department   those of the interaction that entered the stage; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all
--
-- stay_s: the length of stay, seconds; at_risk: still there just before it; left: how many leave at it.
-- survival: share still there after it, with Greenwood's 95 % interval.
-- moved_on_share, completed_share, lost_share: cumulative incidence; with survival they add up to 1.
CREATE OR REPLACE VIEW survival AS
WITH
    1.959963984540054 AS z,
    stays AS
    (
        SELECT
            toString(stage) AS stage, position,
            if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state,
            least(toUnixTimestamp64Milli(left_at), toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}))
                - toUnixTimestamp64Milli(entered_at) AS ms
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
            AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', stage)
    ),
    points AS
    (
        SELECT
            stage, position, ms,
            countIf(state = 'moved_on') AS d_moved, countIf(state = 'completed') AS d_completed,
            countIf(state IN ('lost_explicit', 'lost_silent')) AS d_lost,
            d_moved + d_completed + d_lost AS d, count() AS c
        FROM stays
        GROUP BY stage, position, ms
    ),
    risks AS
    (
        SELECT *, sum(c) OVER (PARTITION BY stage ORDER BY ms ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS at_risk
        FROM points
    ),
    kept AS
    (
        SELECT
            *,
            exp(sum(log(1 - d / at_risk)) OVER upto) AS s,
            sum(if(at_risk = d, 0., d / (at_risk * (at_risk - d)))) OVER upto AS g
        FROM risks
        WINDOW upto AS (PARTITION BY stage ORDER BY ms ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    waited AS
    (
        SELECT *, lagInFrame(s, 1, toFloat64(1)) OVER upto AS before
        FROM kept
        WINDOW upto AS (PARTITION BY stage ORDER BY ms ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    curves AS
    (
        SELECT
            *,
            sum(before * d_moved / at_risk) OVER upto AS moved_on_share,
            sum(before * d_completed / at_risk) OVER upto AS completed_share,
            sum(before * d_lost / at_risk) OVER upto AS lost_share
        FROM waited
        WINDOW upto AS (PARTITION BY stage ORDER BY ms ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
SELECT
    stage, position, ms / 1000 AS stay_s, at_risk, d AS left,
    s AS survival,
    greatest(0., s - z * s * sqrt(g)) AS survival_low, least(1., s + z * s * sqrt(g)) AS survival_high,
    moved_on_share, completed_share, lost_share
FROM curves
WHERE d > 0
ORDER BY position, stay_s;

-- +goose Down
DROP VIEW survival;
