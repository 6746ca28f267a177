-- +goose Up

-- mood: how customers feel in what they write, by stage, touchpoint, department, persona or channel. Stages where nobody
-- wrote show with zeros.
--
--   journey     the journey's id
--   from, to    written in [from, to)
--   as_of       the instant T; what was written after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   of the interaction; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   by          stage, touchpoint, department, persona, channel; the key '-' is "none"
--
-- eligible: texts a customer wrote, in interactions of a case; scored: those the scorer gave a mood; coverage = scored / eligible.
-- net = (positive - negative) / scored; curve = 2 net, on -2 … +2, with its 95 % interval from the variance of the
-- three shares (positive + negative - net²) / scored. few: scored < 30. mean_score: mean of the scores, -1 … 1.
CREATE OR REPLACE VIEW mood AS
WITH
    1.959963984540054 AS z,
    definition AS
    (
        SELECT position, stage, labels
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    keyed AS
    (
        SELECT
            toString(multiIf({by:String} = 'touchpoint', touchpoint, {by:String} = 'department', department,
                             {by:String} = 'persona', persona, {by:String} = 'channel', channel, stage)) AS raw_key,
            if(raw_key = '', '-', raw_key) AS key,
            mood_eligible AS is_eligible, mood_eligible AND mood_label != '' AS is_scored,
            toString(mood_label) AS label, toString(mood_emotion) AS emotion, mood_score AS score
        FROM steps FINAL
        WHERE journey = {journey:String} AND case_id != '' AND mood_eligible
            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
            AND {persona:String} IN ('', if(persona = '', '-', persona))
            AND {channel:String} IN ('', if(channel = '', '-', channel))
            AND {touchpoint:String} IN ('', if(touchpoint = '', '-', touchpoint))
            AND {department:String} IN ('', if(department = '', '-', department))
            AND {account:String} IN ('', if(account = '', '-', '+'), account) AND {customer:String} IN ('', customer)
            AND value_known BETWEEN {value_from:Float64} AND {value_to:Float64}
            AND {stage:String} IN ('', if(stage = '', '-', stage))
        UNION ALL
        SELECT toString(stage) AS raw_key, raw_key AS key, false, false, '', '', 0
        FROM definition
        WHERE {by:String} = 'stage' AND {stage:String} IN ('', stage)
    ),
    counted AS
    (
        SELECT
            key,
            countIf(is_eligible) AS eligible, countIf(is_scored) AS scored,
            countIf(is_scored AND label = 'positive') AS positive,
            countIf(is_scored AND label = 'neutral') AS neutral,
            countIf(is_scored AND label = 'negative') AS negative,
            countIf(is_scored AND label = 'mixed') AS mixed,
            -- summed as integers: the same bytes in whatever order the rows are read
            sumIf(toInt64(round(toFloat64(score) * 1000000)), is_scored) AS score_sum,
            countIf(is_scored AND emotion = 'satisfaction') AS satisfaction,
            countIf(is_scored AND emotion = 'impatience') AS impatience,
            countIf(is_scored AND emotion = 'enthusiasm') AS enthusiasm,
            countIf(is_scored AND emotion = 'perplexity') AS perplexity,
            countIf(is_scored AND emotion = 'confusion') AS confusion,
            countIf(is_scored AND emotion = 'disappointment') AS disappointment,
            countIf(is_scored AND emotion = 'joy') AS joy,
            countIf(is_scored AND emotion = 'frustration') AS frustration,
            countIf(is_scored AND emotion = 'none') AS none
        FROM keyed
        GROUP BY key
    )
SELECT
    key, if(d.stage = '', NULL, d.position) AS position,
    coalesce(nullIf(d.labels['it'], ''), nullIf(d.labels['en'], ''), key) AS label_it,
    coalesce(nullIf(d.labels['en'], ''), nullIf(d.labels['it'], ''), key) AS label_en,
    eligible, scored, if(eligible = 0, NULL, scored / eligible) AS coverage,
    positive, neutral, negative, mixed,
    if(scored = 0, NULL, (toInt64(positive) - toInt64(negative)) / scored) AS net,
    2 * net AS curve,
    if(scored = 0, NULL, greatest(-2., curve - 2 * z * sqrt(greatest(0., (positive + negative) / scored - net * net) / scored))) AS curve_low,
    if(scored = 0, NULL, least(2., curve + 2 * z * sqrt(greatest(0., (positive + negative) / scored - net * net) / scored))) AS curve_high,
    if(scored = 0, NULL, score_sum / 1000000 / scored) AS mean_score,
    satisfaction, impatience, enthusiasm, perplexity, confusion, disappointment, joy, frustration, none,
    toBool(scored < 30) AS few
FROM counted
LEFT JOIN definition AS d ON toString(d.stage) = counted.key AND {by:String} = 'stage'
ORDER BY position NULLS LAST, key;

-- +goose Down
DROP VIEW mood;
