-- words of findings are numbers: the words in order, and the number of what a filter says ('-' is none; what no row has: 65535)
(SELECT groupArray(word) FROM (SELECT word FROM words ORDER BY number)) AS named,
w -> toUInt16(multiIf(w = '-', 0, has(named, w), indexOf(named, w), 65535)) AS number_of,
