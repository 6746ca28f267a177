-- +goose NO TRANSACTION
-- +goose Up

-- What the filters of all views ask of a row beside persona and place: whether the customer was one before (customer: new, or
-- existing where an earlier case of the same subject was completed), and the largest value that the case had shown by then
-- (value_known: at a visit's entry, a question, an interaction). Both were known when the row began, so they hold as of any later
-- instant. The company of a case stands beside each step too. Whoever was walked before is walked anew, once.
ALTER TABLE cases ADD COLUMN IF NOT EXISTS customer LowCardinality(String) AFTER persona;
ALTER TABLE visits ADD COLUMN IF NOT EXISTS customer LowCardinality(String) AFTER persona;
ALTER TABLE visits ADD COLUMN IF NOT EXISTS value_known Float64 AFTER value;
ALTER TABLE waits ADD COLUMN IF NOT EXISTS customer LowCardinality(String) AFTER persona;
ALTER TABLE waits ADD COLUMN IF NOT EXISTS value_known Float64 AFTER customer;
ALTER TABLE steps ADD COLUMN IF NOT EXISTS account String AFTER person;
ALTER TABLE steps ADD COLUMN IF NOT EXISTS customer LowCardinality(String) AFTER persona;
ALTER TABLE steps ADD COLUMN IF NOT EXISTS value_known Float64 AFTER customer;
TRUNCATE TABLE IF EXISTS walked;

-- Which definition of each view this database was given last, as the SHA-256 of its text.
CREATE TABLE IF NOT EXISTS views
(
    view   String,
    sha256 String,
    given  DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree ORDER BY (view, given)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE views;
ALTER TABLE steps DROP COLUMN value_known, DROP COLUMN customer, DROP COLUMN account;
ALTER TABLE waits DROP COLUMN value_known, DROP COLUMN customer;
ALTER TABLE visits DROP COLUMN value_known, DROP COLUMN customer;
ALTER TABLE cases DROP COLUMN customer;
