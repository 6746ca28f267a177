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
    1.959963984540054 AS z,
    told AS
    (
        SELECT contact_key, occurred_at, origin, id, thread, solved, public
        FROM interactions FINAL
        WHERE source = 'ticket' AND thread != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
    ),
    threads AS
    (
        SELECT
            t.thread AS thread,
            argMin((s.passes, s.raw_key), s.at) AS opening,
            min(toUnixTimestamp64Milli(s.occurred_at)) AS opened_ms,
            countIf(t.solved) AS solves,
            maxIf(toUnixTimestamp64Milli(s.occurred_at), t.solved) AS solved_ms,
            countIf((t.public AND s.direction = 'outbound' AND NOT s.automatic) AS is_answer) AS answers,
            minIf(s.at, is_answer) <= maxIf(s.at, t.solved) AS settled
        FROM
        (
            SELECT
                contact_key, occurred_at, origin, id, automatic, direction, (occurred_at, origin, id) AS at,
                toString(if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department,
                    if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage))))) AS raw_key,
                ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
                    AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
                    AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                    AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                    AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                    AND ({customer:String} = '' OR customer = {customer:String})
                    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64}) AS passes
            FROM
            (
                SELECT
                    keys[contact + 1] AS contact_key, persona, account, customer, occurred_at, origin, id, automatic, direction, stage, touchpoint,
                    department, channel, value_known
                FROM
                (
                    SELECT
                        contacts.contact_key AS keys, persona, account, customer,
                        arrayMap((x, t) -> x = 'ticket' AND t <= {as_of:DateTime64(3, 'UTC')}, sources, s_occurred_at) AS counts,
                        arrayFilter((x, c) -> c, s_occurred_at, counts) AS all_occurred_at, arrayFilter((x, c) -> c, s_contact, counts) AS all_contact,
                        arrayFilter((x, c) -> c, s_origin, counts) AS all_origin, arrayFilter((x, c) -> c, s_id, counts) AS all_id,
                        arrayFilter((x, c) -> c, s_automatic, counts) AS all_automatic, arrayFilter((x, c) -> c, s_direction, counts) AS all_direction,
                        arrayFilter((x, c) -> c, s_stage, counts) AS all_stage, arrayFilter((x, c) -> c, s_touchpoint, counts) AS all_touchpoint,
                        arrayFilter((x, c) -> c, s_department, counts) AS all_department, arrayFilter((x, c) -> c, s_channel, counts) AS all_channel,
                        arrayFilter((x, c) -> c, s_value_known, counts) AS all_value_known
                    FROM walks FINAL
                    ARRAY JOIN
                        runs.persona AS persona, runs.account AS account, runs.customer AS customer, steps.source AS sources,
                        steps.occurred_at AS s_occurred_at, steps.contact AS s_contact, steps.origin AS s_origin, steps.id AS s_id,
                        steps.automatic AS s_automatic, steps.direction AS s_direction, steps.stage AS s_stage, steps.touchpoint AS s_touchpoint,
                        steps.department AS s_department, steps.channel AS s_channel, steps.value_known AS s_value_known
                    WHERE journey = {journey:String}
                )
                ARRAY JOIN
                    all_occurred_at AS occurred_at, all_contact AS contact, all_origin AS origin, all_id AS id, all_automatic AS automatic,
                    all_direction AS direction, all_stage AS stage, all_touchpoint AS touchpoint, all_department AS department, all_channel AS channel,
                    all_value_known AS value_known
            )
        ) AS s
        ANY INNER JOIN told AS t ON t.contact_key = s.contact_key AND t.occurred_at = s.occurred_at AND t.origin = s.origin AND t.id = s.id
        GROUP BY thread
    ),
    keyed AS
    (
        SELECT
            if(opening.2 = '', '-', opening.2) AS key, opened_ms, solved_ms, solves, solves > 0 AS is_solved,
            solves = 1 AND answers = 1 AND settled AS is_one_touch
        FROM threads
        WHERE opening.1
            AND fromUnixTimestamp64Milli(opened_ms, 'UTC') >= {from:DateTime64(3, 'UTC')}
            AND fromUnixTimestamp64Milli(opened_ms, 'UTC') < {to:DateTime64(3, 'UTC')}
    )
SELECT
    key,
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
GROUP BY key
ORDER BY key;

-- +goose Down
DROP VIEW tickets;
