-- +goose Up

-- visits_at: the stays of cases in stages that drop-off and time in stage count, with their state at an instant.
-- One row per visit; every count of `dropoff` is the number of rows this view gives for that stage and state.
--
--   journey     the journey's id
--   from, to    visits entered in [from, to)
--   as_of       the instant T; visits entered after it do not exist yet
--   persona, channel, touchpoint, department   those of the interaction that entered the stage; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       '' all
--   state       '' all; moved_on, completed, lost_explicit, lost_silent, in_progress; lost (either loss);
--               mature, mature_lost, mature_open (old enough at T: all, lost, still in progress);
--               stayed (moved on or completed, the visits that time in stage is taken from)
--   limit       rows at most, the first in this order; 0 all
CREATE OR REPLACE VIEW visits_at AS
WITH
    -- piece: words
    -- whose the first rows are, and until when: found without the other columns
    (
        SELECT (groupUniqArray(subject), max(entered_at))
        FROM
        (
            SELECT subject, entered_at
            -- piece: visits_listed
                AND {limit:UInt64} > 0
            ORDER BY entered_at
            LIMIT {limit:UInt64} WITH TIES
        )
    ) AS firsts,
    -- piece: maturity
SELECT
    case_id, subject, attempt, person, account, named[its_persona] AS persona, named[in_stage] AS stage, position,
    if(until > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) AS state,
    toBool(is_mature) AS mature, entered_at,
    if(state = 'in_progress', NULL, until) AS left_at,
    (toUnixTimestamp64Milli(least(until, {as_of:DateTime64(3, 'UTC')})) - toUnixTimestamp64Milli(entered_at)) / 1000 AS stay_s,
    named[at_touchpoint] AS touchpoint, named[on_channel] AS channel, named[by_department] AS department, value, toString(its_customer) AS customer,
    value_known
FROM
(
    SELECT
        runs.case_id[run] AS case_id, subject, runs.attempt[run] AS attempt, runs.person[run] AS person, runs.account[run] AS account,
        runs.persona[run] AS its_persona, runs.customer[run] AS its_customer, stage AS in_stage, position, exit, is_mature, entered_at,
        left_at AS until, touchpoint AS at_touchpoint, channel AS on_channel, department AS by_department, value, value_known
    -- piece: visits_listed
        AND ({limit:UInt64} = 0 OR entered_at <= firsts.2) AND ({limit:UInt64} = 0 OR subject IN (SELECT arrayJoin(firsts.1)))
)
ORDER BY entered_at, subject, attempt, position
LIMIT if({limit:UInt64} = 0, 9223372036854775807, {limit:UInt64});

-- +goose Down
DROP VIEW visits_at;
