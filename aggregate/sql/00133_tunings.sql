-- +goose NO TRANSACTION
-- +goose Up

-- What `tappa train-mood` fitted to this company's customers, as JSON of package sentiment. The one with the highest number that
-- was not withdrawn is in use; without any, the scorer is as it is built.
CREATE TABLE IF NOT EXISTS tunings
(
    number    UInt64,
    name      String,
    tuning    String,
    at        DateTime64(3, 'UTC'),
    withdrawn UInt8
)
ENGINE = ReplacingMergeTree(withdrawn) ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- +goose Down
DROP TABLE tunings;
