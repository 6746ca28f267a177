-- +goose NO TRANSACTION
-- +goose Up

-- What people say about the mood of single texts. It overrides the scorer wherever steps are read, whatever scores or tags the
-- interaction later; the newest correction of an interaction counts. Revisions count all corrections from 1, so that a walk
-- knows which are new. contact_keys and threads are those that the interaction was stored under.
CREATE TABLE IF NOT EXISTS corrections
(
    origin        LowCardinality(String),
    id            String,
    label         LowCardinality(String),
    emotion       LowCardinality(String),
    by            String,
    at            DateTime64(3, 'UTC'),
    note          String,
    contact_keys  Array(String),
    threads       Array(String),
    revision      UInt64,
    deleted       UInt8
)
ENGINE = ReplacingMergeTree(revision) ORDER BY (origin, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE corrections;
