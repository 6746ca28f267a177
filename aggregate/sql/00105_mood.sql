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
    -- piece: words
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
            if(raw_key = 0, '-', named[raw_key]) AS key,
            count() AS eligible, countIf(label != '') AS scored,
            countIf(label = 'positive') AS positive, countIf(label = 'neutral') AS neutral, countIf(label = 'negative') AS negative,
            countIf(label = 'mixed') AS mixed,
            -- summed as integers: the same bytes in whatever order the rows are read
            sumIf(toInt64(round(toFloat64(mood_score) * 1000000)), label != '') AS score_sum,
            countIf(felt = 1) AS satisfaction, countIf(felt = 2) AS impatience, countIf(felt = 3) AS enthusiasm, countIf(felt = 4) AS perplexity,
            countIf(felt = 5) AS confusion, countIf(felt = 6) AS disappointment, countIf(felt = 7) AS joy, countIf(felt = 8) AS frustration,
            countIf(felt = 9) AS none
        FROM
        (
            SELECT raw_key, mood_score, label, if(label = '', 0, toInt8(emotion)) AS felt -- as the column's type numbers them
            FROM findings FINAL
            ARRAY JOIN
                -- piece: step_key
                steps.occurred_at AS occurred_at, steps.mood_eligible AS mood_eligible, steps.mood_label AS label, steps.mood_emotion AS emotion,
                steps.mood_score AS mood_score,
                if({stage:String} = '', steps.mood_eligible, arrayMap(x -> toBool(x = number_of({stage:String})), steps.stage)) AS of_stage,
                -- piece: step_masks
            WHERE journey = {journey:String} AND mood_eligible
                AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
                AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
                -- piece: mask_filters
                AND ({stage:String} = '' OR of_stage)
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
-- stages where nobody wrote show too
FULL JOIN (SELECT toString(stage) AS key FROM definition WHERE {by:String} = 'stage' AND {stage:String} IN ('', stage)) AS others USING (key)
LEFT JOIN definition AS d ON toString(d.stage) = key AND {by:String} = 'stage'
ORDER BY position NULLS LAST, key;

-- +goose Down
DROP VIEW mood;
