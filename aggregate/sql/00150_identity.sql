-- +goose NO TRANSACTION
-- +goose Up

-- Each statement can be run again. Links hold reasons now, one row a pair and reason, and what accounts a key was seen with; all is
-- learnt from the interactions again, once.
TRUNCATE TABLE IF EXISTS walked;
DROP TABLE IF EXISTS links;

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

-- people also says why a key is shared ('': it is not; desk, limit, listed), and which subject it belongs to where cases are per account.
ALTER TABLE people ADD COLUMN IF NOT EXISTS company String AFTER account;
ALTER TABLE people ADD COLUMN IF NOT EXISTS shared LowCardinality(String) AFTER company;
ALTER TABLE people ADD INDEX IF NOT EXISTS by_person person TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE people ADD INDEX IF NOT EXISTS by_account account TYPE bloom_filter(0.01) GRANULARITY 1;

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

-- Under which rules of identity (which keys are shared) everything was walked last.
CREATE TABLE IF NOT EXISTS identity_rules
(
    rules  String,
    walked UInt64
)
ENGINE = ReplacingMergeTree(walked) ORDER BY tuple()
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE identity_rules;
DROP TABLE identity_statements;
DROP TABLE account_links;
