-- what the rows are grouped by
tupleElement((visits.stage, visits.touchpoint, visits.department, visits.channel, if({by:String} = 'persona', arrayFlatten(arrayMap(
    (p, n) -> arrayWithConstant(n, toString(p)), runs.persona, runs.visits)), emptyArrayString())),
    indexOf(['stage', 'touchpoint', 'department', 'channel', 'persona'], {by:String})) AS raw_key,
