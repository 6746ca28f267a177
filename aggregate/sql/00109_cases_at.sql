-- +goose Up

-- cases_at: the cases as they stood at an instant: where each is, since when, and whether it was lost.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; cases opened after it do not exist yet
--   persona, channel, touchpoint, department   those of the interaction that opened the case; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       with state '' or a state of a case: the stage it is in at T; with reached or skipped: that stage; '' all
--   state       '' all; in_progress, completed, lost_explicit, lost_silent, lost (either), reached (furthest stage is
--               this one or a later one), skipped (reached, never visited), waiting (an open question)
--   limit       rows at most, the first in this order; 0 all
CREATE OR REPLACE VIEW cases_at AS
WITH
    -- piece: words
    wanted AS
    (
        SELECT any(position) AS position, count() AS n
        FROM stages FINAL
        WHERE journey = {journey:String} AND stage = {stage:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    -- whose the first rows are, and until when: found without the other columns
    (
        SELECT (groupUniqArray(subject), max(opened_at))
        FROM
        (
            SELECT subject, opened_at
            -- piece: cases_listed
                AND {limit:UInt64} > 0
            ORDER BY opened_at
            LIMIT {limit:UInt64} WITH TIES
        )
    ) AS firsts
SELECT
    case_id, subject, attempt, person, account, named[of_persona] AS persona, opened_at,
    named[visits.stage[now]] AS stage, visits.position[now] AS position, visits.entered_at[now] AS entered_at, standing AS state,
    if(state = 'in_progress', NULL, visits.left_at[now]) AS closed_at,
    if((arrayCount(t -> t <= {as_of:DateTime64(3, 'UTC')}, arraySlice(steps.occurred_at, first_step, n_steps)) AS met) = 0, NULL,
        steps.occurred_at[first_step + met - 1]) AS last_at, toUInt64(met) AS interactions,
    toUInt64(asked) AS waiting,
    named[visits.channel[first_visit]] AS channel, named[visits.touchpoint[first_visit]] AS touchpoint,
    named[visits.department[first_visit]] AS department,
    visits.value[now] AS value, toString(customer) AS customer, visits.value_known[first_visit] AS value_known
-- piece: cases_listed
    AND ({limit:UInt64} = 0 OR opened_at <= firsts.2) AND ({limit:UInt64} = 0 OR subject IN (SELECT arrayJoin(firsts.1)))
ORDER BY opened_at, subject, attempt
LIMIT if({limit:UInt64} = 0, 9223372036854775807, {limit:UInt64});

-- +goose Down
DROP VIEW cases_at;
