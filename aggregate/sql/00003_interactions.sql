-- +goose Up

-- interactions: everything stored, each interaction once, with what its tag says of it. contact_key is the strongest of its keys; what
-- arrived with it is in view payloads. automatic: no person answered, as the interaction itself (by_machine) or its rule says.
CREATE OR REPLACE VIEW interactions AS
SELECT
    r.contact_key AS contact_key, r.occurred_at AS occurred_at, r.origin AS origin, r.id AS id, r.arrived_at AS arrived_at,
    t.source AS source, t.type AS type, t.activity AS activity, t.direction AS direction, r.thread AS thread,
    t.automatic AS automatic, t.by_machine AS by_machine, t.public AS public, t.held AS held, t.solved AS solved,
    r.agent AS agent, r.from_address AS from_address, r.to_address AS to_address, r.subject AS subject, r.text AS text, t.lang AS lang,
    t.priority AS priority, r.value AS value, t.currency AS currency,
    t.rating_kind AS rating_kind, r.rating_score AS rating_score, t.rating_min AS rating_min, t.rating_max AS rating_max,
    t.journey AS journey, t.version AS version, t.rule AS rule, t.touchpoint AS touchpoint, t.channel AS channel,
    t.department AS department, t.persona AS persona, t.stages AS stages, t.outcome AS outcome,
    t.mood_eligible AS mood_eligible, t.mood_label AS mood_label, r.mood_score AS mood_score, t.mood_emotion AS mood_emotion,
    t.mood_lang AS mood_lang, r.mood_confidence AS mood_confidence, t.mood_model AS mood_model,
    r.topic AS topic, r.partition AS partition, r.offset AS offset
FROM (SELECT * FROM records FINAL) AS r
ANY LEFT JOIN tags AS t ON t.tag = r.tag;

-- +goose Down
DROP VIEW interactions;
