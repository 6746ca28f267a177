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
    1.959963984540054 AS z,
    definition AS
    (
        SELECT position, stage, labels
        FROM stages FINAL
        WHERE journey = {journey:String}
            AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
    ),
    (SELECT groupUniqArray(toString(source)) FROM interactions WHERE rating_kind != '') AS rating_sources,
    rated AS
    (
        SELECT
            contact_key, occurred_at, origin, id, toString(rating_kind) AS kind,
            ifNull(rating_min, 0) AS scale_min, ifNull(rating_max, 0) AS scale_max, ifNull(rating_score, 0) AS score
        FROM interactions FINAL
        WHERE rating_kind != '' AND rating_score IS NOT NULL AND rating_max IS NOT NULL
            AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
    ),
    keyed AS
    (
        SELECT
            toString(raw) AS raw_key,
            if(raw_key = '', '-', raw_key) AS key,
            r.kind AS kind, r.scale_min AS scale_min, r.scale_max AS scale_max, r.score AS score,
            -- summed as integers: the same bytes in whatever order the rows are read
            toInt64(round(r.score * 1000)) AS milli
        FROM
        (
            SELECT contact_key, occurred_at, origin, id, if({by:String} = 'touchpoint', touchpoint, if({by:String} = 'department', department, if({by:String} = 'persona', persona, if({by:String} = 'channel', channel, stage)))) AS raw
            FROM
            (
                SELECT
                    keys[contact + 1] AS contact_key, persona, account, customer, occurred_at, origin, id, channel, touchpoint, department, stage,
                    value_known
                FROM
                (
                    SELECT
                        contacts.contact_key AS keys, persona, account, customer,
                        arrayMap((x, t) -> has(rating_sources, x) AND t <= {as_of:DateTime64(3, 'UTC')}, sources, s_occurred_at) AS counts,
                        arrayFilter((x, c) -> c, s_occurred_at, counts) AS all_occurred_at, arrayFilter((x, c) -> c, s_contact, counts) AS all_contact,
                        arrayFilter((x, c) -> c, s_origin, counts) AS all_origin, arrayFilter((x, c) -> c, s_id, counts) AS all_id,
                        arrayFilter((x, c) -> c, s_channel, counts) AS all_channel, arrayFilter((x, c) -> c, s_touchpoint, counts) AS all_touchpoint,
                        arrayFilter((x, c) -> c, s_department, counts) AS all_department, arrayFilter((x, c) -> c, s_stage, counts) AS all_stage,
                        arrayFilter((x, c) -> c, s_value_known, counts) AS all_value_known
                    FROM walks FINAL
                    ARRAY JOIN
                        runs.persona AS persona, runs.account AS account, runs.customer AS customer, steps.source AS sources,
                        steps.occurred_at AS s_occurred_at, steps.contact AS s_contact, steps.origin AS s_origin, steps.id AS s_id,
                        steps.channel AS s_channel, steps.touchpoint AS s_touchpoint, steps.department AS s_department, steps.stage AS s_stage,
                        steps.value_known AS s_value_known
                    WHERE journey = {journey:String}
                )
                ARRAY JOIN
                    all_occurred_at AS occurred_at, all_contact AS contact, all_origin AS origin, all_id AS id, all_channel AS channel,
                    all_touchpoint AS touchpoint, all_department AS department, all_stage AS stage, all_value_known AS value_known
                WHERE occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
                    AND ({persona:String} = '' OR {persona:String} = if(persona = '', '-', persona))
                    AND ({channel:String} = '' OR {channel:String} = if(channel = '', '-', channel))
                    AND ({touchpoint:String} = '' OR {touchpoint:String} = if(touchpoint = '', '-', touchpoint))
                    AND ({department:String} = '' OR {department:String} = if(department = '', '-', department))
                    AND ({account:String} = '' OR {account:String} IN (if(account = '', '-', '+'), account))
                    AND ({customer:String} = '' OR customer = {customer:String})
                    AND ({value_from:Float64} = 0 AND {value_to:Float64} = inf OR value_known BETWEEN {value_from:Float64} AND {value_to:Float64})
                    AND ({stage:String} = '' OR {stage:String} = if(stage = '', '-', stage))
            )
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
