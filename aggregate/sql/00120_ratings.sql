-- +goose Up

-- ratings: how satisfied customers say they are, by stage, touchpoint, department, persona or channel. Stated ratings
-- are kept apart from mood, and every scale from every other: one row per key, kind and scale. Stages where nobody
-- answered show with kind '', zero answers and nulls: no answer is "no data", never 0.
--
--   journey     the journey's id
--   from, to    answered in [from, to)
--   as_of       the instant T; what was answered after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   of the interaction that carries the rating; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   by          stage, touchpoint, department, persona, channel; the key '-' is "none"
--
-- csat and stars: top_two_share, the share of answers on the two highest steps of the scale, with its Wilson 95 %
--   interval. nps: (promoters - detractors) / n on a scale of 0 to 10, promoters 9 and 10, detractors 0 to 6, with its
--   95 % interval from the variance of the three shares. ces: mean, with its 95 % interval from the answers' variance.
-- mean is given for every kind, on the scale scale_min … scale_max. few where n is under 30.
CREATE OR REPLACE VIEW ratings AS
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
    (SELECT groupUniqArray(number_of(toString(source))) FROM tags WHERE rating_kind != '') AS rating_sources,
    rated AS
    (
        SELECT
            contact_key, occurred_at, r.origin AS origin, id, toString(t.rating_kind) AS kind,
            ifNull(t.rating_min, 0) AS scale_min, ifNull(t.rating_max, 0) AS scale_max, ifNull(rating_score, 0) AS score
        FROM
        (
            SELECT contact_key, occurred_at, origin, id, tag, rating_score
            FROM records FINAL
            PREWHERE contact_key IN (SELECT contact_key FROM records WHERE rating_score IS NOT NULL)
            WHERE rating_score IS NOT NULL
        ) AS r
        ANY LEFT JOIN tags AS t ON t.tag = r.tag
        WHERE t.rating_kind != '' AND t.rating_max IS NOT NULL
            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
    ),
    keyed AS
    (
        SELECT
            if(raw = 0, '-', named[raw]) AS key,
            r.kind AS kind, r.scale_min AS scale_min, r.scale_max AS scale_max, r.score AS score,
            -- summed as integers: the same bytes in whatever order the rows are read
            toInt64(round(r.score * 1000)) AS milli
        FROM
        (
            SELECT contacts.contact_key[contact] AS contact_key, occurred_at, origin, id, raw
            FROM findings FINAL
            ARRAY JOIN
                tupleElement((steps.stage, steps.touchpoint, steps.department, steps.channel,
                    if({by:String} = 'persona', arrayFlatten(arrayMap((p, n) -> arrayWithConstant(n, p), runs.persona, runs.steps)), emptyArrayUInt16())),
                    indexOf(['stage', 'touchpoint', 'department', 'channel', 'persona'], {by:String})) AS raw,
                steps.source AS source, steps.contact AS contact, steps.occurred_at AS occurred_at, steps.origin AS origin, steps.id AS id,
                if({stage:String} = '', steps.automatic, arrayMap(x -> toBool(x = number_of({stage:String})), steps.stage)) AS of_stage,
                -- piece: step_masks
            WHERE journey = {journey:String} AND hasAny(steps.source, rating_sources) AND has(rating_sources, source) AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
                AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
                -- piece: mask_filters
                AND ({stage:String} = '' OR of_stage)

        ) AS s
        INNER JOIN rated AS r ON r.contact_key = s.contact_key AND r.occurred_at = s.occurred_at AND r.origin = s.origin AND r.id = s.id
    ),
    counted AS
    (
        SELECT
            key, kind, scale_min, scale_max, count() AS n,
            countIf(score >= scale_max - 1) AS top_two,
            countIf(score >= 9) AS promoters, countIf(score <= 6) AS detractors,
            sum(milli) AS total, sum(milli * milli) AS squares
        FROM keyed
        GROUP BY key, kind, scale_min, scale_max
        UNION ALL
        SELECT toString(stage), '', 0, 0, 0, 0, 0, 0, 0, 0
        FROM definition
        WHERE {by:String} = 'stage' AND {stage:String} IN ('', stage) AND stage NOT IN (SELECT key FROM keyed)
    ),
    computed AS
    (
        SELECT
            *, kind IN ('csat', 'stars') AND n > 0 AS of_top, kind = 'nps' AND scale_min = 0 AND scale_max = 10 AND n > 0 AS of_nps,
            if(of_top, top_two / n, NULL) AS top_two_share,
            if(of_nps, (toInt64(promoters) - toInt64(detractors)) / n, NULL) AS nps,
            if(n = 0, NULL, total / 1000 / n) AS mean,
            -- the answers' sample variance; exact until the last division
            if(n < 2, NULL, toFloat64(greatest(0, toInt128(n) * squares - toInt128(total) * total)) / n / (n - 1) / 1000000) AS variance
        FROM counted
    )
SELECT
    key, if(d.stage = '', NULL, d.position) AS position,
    coalesce(nullIf(d.labels['it'], ''), nullIf(d.labels['en'], ''), key) AS label_it,
    coalesce(nullIf(d.labels['en'], ''), nullIf(d.labels['it'], ''), key) AS label_en,
    kind, n,
    if(n = 0, NULL, scale_min) AS scale_min, if(n = 0, NULL, scale_max) AS scale_max,
    mean,
    mean - z * sqrt(variance / n) AS mean_low,
    mean + z * sqrt(variance / n) AS mean_high,
    if(of_top, top_two, NULL) AS top_two, top_two_share,
    if(NOT of_top, NULL, greatest(0., (top_two_share + z * z / 2 / n
        - z * sqrt(top_two_share * (1 - top_two_share) / n + z * z / 4 / n / n)) / (1 + z * z / n))) AS top_two_low,
    if(NOT of_top, NULL, least(1., (top_two_share + z * z / 2 / n
        + z * sqrt(top_two_share * (1 - top_two_share) / n + z * z / 4 / n / n)) / (1 + z * z / n))) AS top_two_high,
    if(of_nps, promoters, NULL) AS promoters, if(of_nps, detractors, NULL) AS detractors, nps,
    if(NOT of_nps, NULL, greatest(-1., nps - z * sqrt(greatest(0., (promoters + detractors) / n - nps * nps) / n))) AS nps_low,
    if(NOT of_nps, NULL, least(1., nps + z * sqrt(greatest(0., (promoters + detractors) / n - nps * nps) / n))) AS nps_high,
    toBool(n < 30) AS few
FROM computed
LEFT JOIN definition AS d ON toString(d.stage) = computed.key AND {by:String} = 'stage'
ORDER BY position NULLS LAST, key, kind, computed.scale_min, computed.scale_max;

-- +goose Down
DROP VIEW ratings;
