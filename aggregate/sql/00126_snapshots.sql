-- +goose NO TRANSACTION
-- +goose Up

-- The journey's numbers as of the end of a month, frozen. Rows are only ever added: late data make another version. content
-- is canonical JSON (docs/snapshots.md), sha256 its hash; the same numbers are the same bytes. facts is a hash of what the
-- numbers were computed from, interactions and seen how many interactions there were by then, and a hash of their names.
CREATE TABLE IF NOT EXISTS snapshots
(
    journey      LowCardinality(String),
    month        LowCardinality(String),
    version      UInt32,
    as_of        DateTime64(3, 'UTC'),
    definition   String,
    software     String,
    interactions UInt64,
    seen         UInt64,
    facts        UInt64,
    reason       LowCardinality(String),
    content      String CODEC(ZSTD(3)),
    sha256       String,
    taken_at     DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY (journey, month, version)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

-- The numbers of snapshots, one a row, for SQL; written before the snapshot they belong to, which makes them count.
CREATE TABLE IF NOT EXISTS snapshot_cells
(
    journey LowCardinality(String),
    month   LowCardinality(String),
    version UInt32,
    sha256  String,
    report  LowCardinality(String),
    window  LowCardinality(String),
    split   LowCardinality(String),
    persona LowCardinality(String),
    key     String,
    metric  LowCardinality(String),
    value   Nullable(Float64)
)
ENGINE = ReplacingMergeTree ORDER BY (journey, month, version, sha256, report, window, split, persona, key, metric)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- snapshot_numbers: every number of every snapshot, the newest version of a month marked latest.
--
--   journey   the journey's id
CREATE OR REPLACE VIEW snapshot_numbers AS
SELECT
    c.month AS month, c.version AS version, c.version = l.version AS latest, s.as_of AS as_of, c.report AS report, c.window AS window,
    c.split AS split, c.persona AS persona, c.key AS key, c.metric AS metric, c.value AS value
FROM (SELECT * FROM snapshot_cells FINAL WHERE journey = {journey:String}) AS c
INNER JOIN (SELECT DISTINCT month, version, sha256, as_of FROM snapshots WHERE journey = {journey:String}) AS s
    ON s.month = c.month AND s.version = c.version AND s.sha256 = c.sha256
INNER JOIN (SELECT month, max(version) AS version FROM snapshots WHERE journey = {journey:String} GROUP BY month) AS l ON l.month = c.month
ORDER BY month, version, report, window, split, persona, key, metric;

-- Gaps to close and upsells, with who does what by when, and what it is to be worth. Each change is another revision; the
-- highest counts.
CREATE TABLE IF NOT EXISTS opportunities
(
    journey    LowCardinality(String),
    id         String,
    revision   UInt32,
    content    String,
    changed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree ORDER BY (journey, id, revision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE opportunities;
DROP VIEW snapshot_numbers;
DROP TABLE snapshot_cells;
DROP TABLE snapshots;
