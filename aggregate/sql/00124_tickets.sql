-- +goose Up

-- tickets: how long tickets take to be solved, how often they are opened again, and how many a single answer settles, by
-- stage, touchpoint, department, persona or channel of the interaction that opened them.
--
--   journey     the journey's id
--   from, to    opened in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department, stage   of the interaction that opened the ticket; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   by          stage, touchpoint, department, persona, channel; the key '-' is "none"
--
-- A ticket is a thread of source ticket; it is opened by its first interaction. solved: solved at least once by T; opened =
--   solved + unsolved. Resolution: opened to last solved. reopens = solves - 1, summed; reopened: solved tickets with any.
-- one_touch: exactly one public answer of a person by T, then solved, once; shares are of the solved, with Wilson 95 %
--   intervals; few where solved is under 30. oldest_s: the longest that an unsolved one has been open.
CREATE OR REPLACE VIEW tickets AS
WITH
    -- piece: words
    1.959963984540054 AS z,
    -- ordered by time, then by place among the subject's steps; few tickets have steps of two subjects
    threads AS
    (
        SELECT
            thread,
            argMin(passes, at) AS opening_passes, argMin(ticket_key, at) AS opening_key,
            min(ms) AS opened_ms,
            countIf(solved) AS solves,
            maxIf(ms, solved) AS solved_ms,
            countIf(is_answer) AS answers,
            minIf(at, is_answer) <= maxIf(at, solved) AS settled
        FROM
        (
            WITH arrayMap((t, o) -> t != '' AND o <= {as_of:DateTime64(3, 'UTC')}, steps.thread, steps.occurred_at) AS is_ticket,
                -- piece: step_key
                -- piece: steps_asked
            SELECT
                thread, solved, toUnixTimestamp64Milli(occurred_at) AS ms, toInt128(ms) * toInt128('18446744073709551616') + place AS at,
                public AND direction = 'outbound' AND NOT automatic AS is_answer,
                ticket_key, is_asked_for AND ({stage:String} = '' OR stage = number_of({stage:String})) AS passes
            FROM findings FINAL
            ARRAY JOIN
                arrayFilter((x, t) -> t, steps.thread, is_ticket) AS thread, arrayFilter((x, t) -> t, steps.solved, is_ticket) AS solved,
                arrayFilter((x, t) -> t, steps.public, is_ticket) AS public, arrayFilter((x, t) -> t, steps.automatic, is_ticket) AS automatic,
                arrayFilter((x, t) -> t, steps.occurred_at, is_ticket) AS occurred_at, arrayFilter((x, t) -> t, steps.direction, is_ticket) AS direction,
                arrayFilter((x, t) -> t, steps.stage, is_ticket) AS stage,
                arrayFilter((x, t) -> t, arrayMap(n -> toUInt64(n) * 4294967296 + xxHash32(subject), arrayEnumerate(steps.thread)), is_ticket) AS place,
                arrayFilter((x, t) -> t, raw_key, is_ticket) AS ticket_key,
                arrayFilter((x, t) -> t, asked_for, is_ticket) AS is_asked_for
            WHERE journey = {journey:String}
        )
        GROUP BY thread
    ),
    keyed AS
    (
        SELECT
            opening_key, opened_ms, solved_ms, solves, solves > 0 AS is_solved,
            solves = 1 AND answers = 1 AND settled AS is_one_touch
        FROM threads
        WHERE opening_passes
            AND fromUnixTimestamp64Milli(opened_ms, 'UTC') >= {from:DateTime64(3, 'UTC')}
            AND fromUnixTimestamp64Milli(opened_ms, 'UTC') < {to:DateTime64(3, 'UTC')}
    )
SELECT
    if(opening_key = 0, '-', named[opening_key]) AS key,
    count() AS opened, countIf(is_solved) AS solved, opened - solved AS unsolved,
    (toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - minOrNullIf(opened_ms, NOT is_solved)) / 1000 AS oldest_s,
    quantileExactInclusiveOrNullIf(0.5)(solved_ms - opened_ms, is_solved) / 1000 AS resolution_p50_s,
    quantileExactInclusiveOrNullIf(0.75)(solved_ms - opened_ms, is_solved) / 1000 AS resolution_p75_s,
    quantileExactInclusiveOrNullIf(0.9)(solved_ms - opened_ms, is_solved) / 1000 AS resolution_p90_s,
    sum(greatest(toInt64(solves) - 1, 0)) AS reopens, countIf(solves > 1) AS reopened,
    if(solved = 0, NULL, reopened / solved) AS reopened_share,
    if(solved = 0, NULL, greatest(0., (reopened_share + z * z / 2 / solved
        - z * sqrt(reopened_share * (1 - reopened_share) / solved + z * z / 4 / solved / solved)) / (1 + z * z / solved))) AS reopened_low,
    if(solved = 0, NULL, least(1., (reopened_share + z * z / 2 / solved
        + z * sqrt(reopened_share * (1 - reopened_share) / solved + z * z / 4 / solved / solved)) / (1 + z * z / solved))) AS reopened_high,
    countIf(is_one_touch) AS one_touch,
    if(solved = 0, NULL, one_touch / solved) AS one_touch_share,
    if(solved = 0, NULL, greatest(0., (one_touch_share + z * z / 2 / solved
        - z * sqrt(one_touch_share * (1 - one_touch_share) / solved + z * z / 4 / solved / solved)) / (1 + z * z / solved))) AS one_touch_low,
    if(solved = 0, NULL, least(1., (one_touch_share + z * z / 2 / solved
        + z * sqrt(one_touch_share * (1 - one_touch_share) / solved + z * z / 4 / solved / solved)) / (1 + z * z / solved))) AS one_touch_high,
    toBool(solved < 30) AS few
FROM keyed
GROUP BY opening_key
ORDER BY key;

-- +goose Down
DROP VIEW tickets;
