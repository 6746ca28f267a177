-- +goose Up

-- bypasses: moves between stages that the journey's order does not foresee: stages passed over, cases that began further on, and
-- returns to an earlier stage. They are listed, never filtered out.
--
--   journey     the journey's id
--   from, to    cases opened in [from, to)
--   as_of       the instant T; what happened after it is not known yet
--   persona, channel, touchpoint, department   of the interaction that opened the case; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   stage       moves from this stage; '' all
--
-- kind: skip, from one stage to one further on than the next; start, a case that began after the first stage (from is
--   '(start)'); return, an interaction that counted for an earlier stage than the case's own (from the case's stage to that one).
-- passed: how many stages a skip or start passed over, how many a return went back. n: moves; cases: with such a move;
--   cases_share: of all chosen cases. ended: of the cases, those that have ended by T; lost: of these, those lost; lost_share with its
--   Wilson 95 % interval; few where ended is under 30.
CREATE OR REPLACE VIEW bypasses AS
WITH
    1.959963984540054 AS z,
    definition AS
    (
        SELECT toString(stage) AS id, position
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    runs AS
    (
        SELECT
            subject, attempt, arraySort(groupArray(toInt16(position))) AS places,
            argMax(if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)), position) AS state
        FROM visits FINAL
        WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
        GROUP BY subject, attempt
        HAVING min(entered_at) >= {from:DateTime64(3, 'UTC')} AND min(entered_at) < {to:DateTime64(3, 'UTC')}
            -- the opening visit's own values, as one truth: a value each to remember would be most of the work
            AND argMin(
                {persona:String} IN ('', if(persona = '', '-', persona))
                AND {channel:String} IN ('', if(channel = '', '-', channel))
                AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
                AND {department:String} IN ('', if(department = '', '-', department))
                AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
                AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}, position)
    ),
    skips AS
    (
        SELECT subject, attempt, state, m.1 AS a, m.2 AS b
        FROM runs
        ARRAY JOIN arrayFilter(m -> m.2 - m.1 > 1, arrayZip(arrayPushFront(arrayPopBack(places), -1), places)) AS m
    ),
    placed AS
    (
        SELECT
            subject, attempt, is_return, toInt16(d.position) AS b, d.id AS known,
            max(if(is_return OR d.id = '', -1, toInt16(d.position))) OVER
                (PARTITION BY subject, attempt ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS a
        FROM (SELECT * FROM steps FINAL WHERE journey = {journey:String} AND case_id != '' AND occurred_at <= {as_of:DateTime64(3, 'UTC')}) AS s
        LEFT JOIN definition AS d ON d.id = toString(s.stage)
    ),
    moves AS
    (
        SELECT if(a < 0, 'start', 'skip') AS kind, subject, attempt, state, a, b FROM skips
        UNION ALL
        SELECT 'return', p.subject, p.attempt, r.state, p.a, p.b
        FROM placed AS p
        INNER JOIN runs AS r ON r.subject = p.subject AND r.attempt = p.attempt
        WHERE is_return AND known != '' AND p.a >= 0
    ),
    (SELECT count() FROM runs) AS all_cases,
    counted AS
    (
        SELECT
            kind, a, b, count() AS n, uniqExact(subject, attempt) AS cases,
            uniqExactIf((subject, attempt), state IN ('lost_explicit', 'lost_silent', 'completed')) AS ended,
            uniqExactIf((subject, attempt), state IN ('lost_explicit', 'lost_silent')) AS lost
        FROM moves
        GROUP BY kind, a, b
    )
SELECT
    kind, if(a < 0, '(start)', f.id) AS `from`, t.id AS `to`,
    if(kind = 'return', a - b, b - a - 1) AS passed,
    n, cases, cases / all_cases AS cases_share, ended, lost,
    if(ended = 0, NULL, lost / ended) AS lost_share,
    if(ended = 0, NULL, greatest(0., (lost_share + z * z / 2 / ended
        - z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_low,
    if(ended = 0, NULL, least(1., (lost_share + z * z / 2 / ended
        + z * sqrt(lost_share * (1 - lost_share) / ended + z * z / 4 / ended / ended)) / (1 + z * z / ended))) AS lost_high,
    toBool(ended < 30) AS few
FROM counted
LEFT JOIN definition AS f ON toInt16(f.position) = counted.a
LEFT JOIN definition AS t ON toInt16(t.position) = counted.b
WHERE {stage:String} IN ('', `from`)
ORDER BY n DESC, kind, a, b;

-- +goose Down
DROP VIEW bypasses;
