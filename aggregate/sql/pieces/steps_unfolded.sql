-- what is told of a step, a row for each; words are numbers still
steps.run AS run, steps.occurred_at AS occurred_at, steps.contact AS contact, steps.id AS id, steps.stage AS in_stage,
steps.is_return AS is_return, steps.value_known AS value_known, steps.mood_score AS mood_score, steps.automatic AS automatic,
steps.mood_eligible AS mood_eligible, steps.origin AS origin, steps.source AS of_source, steps.type AS type, steps.activity AS activity,
steps.direction AS way, steps.touchpoint AS at_touchpoint, steps.channel AS on_channel, steps.department AS by_department,
steps.outcome AS ending, steps.mood_label AS label, steps.mood_emotion AS emotion, steps.mood_lang AS mood_lang
