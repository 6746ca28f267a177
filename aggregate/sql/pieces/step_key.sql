-- what the rows are grouped by
tupleElement((steps.stage, steps.touchpoint, steps.department, steps.channel, if({by:String} = 'persona', arrayFlatten(arrayMap(
    (p, n) -> arrayWithConstant(n, p), runs.persona, runs.steps)), emptyArrayUInt16())),
    indexOf(['stage', 'touchpoint', 'department', 'channel', 'persona'], {by:String})) AS raw_key,
