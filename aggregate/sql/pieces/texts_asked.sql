-- of each of the subject's steps, whether it is a text that is asked for
arrayMap((eligible, at, asked, stage_asked, state_asked) -> eligible AND at <= {as_of:DateTime64(3, 'UTC')}
        AND at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}
        AND asked AND ({stage:String} = '' OR stage_asked) AND ({state:String} = '' OR state_asked),
    steps.mood_eligible, steps.occurred_at, asked_for,
    if({stage:String} = '', steps.mood_eligible, arrayMap(x -> toBool(x = number_of({stage:String})), steps.stage)),
    if({state:String} = '', steps.mood_eligible, arrayMap((label, emotion) -> toBool(multiIf(
            {state:String} = 'scored', label != '',
            {state:String} = 'unscored', label = '',
            label != '' AND {state:String} IN (toString(label), toString(emotion)))),
        steps.mood_label, steps.mood_emotion))) AS is_text,
-- piece: steps_asked
