-- +goose Up

-- verbatims: what customers wrote, in their own words, the most outspoken first, with the mood it was given. `tappa report`,
-- the pages and exports mask names, addresses and numbers in it; this view does not.
--
--   journey     the journey's id
--   from, to    written in [from, to)
--   as_of       the instant T; what was written after it does not exist yet
--   persona     of the case; '' all, '-' none
--   channel, touchpoint, department, stage   of the interaction; '' all, '-' none
--   account, customer, value_from, value_to   '' all, '-' none, '+' any, or that account; '' all, new, existing; 0 and 'inf' all
--   state       '' all; scored, unscored, a mood (positive, neutral, negative, mixed) or an emotion (satisfaction, impatience,
--               enthusiasm, perplexity, confusion, disappointment, joy, frustration, none)
--   limit       rows at most, the first in this order; 0 all
CREATE OR REPLACE VIEW verbatims AS
WITH
    -- piece: words
    -- the order of texts, most outspoken first and then newest, as a number, to 1.024 seconds; 0 is none
    (score, at) -> 1 + bitShiftLeft(toUInt64(reinterpretAsUInt32(abs(score))), 32) + least(bitShiftRight(greatest(toUnixTimestamp64Milli(at), 0), 10), 4294967294) AS rank,
    -- whose the first texts are, and of what rank: each is of a subject whose foremost text is among the foremost of all subjects
    (
        SELECT (groupArray(subject), min(foremost))
        FROM
        (
            WITH
                -- piece: texts_asked
            SELECT
                subject,
                arrayMax(arrayMap((score, at) -> rank(score, at), arrayFilter((score, x) -> x, steps.mood_score, is_text),
                    arrayFilter((at, x) -> x, steps.occurred_at, is_text))) AS foremost
            FROM findings FINAL
            WHERE journey = {journey:String} AND {limit:UInt64} > 0 AND foremost > 0
            ORDER BY foremost DESC
            LIMIT {limit:UInt64} WITH TIES
        )
    ) AS firsts,
    (
        SELECT groupUniqArrayArray(contacts.contact_key)
        FROM findings FINAL
        PREWHERE journey = {journey:String} AND subject IN (SELECT arrayJoin(firsts.1))
    ) AS keys
SELECT
    s.case_id AS case_id, s.occurred_at AS occurred_at, named[s.persona] AS persona, named[s.stage] AS stage,
    named[s.touchpoint] AS touchpoint, named[s.channel] AS channel, named[s.department] AS department, named[s.source] AS source,
    toString(s.mood_label) AS mood_label, toString(s.mood_emotion) AS mood_emotion, s.mood_score AS mood_score, toString(s.mood_lang) AS mood_lang,
    i.subject_line AS subject_line, i.text AS text, s.contact_key AS contact_key, toString(s.origin) AS origin, s.id AS id
FROM
(
    WITH
        -- piece: texts_asked
    SELECT
        runs.case_id[run] AS case_id, runs.persona[run] AS persona, contacts.contact_key[contact] AS contact_key, occurred_at, id, stage, mood_score,
        origin, source, touchpoint, channel, department, mood_label, mood_emotion, mood_lang
    FROM findings FINAL
    ARRAY JOIN
        is_text AS asked_text, steps.run AS run, steps.contact AS contact, steps.occurred_at AS occurred_at, steps.id AS id, steps.stage AS stage,
        steps.mood_score AS mood_score, steps.origin AS origin, steps.source AS source, steps.touchpoint AS touchpoint, steps.channel AS channel,
        steps.department AS department, steps.mood_label AS mood_label, steps.mood_emotion AS mood_emotion, steps.mood_lang AS mood_lang
    PREWHERE journey = {journey:String} AND ({limit:UInt64} = 0 OR subject IN (SELECT arrayJoin(firsts.1)))
    WHERE asked_text AND ({limit:UInt64} = 0 OR rank(mood_score, occurred_at) >= firsts.2)
) AS s
INNER JOIN
(
    SELECT contact_key, occurred_at, origin, id, records.subject AS subject_line, text
    FROM records FINAL
    PREWHERE {limit:UInt64} = 0 OR contact_key IN (SELECT arrayJoin(keys))
    WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
        AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {to:DateTime64(3, 'UTC')}
) AS i ON i.contact_key = s.contact_key AND i.occurred_at = s.occurred_at AND i.origin = s.origin AND i.id = s.id
ORDER BY abs(mood_score) DESC, occurred_at DESC, origin, id
LIMIT if({limit:UInt64} = 0, 9223372036854775807, {limit:UInt64});

-- +goose Down
DROP VIEW verbatims;
