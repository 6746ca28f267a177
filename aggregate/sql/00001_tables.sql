-- +goose NO TRANSACTION
-- +goose Up

-- A process may be killed between two of these statements: each can be run again.

-- Kafka's records as they arrived, in Kafka's order: whom each names, and the source's own data. Who is touched by what came since is
-- asked here, by offset; records are asked for all else. The rows of a block are stored here before they are in records, so what
-- is there is here. A collector that dies between the two stores them here once more: whoever reads by position takes one, whoever
-- learns from it learns the same again. The payload is half of what a record holds and is hardly ever read: parts in the order of arrival
-- need no merging, so they are merged seldom (see tune.go).
CREATE TABLE IF NOT EXISTS arrivals
(
    topic           LowCardinality(String),
    partition       Int32,
    offset          Int64,
    arrived_at      DateTime64(3, 'UTC'),
    contact_keys    Array(String),
    account         String,
    thread          String,
    occurred_at     DateTime64(3, 'UTC'),
    origin          String,
    id              String,
    type            String,
    payload         String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(arrived_at)
ORDER BY (topic, partition, offset)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1,
    min_bytes_for_wide_part = 268435456;

-- What interactions have in common that were made, tagged and scored alike, under a number that is a hash of all of it: few rows stand for
-- the words of many interactions. A tag is stored before the first interaction that has it, and never changes; copies of a row are the same.
CREATE TABLE IF NOT EXISTS tags
(
    tag           UInt64,

    origin        LowCardinality(String),
    source        LowCardinality(String),
    type          LowCardinality(String),
    activity      LowCardinality(String),
    direction     LowCardinality(String),
    automatic     Bool,
    by_machine    Bool,
    public        Bool,
    held          Bool,
    solved        Bool,
    lang          LowCardinality(String),
    priority      LowCardinality(String),
    currency      LowCardinality(String),
    rating_kind   LowCardinality(String),
    rating_min    Nullable(Float64),
    rating_max    Nullable(Float64),

    journey       LowCardinality(String),
    version       LowCardinality(String),
    rule          LowCardinality(String),
    touchpoint    LowCardinality(String),
    channel       LowCardinality(String),
    department    LowCardinality(String),
    persona       LowCardinality(String),
    stages        Array(LowCardinality(String)),
    outcome       LowCardinality(String),

    mood_eligible Bool,
    mood_label    LowCardinality(String),
    mood_emotion  LowCardinality(String),
    mood_lang     LowCardinality(String),
    mood_model    LowCardinality(String)
)
ENGINE = ReplacingMergeTree ORDER BY tag
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The raw truth, with what its tag says beside (view interactions, 00003_interactions.sql). One row per interaction and Kafka position;
-- copies of one interaction collapse by the sorting key. arrived_at is the time of the block's first Kafka record, the same for all its
-- rows, so a block never splits over partitions and its insert is atomic. Projection ledger answers how far a topic is stored, and of when
-- the newest is; it lives in the rows' own parts, so it is never ahead of the rows nor behind. A part of one block is compact: one file to be synced to disk.
-- Texts are no LowCardinality: every merge makes all dictionaries anew, which took more than half of its time.
CREATE TABLE IF NOT EXISTS records
(
    contact_key     String,
    occurred_at     DateTime64(3, 'UTC'),
    origin          String,
    id              String,

    arrived_at      DateTime64(3, 'UTC'),
    tag             UInt64,
    thread          String,
    agent           String,
    from_address    String,
    to_address      String,
    subject         String,
    text            String CODEC(ZSTD(1)),
    value           Float64,
    rating_score    Nullable(Float64),
    mood_score      Float32,
    mood_confidence Float32,

    topic           LowCardinality(String),
    partition       Int32,
    offset          Int64,

    PROJECTION ledger (SELECT topic, partition, max(offset), count(), max(occurred_at) GROUP BY topic, partition),
    INDEX by_thread thread TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(arrived_at)
ORDER BY (contact_key, occurred_at, origin, id)
SETTINGS non_replicated_deduplication_window = 10000, deduplicate_merge_projection_mode = 'rebuild',
    fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456, index_granularity = 1024;

-- What follows is derived from the raw truth. It is synced to disk on every insert too: once table walked says that
-- something was walked, nobody looks at it again.

-- Which contact keys were seen together, key_a before key_b; why: the type of the interactions that show it; the first of them, as time,
-- origin and id; and the time of the last. Sums would count an interaction twice that is walked twice: least and greatest do not.
CREATE TABLE IF NOT EXISTS links
(
    key_a   String,
    key_b   String,
    reason  LowCardinality(String),
    shown   SimpleAggregateFunction(min, Tuple(DateTime64(3, 'UTC'), String, String)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    INDEX by_b key_b TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree ORDER BY (key_a, key_b, reason)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Which accounts a contact key was seen with, in the same way.
CREATE TABLE IF NOT EXISTS account_links
(
    contact_key String,
    account     String,
    reason      LowCardinality(String),
    shown       SimpleAggregateFunction(min, Tuple(DateTime64(3, 'UTC'), String, String)),
    last_at     SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    INDEX by_account account TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree ORDER BY (contact_key, account, reason)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The person (and the account) each contact key belongs to: the connected component of links, named by its first key in an order
-- of kinds and keys (crm, email, phone, ticket, others, cookie), so that the name does not depend on the order of arrival. company: which
-- subject it belongs to where cases are per account. shared: why it connects nobody ('': it does; desk, limit, listed).
CREATE TABLE IF NOT EXISTS people
(
    contact_key String,
    person      String,
    account     String,
    company     String,
    shared      LowCardinality(String),
    walked      UInt64,
    INDEX by_person person TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_account account TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(walked) ORDER BY contact_key
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

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

-- Every definition ever loaded, and the parts of the current one that views need.
CREATE TABLE IF NOT EXISTS journeys
(
    journey   LowCardinality(String),
    version   String,
    loaded    UInt64,
    labels    Map(String, String),
    time_zone String,
    yaml      String
)
ENGINE = ReplacingMergeTree(loaded) ORDER BY (journey, version)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS stages
(
    journey     LowCardinality(String),
    version     String,
    position    UInt8,
    stage       LowCardinality(String),
    labels      Map(String, String),
    silence_ms  Nullable(Int64),
    maturity_ms Nullable(Int64),
    terminal    Bool
)
ENGINE = ReplacingMergeTree ORDER BY (journey, version, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
