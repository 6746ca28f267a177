-- +goose Up

-- coverage: how much of what is stored the journeys understand, by source, and in all (the row 'all').
--
--   from, to    occurred in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
--
-- What takes an interaction back is not counted; what was taken back is, since it was stored.
-- unmapped: no rule of any journey matched. eligible: customer-written text; scored: of these, those given a mood.
CREATE OR REPLACE VIEW coverage AS
WITH known AS
(
    SELECT n, toString(t.source) AS kind, t.journey = '' AS is_unmapped, t.mood_eligible AS is_eligible, is_eligible AND t.mood_label != '' AS is_scored
    FROM
    (
        SELECT tag, count() AS n
        FROM records FINAL
        WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
            AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
        GROUP BY tag
    ) AS r
    ANY LEFT JOIN tags AS t ON t.tag = r.tag
    WHERE t.type != 'interaction.retracted'
)
SELECT
    part AS source,
    sum(n) AS interactions,
    sumIf(n, is_unmapped) AS unmapped,
    if(interactions = 0, NULL, unmapped / interactions) AS unmapped_share,
    sumIf(n, is_eligible) AS eligible,
    sumIf(n, is_scored) AS scored,
    eligible - scored AS unscored,
    if(eligible = 0, NULL, scored / eligible) AS scored_share
FROM known
ARRAY JOIN ['all', kind] AS part
GROUP BY part
ORDER BY source = 'all' DESC, interactions DESC, source;

-- +goose Down
DROP VIEW coverage;
