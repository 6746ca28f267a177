FROM findings FINAL
ARRAY JOIN
    visits.run AS run, visits.stage AS stage, visits.position AS position, visits.entered_at AS entered_at, visits.left_at AS left_at,
    visits.exit AS exit, visits.touchpoint AS touchpoint, visits.channel AS channel, visits.department AS department, visits.value AS value,
    visits.value_known AS value_known,
    -- piece: visit_masks
WHERE journey = {journey:String} AND entered_at <= {as_of:DateTime64(3, 'UTC')}
    -- piece: visit_filters
    AND ({stage:String} = '' OR stage = number_of({stage:String}))
    AND ({state:String} = '' OR multiIf(
        {state:String} = 'lost', left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('lost_explicit', 'lost_silent'),
        {state:String} = 'stayed', left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('moved_on', 'completed'),
        {state:String} = 'mature',
            (toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli(entered_at) >= transform(stage, aged.1, aged.2, inf) AS is_mature),
        {state:String} = 'mature_lost', is_mature AND left_at <= {as_of:DateTime64(3, 'UTC')} AND exit IN ('lost_explicit', 'lost_silent'),
        {state:String} = 'mature_open', is_mature AND (left_at > {as_of:DateTime64(3, 'UTC')} OR exit = 'in_progress'),
        if(left_at > {as_of:DateTime64(3, 'UTC')}, 'in_progress', toString(exit)) = {state:String}))
