-- of each of the subject's steps, whether it is one of those asked for
arrayMap((c, t, d, v, k) -> ({channel:String} = '' OR c) AND ({touchpoint:String} = '' OR t) AND ({department:String} = '' OR d)
        AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR v)
        AND ({persona:String} = '' AND {account:String} = '' AND {customer:String} = '' OR k),
    of_channel, of_touchpoint, of_department, of_value, of_case) AS asked_for,
-- piece: step_masks
