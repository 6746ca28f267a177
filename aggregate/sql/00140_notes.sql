-- +goose NO TRANSACTION
-- +goose Up

-- What people know that no system recorded: interviews, observations, ideas. Each change is another revision; the highest
-- counts. No view of numbers reads this table: what people say is shown beside what was computed, never averaged in.
CREATE TABLE IF NOT EXISTS notes
(
    journey    LowCardinality(String),
    id         String,
    revision   UInt32,
    content    String,
    deleted    UInt8,
    changed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree ORDER BY (journey, id, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE notes;
