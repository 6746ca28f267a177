-- +goose Up

-- timeline: all that happened in a case, in order: interactions, stages entered and left, questions asked and answered, promises
-- that ran out.
--
--   journey     the journey's id
--   case_id     the case's id
--   as_of       the instant T; what happened after it does not exist yet
--
-- what: interaction, entered, left, asked, answered, overdue. detail: an interaction's activity, the exit of a visit, "first" for the
--   first question of a thread. elapsed_s: since the case's first row. lasted_s: of left, the stay; of answered, the wait.
CREATE OR REPLACE VIEW timeline AS
WITH
whose AS
(
    SELECT subject FROM findings WHERE journey = {journey:String} AND {case_id:String} != '' AND has(runs.case_id, {case_id:String})
),
happened AS
(
    SELECT
        occurred_at AS at, 2 AS turn, number, 'interaction' AS what, toString(stage) AS stage, toString(touchpoint) AS touchpoint,
        toString(channel) AS channel, toString(department) AS department, toString(activity) AS detail, toString(direction) AS direction, is_return,
        toString(mood_label) AS mood, CAST(NULL, 'Nullable(Float64)') AS lasted_s, toString(origin) AS origin, id
    FROM steps
    WHERE journey = {journey:String} AND subject IN whose AND case_id = {case_id:String} AND case_id != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT
        v.1, v.2, position, v.3, toString(stage), toString(touchpoint), toString(channel), toString(department), v.4, '', false, '', v.5, '', ''
    FROM visits
    ARRAY JOIN
    [
        (entered_at, 1, 'entered', '', CAST(NULL, 'Nullable(Float64)')),
        (left_at, if(exit = 'moved_on', 0, 4), 'left', toString(exit),
            CAST((toUnixTimestamp64Milli(left_at) - toUnixTimestamp64Milli(entered_at)) / 1000, 'Nullable(Float64)'))
    ] AS v
    WHERE journey = {journey:String} AND subject IN whose AND case_id = {case_id:String} AND case_id != '' AND v.1 <= {as_of:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT
        q.1, 3, number, q.2, toString(stage), toString(touchpoint), toString(channel), toString(department), if(q.2 = 'asked' AND first, 'first', ''), '',
        false, '', if(q.2 = 'answered', waited_ms / 1000, NULL), if(q.2 = 'overdue', '', if(q.2 = 'asked', toString(ask_origin), toString(answer_origin))),
        if(q.2 = 'overdue', '', if(q.2 = 'asked', ask_id, answer_id))
    FROM (SELECT * FROM waits WHERE journey = {journey:String} AND subject IN whose AND case_id = {case_id:String} AND case_id != '') AS w
    ARRAY JOIN arrayFilter(x -> x.3,
    [
        (asked_at, 'asked', true),
        (ifNull(answered_at, asked_at), 'answered', answered_at IS NOT NULL),
        (ifNull(due_at, asked_at), 'overdue', due_at IS NOT NULL AND ifNull(answered_at > due_at, true))
    ]) AS q
    WHERE q.1 <= {as_of:DateTime64(3, 'UTC')}
)
SELECT
    at, what, stage, touchpoint, channel, department, detail, direction, is_return, mood,
    (toUnixTimestamp64Milli(at) - min(toUnixTimestamp64Milli(at)) OVER ()) / 1000 AS elapsed_s, lasted_s, origin, id
FROM happened
ORDER BY at, turn, number, what;

-- +goose Down
DROP VIEW timeline;
