-- +goose Up

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
