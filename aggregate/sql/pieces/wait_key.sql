-- what the rows are grouped by
tupleElement((waits.stage, waits.touchpoint, waits.department, waits.channel, if({by:String} = 'persona', arrayFlatten(arrayMap(
    (p, n) -> arrayWithConstant(n, p), runs.persona, runs.waits)), emptyArrayUInt16())),
    indexOf(['stage', 'touchpoint', 'department', 'channel', 'persona'], {by:String})) AS raw_key,
