CREATE TABLE arriving (id String, source String, type String, time DateTime64(3, 'UTC'), data String) ENGINE = Null;

CREATE MATERIALIZED VIEW reads TO {stored} AS
SELECT id, source AS origin, type, time AS occurred_at, data AS payload FROM arriving
