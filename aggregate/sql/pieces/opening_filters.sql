AND opened_at >= {from:DateTime64(3, 'UTC')} AND opened_at < {to:DateTime64(3, 'UTC')}
AND ({persona:String} = '' OR of_persona = number_of({persona:String}))
AND ({channel:String} = '' OR visits.channel[first_visit] = number_of({channel:String}))
AND ({touchpoint:String} = '' OR visits.touchpoint[first_visit] = number_of({touchpoint:String}))
AND ({department:String} = '' OR visits.department[first_visit] = number_of({department:String}))
AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
AND ({customer:String} = '' OR customer = {customer:String})
AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR visits.value_known[first_visit] BETWEEN {value_from:Float64} AND {value_to:Float64})
