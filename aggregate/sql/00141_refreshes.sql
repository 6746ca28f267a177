-- +goose NO TRANSACTION
-- +goose Up

-- Every run of a refresh, failed ones too: the scheduler looks here for what is still to be done, so a restart forgets nothing.
CREATE TABLE IF NOT EXISTS refreshes
(
    journey  LowCardinality(String),
    month    LowCardinality(String),
    began_at DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC'),
    version  UInt32,
    added    UInt8,
    error    String,
    by       String
)
ENGINE = MergeTree ORDER BY (journey, month, began_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE refreshes;
