-- what the rows are grouped by
tupleElement((visits.stage, visits.touchpoint, visits.department, visits.channel, if({by:String} = 'persona', arrayFlatten(arrayMap(
    (p, n) -> arrayWithConstant(n, p), runs.persona, runs.visits)), emptyArrayUInt16())),
    indexOf(['stage', 'touchpoint', 'department', 'channel', 'persona'], {by:String})) AS raw_key,
