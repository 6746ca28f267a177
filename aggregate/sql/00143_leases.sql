-- +goose NO TRANSACTION
-- +goose Up

-- Which of several processes does what only one needs to do. Times are the server's own. What is guarded by a lease must
-- bear being done twice: a lease saves work, and decides nothing.
CREATE TABLE IF NOT EXISTS leases
(
    name     LowCardinality(String),
    holder   String,
    taken_at DateTime64(3, 'UTC'),
    until    DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(until) ORDER BY (name, holder, taken_at)
TTL toDateTime(until) + INTERVAL 1 DAY;

-- +goose Down
DROP TABLE leases;
