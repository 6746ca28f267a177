-- what of the rows passes each filter; an array that is read anyway stands for one that is not set, so that its column is not read
if({channel:String} = '', waits.first, arrayMap(x -> toBool(x = number_of({channel:String})), waits.channel)) AS of_channel,
if({touchpoint:String} = '', waits.first, arrayMap(x -> toBool(x = number_of({touchpoint:String})), waits.touchpoint)) AS of_touchpoint,
if({department:String} = '', waits.first, arrayMap(x -> toBool(x = number_of({department:String})), waits.department)) AS of_department,
if({value_from:Float64} = 0 AND {value_to:Float64} = inf, waits.first,
    arrayMap(x -> toBool(x BETWEEN {value_from:Float64} AND {value_to:Float64}), waits.value_known)) AS of_value,
if({customer:String} = '', waits.first, arrayMap(x -> toBool(x = {customer:String}), waits.customer)) AS of_customer,
if({persona:String} = '' AND {account:String} = '', waits.first, arrayFlatten(arrayMap((p, a, n) -> arrayWithConstant(n,
    toBool(({persona:String} = '' OR p = number_of({persona:String}))
        AND ({account:String} = '' OR {account:String} = a OR {account:String} = if(a = '', '-', '+')))),
    runs.persona, runs.account, runs.waits))) AS of_case
