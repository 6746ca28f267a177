AND opened_at >= {from:DateTime64(3, 'UTC')} AND opened_at < {to:DateTime64(3, 'UTC')}
AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
AND ({channel:String} = '' OR {channel:String} = if(visits.channel[first_visit] = '', '-', visits.channel[first_visit]))
AND ({touchpoint:String} = '' OR {touchpoint:String} = if(visits.touchpoint[first_visit] = '', '-', visits.touchpoint[first_visit]))
AND ({department:String} = '' OR {department:String} = if(visits.department[first_visit] = '', '-', visits.department[first_visit]))
AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
AND ({customer:String} = '' OR customer = {customer:String})
AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR visits.value_known[first_visit] BETWEEN {value_from:Float64} AND {value_to:Float64})
