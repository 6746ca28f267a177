-- what of the rows passes each filter; an array that is read anyway stands for one that is not set, so that its column is not read
if({channel:String} = '', visits.position, arrayMap(x -> toUInt8(x = number_of({channel:String})), visits.channel)) AS of_channel,
if({touchpoint:String} = '', visits.position, arrayMap(x -> toUInt8(x = number_of({touchpoint:String})), visits.touchpoint)) AS of_touchpoint,
if({department:String} = '', visits.position, arrayMap(x -> toUInt8(x = number_of({department:String})), visits.department)) AS of_department,
if({value_from:Float64} = 0 AND {value_to:Float64} = inf, visits.position,
    arrayMap(x -> toUInt8(x BETWEEN {value_from:Float64} AND {value_to:Float64}), visits.value_known)) AS of_value,
if({persona:String} = '' AND {account:String} = '' AND {customer:String} = '', visits.position, arrayFlatten(arrayMap((p, a, c, n) -> arrayWithConstant(n,
    toUInt8(({persona:String} = '' OR p = number_of({persona:String}))
        AND ({account:String} = '' OR {account:String} = a OR {account:String} = if(a = '', '-', '+'))
        AND ({customer:String} = '' OR c = {customer:String}))),
    runs.persona, runs.account, runs.customer, runs.visits))) AS of_case
