FROM walks FINAL
ARRAY JOIN
    steps.run AS run, steps.contact AS contact, steps.mood_eligible AS mood_eligible, steps.occurred_at AS occurred_at, steps.id AS id,
    steps.stage AS stage, steps.value_known AS value_known, steps.mood_score AS mood_score, steps.origin AS origin, steps.source AS source,
    steps.touchpoint AS touchpoint, steps.channel AS channel, steps.department AS department, steps.mood_label AS mood_label,
    steps.mood_emotion AS mood_emotion, steps.mood_lang AS mood_lang,
    -- piece: step_masks
WHERE journey = {journey:String} AND mood_eligible AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
    AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
    -- piece: mask_filters
    AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
    AND ({state:String} = '' OR multiIf(
        {state:String} = 'scored', mood_label != '',
        {state:String} = 'unscored', mood_label = '',
        mood_label != '' AND {state:String} IN (mood_label, mood_emotion)))
