-- what of the rows passes each filter; an array that is read anyway stands for one that is not set, so that its column is not read
if({channel:String} = '', steps.is_return, arrayMap(x -> toBool(x = number_of({channel:String})), steps.channel)) AS of_channel,
if({touchpoint:String} = '', steps.is_return, arrayMap(x -> toBool(x = number_of({touchpoint:String})), steps.touchpoint)) AS of_touchpoint,
if({department:String} = '', steps.is_return, arrayMap(x -> toBool(x = number_of({department:String})), steps.department)) AS of_department,
if({value_from:Float64} = 0 AND {value_to:Float64} = inf, steps.is_return,
    arrayMap(x -> toBool(x BETWEEN {value_from:Float64} AND {value_to:Float64}), steps.value_known)) AS of_value,
if({persona:String} = '' AND {account:String} = '' AND {customer:String} = '', steps.is_return, arrayFlatten(arrayMap((p, a, c, n) -> arrayWithConstant(n,
    toBool(({persona:String} = '' OR p = number_of({persona:String}))
        AND ({account:String} = '' OR {account:String} = a OR {account:String} = if(a = '', '-', '+'))
        AND ({customer:String} = '' OR c = {customer:String}))),
    runs.persona, runs.account, runs.customer, runs.steps))) AS of_case
