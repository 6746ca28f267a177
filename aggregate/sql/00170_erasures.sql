-- +goose NO TRANSACTION
-- +goose Up

-- Who asked for whom to be erased, and what that removed. A row is written when an erasure begins, with the keys that it removes and those
-- seen beside them, so that one that was killed can be gone on with; it is replaced, and then deleted, by one without keys when all is done. Numbers count from 1.
CREATE TABLE IF NOT EXISTS erasures
(
    number    UInt64,
    reference String,
    by        String,
    at        DateTime64(3, 'UTC'),
    persons   UInt32,
    keys      Array(String),
    beside    Array(String),
    removed   Map(String, UInt64),
    finished  UInt8
)
ENGINE = ReplacingMergeTree(finished) ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Which places in Kafka held interactions that were erased, so that they count as read, and a mark of each interaction, so that a copy of it
-- is not stored again, whoever sends it: the first half of the SHA-256 of origin, a zero and id, in hexadecimal. Nothing else is kept.
CREATE TABLE IF NOT EXISTS erased
(
    topic     LowCardinality(String),
    partition Int32,
    offset    Int64,
    mark      String,
    erasure   UInt64
)
ENGINE = ReplacingMergeTree ORDER BY (topic, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE erased;
DROP TABLE erasures;
