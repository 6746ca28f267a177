FROM findings FINAL
ARRAY JOIN
    runs.case_id AS case_id, runs.attempt AS attempt, runs.person AS person, runs.account AS account, runs.persona AS of_persona,
    runs.customer AS customer, runs.first_visit AS first_visit, runs.visits AS n_visits, runs.first_wait AS first_wait, runs.waits AS n_waits,
    runs.first_step AS first_step, runs.steps AS n_steps
WHERE journey = {journey:String} AND n_visits > 0 AND (visits.entered_at[first_visit] AS opened_at) <= {as_of:DateTime64(3, 'UTC')}
    -- piece: opening_filters
    AND ({state:String} NOT IN ('reached', 'skipped')
        OR (SELECT n FROM wanted) > 0
            AND (arrayCount(e -> e <= {as_of:DateTime64(3, 'UTC')}, arraySlice(visits.entered_at, first_visit, n_visits)) AS visited) > 0
            AND visits.position[first_visit + visited - 1 AS now] >= (SELECT position FROM wanted)
            AND ({state:String} = 'reached' OR NOT has(arraySlice(visits.position, first_visit, visited), (SELECT position FROM wanted))))
    AND ({state:String} IN ('reached', 'skipped') OR {stage:String} = '' OR visits.stage[now] = number_of({stage:String}))
    AND ({state:String} IN ('', 'reached', 'skipped') OR multiIf(
        {state:String} = 'lost', (if(visits.left_at[now] > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(visits.exit[now])) AS standing) IN ('lost_explicit', 'lost_silent'),
        {state:String} = 'waiting', (arrayCount((a, w) -> a <= {as_of:DateTime64(3, 'UTC')} AND ifNull(w > {as_of:DateTime64(3, 'UTC')}, true),
            arraySlice(waits.asked_at, first_wait, n_waits), arraySlice(waits.answered_at, first_wait, n_waits)) AS asked) > 0,
        standing = {state:String}))
