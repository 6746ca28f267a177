-- +goose NO TRANSACTION
-- +goose Up

-- Each statement can be run again. Several walkers may share the walk: each is a part of so many and writes the rows of walks whose
-- subjects' names are its own. How far each came is a row of its own, so all is walked anew, once.
DROP TABLE IF EXISTS walked;
DROP TABLE IF EXISTS identity_rules;

-- How far a part of the walk has come: everything stored up to this offset has been walked under this definition and these rules of
-- identity (which keys are shared). Rows of another division than the one in force count for nothing.
CREATE TABLE IF NOT EXISTS walked
(
    journey   LowCardinality(String),
    topic     LowCardinality(String),
    partition Int32,
    part      UInt32,
    division  UInt64,
    version   LowCardinality(String),
    rules     String,
    offset    Int64,
    walked    UInt64
)
ENGINE = ReplacingMergeTree(walked) ORDER BY (journey, topic, partition, part)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Into how many parts the walk is divided: the row of the highest revision is in force, and of several the one of most parts.
CREATE TABLE IF NOT EXISTS divisions
(
    revision UInt64,
    parts    UInt32,
    begun_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree ORDER BY (revision, parts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- What a part of the walk last walked a contact key as, where table people holds what another part did.
CREATE TABLE IF NOT EXISTS people_walked
(
    division    UInt64,
    part        UInt32,
    contact_key String,
    person      String,
    account     String,
    company     String,
    shared      LowCardinality(String),
    walked      UInt64
)
ENGINE = ReplacingMergeTree(walked) PARTITION BY division ORDER BY (part, contact_key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE people_walked;
DROP TABLE divisions;
