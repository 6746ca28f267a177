-- +goose NO TRANSACTION
-- +goose Up

-- A process may be killed between two of these statements: each can be run again.

-- The raw truth. One row per interaction and Kafka position; copies of one interaction collapse by the sorting key.
-- arrived_at is the time of the block's first Kafka record, the same for all its rows, so a block never splits over
-- partitions and its insert is atomic. Projection ledger answers how far a topic is stored, projection arrivals who is
-- touched by what came since; both live in the rows' own parts, so they are never ahead of the rows nor behind. A part
-- of one block is compact: as a wide one it would be some 150 files, each to be synced to disk. Words that few rows ask for
-- are no LowCardinality: every merge makes all dictionaries anew, which took more than half of its time.
CREATE TABLE IF NOT EXISTS interactions
(
    contact_key     String,
    occurred_at     DateTime64(3, 'UTC'),
    origin          String,
    id              String,

    arrived_at      DateTime64(3, 'UTC'),
    source          LowCardinality(String),
    type            String,
    activity        String,
    direction       String,
    thread          String,
    contact_keys    Array(String),
    account         String,
    automatic       Bool,
    public          Bool,
    held            Bool,
    solved          Bool,
    agent           String,
    from_address    String,
    to_address      String,
    subject         String,
    text            String CODEC(ZSTD(1)),
    lang            String,
    priority        String,
    value           Float64,
    currency        String,
    rating_kind     String,
    rating_score    Nullable(Float64),
    rating_min      Nullable(Float64),
    rating_max      Nullable(Float64),
    payload         String CODEC(ZSTD(1)),

    journey         LowCardinality(String),
    version         String,
    rule            String,
    touchpoint      String,
    channel         String,
    department      String,
    persona         String,
    stages          Array(String),
    outcome         String,

    mood_eligible   Bool,
    mood_label      String,
    mood_score      Float32,
    mood_emotion    String,
    mood_lang       String,
    mood_confidence Float32,
    mood_model      String,

    topic           LowCardinality(String),
    partition       Int32,
    offset          Int64,

    PROJECTION ledger (SELECT topic, partition, max(offset), count() GROUP BY topic, partition),
    PROJECTION arrivals
    (
        SELECT topic, partition, offset, contact_key, contact_keys, account, thread, occurred_at, origin, id
        ORDER BY topic, partition, offset
    ),
    INDEX by_thread thread TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(arrived_at)
ORDER BY (contact_key, occurred_at, origin, id)
SETTINGS non_replicated_deduplication_window = 10000, deduplicate_merge_projection_mode = 'rebuild',
    fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456;

-- What follows is derived from the raw truth. It is synced to disk on every insert too: once table walked says that
-- something was walked, nobody looks at it again.

-- Which contact keys are the same person, and from which interaction that is known. Derived from contact_keys.
CREATE TABLE IF NOT EXISTS links
(
    key_a       String,
    key_b       String,
    origin      LowCardinality(String),
    id          String,
    occurred_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree ORDER BY (key_a, key_b, origin, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The person (and the account) each contact key belongs to: the connected component of links, named by its first key in an order
-- of kinds and keys (crm, email, phone, ticket, others, cookie), so that the name does not depend on the order of arrival.
CREATE TABLE IF NOT EXISTS people
(
    contact_key String,
    person      String,
    account     String,
    walked      UInt64
)
ENGINE = ReplacingMergeTree(walked) ORDER BY contact_key
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- What the walk found. Rows of one subject (person, account or thread, as the journey says) are rewritten together;
-- walked is the number of the walk that wrote them, deleted marks rows a later walk no longer finds. Read with FINAL.
-- attempt, number (of steps and waits) count from 1, position from 0; a wait asked outside any case has attempt 0.
CREATE TABLE IF NOT EXISTS cases
(
    journey      LowCardinality(String),
    subject      String,
    attempt      UInt32,
    case_id      String,
    person       String,
    account      String,
    persona      LowCardinality(String),
    opened_at    DateTime64(3, 'UTC'),
    closed_at    DateTime64(3, 'UTC'),
    exit         LowCardinality(String),
    stage        LowCardinality(String),
    position     UInt8,
    first_at     DateTime64(3, 'UTC'),
    last_at      DateTime64(3, 'UTC'),
    interactions UInt32,
    value        Float64,
    walked       UInt64,
    deleted      UInt8
)
ENGINE = ReplacingMergeTree(walked, deleted) ORDER BY (journey, subject, attempt)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS visits
(
    journey          LowCardinality(String),
    subject          String,
    attempt          UInt32,
    position         UInt8,
    case_id          String,
    person           String,
    account          String,
    persona          LowCardinality(String),
    stage            LowCardinality(String),
    entered_at       DateTime64(3, 'UTC'),
    left_at          DateTime64(3, 'UTC'),
    exit             LowCardinality(String),
    last_activity_at DateTime64(3, 'UTC'),
    touchpoint       LowCardinality(String),
    channel          LowCardinality(String),
    department       LowCardinality(String),
    interactions     UInt32,
    value            Float64,
    walked           UInt64,
    deleted          UInt8
)
ENGINE = ReplacingMergeTree(walked, deleted) ORDER BY (journey, subject, attempt, position)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS waits
(
    journey         LowCardinality(String),
    subject         String,
    number          UInt32,
    attempt         UInt32,
    case_id         String,
    person          String,
    account         String,
    persona         LowCardinality(String),
    thread          String,
    first           Bool,
    missed_call     Bool,
    source          LowCardinality(String),
    stage           LowCardinality(String),
    touchpoint      LowCardinality(String),
    channel         LowCardinality(String),
    department      LowCardinality(String),
    priority        LowCardinality(String),
    asked_at        DateTime64(3, 'UTC'),
    ask_origin      LowCardinality(String),
    ask_id          String,
    answered_at     Nullable(DateTime64(3, 'UTC')),
    answer_origin   LowCardinality(String),
    answer_id       String,
    waited_ms       Nullable(Int64),
    business_ms     Nullable(Int64),
    target_ms       Nullable(Int64),
    target_business Bool,
    due_at          Nullable(DateTime64(3, 'UTC')),
    walked          UInt64,
    deleted         UInt8
)
ENGINE = ReplacingMergeTree(walked, deleted) ORDER BY (journey, subject, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Every interaction of a case, in total order, with the stage it counted for.
CREATE TABLE IF NOT EXISTS steps
(
    journey       LowCardinality(String),
    subject       String,
    attempt       UInt32,
    number        UInt32,
    case_id       String,
    person        String,
    persona       LowCardinality(String),
    contact_key   String,
    occurred_at   DateTime64(3, 'UTC'),
    origin        LowCardinality(String),
    id            String,
    source        LowCardinality(String),
    type          LowCardinality(String),
    activity      LowCardinality(String),
    direction     LowCardinality(String),
    stage         LowCardinality(String),
    is_return     Bool,
    touchpoint    LowCardinality(String),
    channel       LowCardinality(String),
    department    LowCardinality(String),
    automatic     Bool,
    outcome       LowCardinality(String),
    mood_eligible Bool,
    mood_label    LowCardinality(String),
    mood_score    Float32,
    mood_emotion  LowCardinality(String),
    mood_lang     LowCardinality(String),
    walked        UInt64,
    deleted       UInt8
)
ENGINE = ReplacingMergeTree(walked, deleted) ORDER BY (journey, subject, attempt, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- How far the walk has come: everything stored up to this offset has been walked under this definition.
CREATE TABLE IF NOT EXISTS walked
(
    journey   LowCardinality(String),
    topic     LowCardinality(String),
    partition Int32,
    version   LowCardinality(String),
    offset    Int64,
    walked    UInt64
)
ENGINE = ReplacingMergeTree(walked) ORDER BY (journey, topic, partition)
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
