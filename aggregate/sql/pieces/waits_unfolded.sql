-- what is told of a wait, a row for each; words are numbers still
waits.run AS run, waits.number AS number, waits.contact AS contact, waits.customer AS customer, waits.value_known AS value_known,
waits.thread AS thread, waits.first AS first, waits.missed_call AS missed_call, waits.source AS source, waits.stage AS in_stage,
waits.touchpoint AS at_touchpoint, waits.channel AS on_channel, waits.department AS by_department, waits.priority AS priority,
waits.asked_at AS asked_at, waits.ask_origin AS ask_origin, waits.ask_id AS ask_id, waits.answered_at AS answered_at,
waits.answer_origin AS answer_origin, waits.answer_id AS answer_id, waits.waited_ms AS waited_ms, waits.business_ms AS business_ms,
waits.target_ms AS target_ms, waits.target_business AS target_business, waits.due_at AS due_at
