-- +goose NO TRANSACTION
-- +goose Up

-- Where what the walk found stood before, with words where there are numbers now. It is found again.
DROP TABLE IF EXISTS walks SYNC;

-- Words that rows of findings hold as numbers: stages, touchpoints, channels, departments and personas. Numbers count from 1 without a gap, so that
-- the words in their order are a list to be looked up in; 0 is no word. Who needs a number for some words claims the next ones by an insert
-- whose deduplication token is the first of them: of two such inserts one counts, and the other's words are numbered anew. Nothing is changed here.
CREATE TABLE IF NOT EXISTS words
(
    number UInt16,
    word   String
)
ENGINE = MergeTree ORDER BY number
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- What the walk found of a subject (person, account or thread, as the journey says) in a journey: one row, so that all of it is replaced
-- at once. walked is the number of the walk that wrote it, deleted marks a subject that a later walk no longer finds. The views cases,
-- visits, waits and steps (00006_found.sql) unfold it.
--
-- contacts: the contact keys it was met under, and whose they are. runs: its cases, and with attempt 0 what was asked outside any.
-- visits, waits, steps: those of all runs, in the order of runs and in total order within. Numbers count from 1, as in ClickHouse's arrays:
-- run is an index of runs, contact of contacts, a step's visit of visits: the one to the furthest stage that its case had come to, 0 none;
-- toward is one more than that visit's position, if the step was at a touchpoint, before the visit's end, and did not decide it, else 0.
-- What was known of a run before its visits ended is known from a visit on, named by one more than its position, 0 for none: negative_from, that
-- something negative had been written; late_from, that a target had passed; a step's new_from, that the run had been at its touchpoint, 0 also
-- where it had been there before.
-- A run's own lie from first_visit on, visits of them; likewise waits and steps. A visit's company_ms is for how long of it a question of its run
-- was open. A step's reached is one more than the furthest position that the case had come to; its thread is a ticket's. persona, stage,
-- source of steps, touchpoint, channel and department are numbers of table words.
-- A field is a file of its own: a view reads what it asks for. Granules and compressed blocks are small, so that few subjects are read
-- without many others. A part of one block is one file, not 250 to be synced to disk. Parts are merged column by column, each run of rows at
-- once: row by row, the words in lists make merging ten times as dear.
CREATE TABLE IF NOT EXISTS findings
(
    journey  LowCardinality(String),
    subject  String,
    walked   UInt64,
    deleted  UInt8,
    contacts Array(Tuple(contact_key String, person String)),
    runs     Array(Tuple(
        attempt UInt32, case_id String, person String, account String, persona UInt16, customer Enum8('' = 0, 'new' = 1, 'existing' = 2),
        opened_at DateTime64(3, 'UTC'), closed_at DateTime64(3, 'UTC'),
        exit Enum8('' = 0, 'moved_on' = 1, 'completed' = 2, 'lost_explicit' = 3, 'lost_silent' = 4, 'in_progress' = 5),
        stage UInt16, position UInt8, first_at DateTime64(3, 'UTC'), last_at DateTime64(3, 'UTC'), interactions UInt32, value Float64,
        first_visit UInt32, visits UInt32, first_wait UInt32, waits UInt32, first_step UInt32, steps UInt32,
        negative_from UInt8, late_from UInt8)),
    visits   Array(Tuple(
        run UInt32, position UInt8, stage UInt16, entered_at DateTime64(3, 'UTC'), left_at DateTime64(3, 'UTC'),
        exit Enum8('' = 0, 'moved_on' = 1, 'completed' = 2, 'lost_explicit' = 3, 'lost_silent' = 4, 'in_progress' = 5),
        last_activity_at DateTime64(3, 'UTC'), touchpoint UInt16, channel UInt16, department UInt16,
        interactions UInt32, value Float64, value_known Float64, company_ms Int64)),
    waits    Array(Tuple(
        run UInt32, number UInt32, contact UInt32, customer Enum8('' = 0, 'new' = 1, 'existing' = 2), value_known Float64, thread String, first Bool,
        missed_call Bool, source LowCardinality(String), stage UInt16, touchpoint UInt16,
        channel UInt16, department UInt16, priority LowCardinality(String), asked_at DateTime64(3, 'UTC'),
        ask_origin LowCardinality(String), ask_id String, answered_at Nullable(DateTime64(3, 'UTC')), answer_origin LowCardinality(String),
        answer_id String, waited_ms Nullable(Int64), business_ms Nullable(Int64), target_ms Nullable(Int64), target_business Bool,
        due_at Nullable(DateTime64(3, 'UTC')))),
    steps    Array(Tuple(
        run UInt32, visit UInt32, occurred_at DateTime64(3, 'UTC'), contact UInt32, id String, stage UInt16,
        reached UInt8, toward UInt8, new_from UInt8, is_return Bool, value_known Float64, mood_score Float32, automatic Bool, mood_eligible Bool, public Bool,
        solved Bool, thread String, source UInt16, touchpoint UInt16, channel UInt16, department UInt16,
        direction Enum8('' = 0, 'inbound' = 1, 'outbound' = 2, 'internal' = 3),
        outcome Enum8('' = 0, 'won' = 1, 'lost' = 2), mood_label Enum8('' = 0, 'positive' = 1, 'neutral' = 2, 'negative' = 3, 'mixed' = 4),
        mood_emotion Enum8('' = 0, 'satisfaction' = 1, 'impatience' = 2, 'enthusiasm' = 3, 'perplexity' = 4, 'confusion' = 5,
            'disappointment' = 6, 'joy' = 7, 'frustration' = 8, 'none' = 9),
        origin LowCardinality(String), type LowCardinality(String), activity LowCardinality(String), mood_lang LowCardinality(String)))
)
ENGINE = ReplacingMergeTree(walked, deleted) ORDER BY (journey, subject)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 128, min_compress_block_size = 8192,
    min_bytes_for_wide_part = 268435456, vertical_merge_algorithm_min_rows_to_activate = 1, vertical_merge_algorithm_min_columns_to_activate = 1;

-- +goose Down
DROP TABLE findings;
DROP TABLE words;
