-- +goose NO TRANSACTION
-- +goose Up

-- What people state of two contact keys, key_a before key_b: that they are the same person, or that they are not (different). The newest
-- of a pair counts, unless it takes the last one back (deleted). Revisions count all from 1, so that a walk knows which are new.
CREATE TABLE IF NOT EXISTS identity_statements
(
    key_a    String,
    key_b    String,
    verdict  LowCardinality(String),
    by       String,
    at       DateTime64(3, 'UTC'),
    why      String,
    revision UInt64,
    deleted  UInt8
)
ENGINE = ReplacingMergeTree(revision) ORDER BY (key_a, key_b)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE identity_statements;
