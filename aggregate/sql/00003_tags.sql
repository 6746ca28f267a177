-- +goose NO TRANSACTION
-- +goose Up

-- All that the walk asks of how an interaction was tagged, as one number: it reads eight bytes a row instead of seventeen columns, and
-- looks at those once for each number it has not seen.
ALTER TABLE interactions ADD COLUMN IF NOT EXISTS tag UInt64 DEFAULT cityHash64(origin, source, type, activity, direction, priority,
    journey, touchpoint, channel, department, persona, outcome, arrayStringConcat(stages, ','), mood_label, mood_emotion, mood_lang,
    automatic + 2 * public + 4 * held + 8 * mood_eligible + 16 * solved);

-- +goose Down
ALTER TABLE interactions DROP COLUMN tag;
