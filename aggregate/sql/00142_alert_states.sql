-- +goose NO TRANSACTION
-- +goose Up

-- How things stand with the causes of alerts: what holds since when, and who was told. Each change is another revision; the
-- highest counts.
CREATE TABLE IF NOT EXISTS alert_states
(
    cause      String,
    revision   UInt64,
    content    String,
    deleted    UInt8,
    changed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(revision) ORDER BY cause
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE alert_states;
