-- +goose NO TRANSACTION
-- +goose Up

-- Each time that stored interactions were tagged or scored again. A row is written when a run begins and once more when it has
-- finished, so one that was killed stays begun. Numbers count from 1. walk: everybody has to be walked again since.
CREATE TABLE IF NOT EXISTS reprocessed
(
    number   UInt64,
    kind     LowCardinality(String),
    version  String,
    read     UInt64,
    changed  UInt64,
    walk     Bool,
    finished UInt8
)
ENGINE = ReplacingMergeTree(finished) ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE reprocessed;
