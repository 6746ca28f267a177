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
    counted AS
    (
        SELECT
            if(raw_key = '', '-', toString(raw_key)) AS key,
            countIf(is_eligible) AS eligible, countIf(label != '') AS scored,
            countIf(label = 'positive') AS positive,
            countIf(label = 'neutral') AS neutral,
            countIf(label = 'negative') AS negative,
            countIf(label = 'mixed') AS mixed,
            -- summed as integers: the same bytes in whatever order the rows are read
            sumIf(toInt64(round(toFloat64(mood_score) * 1000000)), label != '') AS score_sum,
            countIf(label != '' AND emotion = 'satisfaction') AS satisfaction,
            countIf(label != '' AND emotion = 'impatience') AS impatience,
            countIf(label != '' AND emotion = 'enthusiasm') AS enthusiasm,
            countIf(label != '' AND emotion = 'perplexity') AS perplexity,
            countIf(label != '' AND emotion = 'confusion') AS confusion,
            countIf(label != '' AND emotion = 'disappointment') AS disappointment,
            countIf(label != '' AND emotion = 'joy') AS joy,
            countIf(label != '' AND emotion = 'frustration') AS frustration,
            countIf(label != '' AND emotion = 'none') AS none
        FROM
        (
            SELECT
                if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw_key,
                mood_label AS label, mood_emotion AS emotion, mood_score, true AS is_eligible
            FROM
            (
                SELECT persona, account, customer, all_occurred_at, all_mood_eligible, all_mood_label, all_mood_emotion, all_mood_score, all_channel,
                    all_touchpoint, all_department, all_stage, all_value_known
                FROM walks FINAL
                ARRAY JOIN
                    runs.persona AS persona, runs.account AS account, runs.customer AS customer, steps.occurred_at AS all_occurred_at,
                    steps.mood_eligible AS all_mood_eligible, steps.mood_label AS all_mood_label, steps.mood_emotion AS all_mood_emotion,
                    steps.mood_score AS all_mood_score, steps.channel AS all_channel, steps.touchpoint AS all_touchpoint,
                    steps.department AS all_department, steps.stage AS all_stage, steps.value_known AS all_value_known
                WHERE journey = {journey:String}
            )
            ARRAY JOIN
                all_occurred_at AS occurred_at, all_mood_eligible AS mood_eligible, all_mood_label AS mood_label, all_mood_emotion AS mood_emotion,
                all_mood_score AS mood_score, all_channel AS channel, all_touchpoint AS touchpoint, all_department AS department, all_stage AS stage,
                all_value_known AS value_known
            WHERE mood_eligible
                AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
                AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
                AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
                AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                AND ({customer:String} = '' OR customer = {customer:String})
                AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
            UNION ALL
            -- stages where nobody wrote show too
            SELECT toLowCardinality(toString(stage)) AS raw_key, toLowCardinality('') AS label, toLowCardinality('') AS emotion, toFloat32(0), false
            FROM definition
            WHERE {by:String} = 'stage' AND {stage:String} IN ('', stage)
        )
        GROUP BY raw_key
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
