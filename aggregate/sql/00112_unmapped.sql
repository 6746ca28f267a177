-- +goose Up

-- unmapped: what no rule of any journey matched, most frequent first, each with its newest example.
--
--   from, to    occurred in [from, to)
--   as_of       the instant T; what happened after it does not exist yet
CREATE OR REPLACE VIEW unmapped AS
SELECT
    toString(t.source) AS source, toString(t.type) AS type, toString(t.activity) AS activity, to_address,
    count() AS interactions,
    interactions / sum(interactions) OVER () AS share,
    min(occurred_at) AS first_at, max(occurred_at) AS last_at,
    argMax(r.origin, (occurred_at, r.origin, id)) AS example_origin,
    argMax(id, (occurred_at, r.origin, id)) AS example_id
FROM (SELECT * FROM records FINAL WHERE tag IN (SELECT tag FROM tags WHERE journey = '' AND type != 'interaction.retracted')) AS r
ANY LEFT JOIN tags AS t ON t.tag = r.tag
WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
    AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
GROUP BY source, type, activity, to_address
ORDER BY interactions DESC, source, type, activity, to_address;

-- +goose Down
DROP VIEW unmapped;
