AND ({persona:String} = '' OR persona = number_of({persona:String}))
AND ({channel:String} = '' OR has(arraySlice(steps.channel, first_step, n), number_of({channel:String})))
AND ({touchpoint:String} = '' OR has(arraySlice(steps.touchpoint, first_step, n), number_of({touchpoint:String})))
AND ({department:String} = '' OR has(arraySlice(steps.department, first_step, n), number_of({department:String})))
AND ({stage:String} = '' OR has(arraySlice(steps.stage, first_step, n), number_of({stage:String})))
AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
AND ({customer:String} = '' OR customer = {customer:String})
AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf
    OR arrayMax(arraySlice(steps.value_known, first_step, n)) BETWEEN {value_from:Float64} AND {value_to:Float64})
