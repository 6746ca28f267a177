AND ({channel:String} = '' OR of_channel) AND ({touchpoint:String} = '' OR of_touchpoint) AND ({department:String} = '' OR of_department)
AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR of_value)
AND ({persona:String} = '' AND {account:String} = '' AND {customer:String} = '' OR of_case)
