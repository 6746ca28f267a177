-- +goose Up

-- shared_keys: contact keys that connect nobody, because several people use them; those that would connect most first.
--
--   reason       desk: the mailbox of a desk (info@); limit: seen with too many others; listed: by a journey file
--   crm, email, phone, others   how many distinct keys of that kind each was seen together with
--   first_at, last_at           when it was seen together with any; the epoch for one that never was
CREATE OR REPLACE VIEW shared_keys AS
SELECT p.contact_key AS contact_key, p.reason AS reason, p.account AS account,
    l.crm AS crm, l.email AS email, l.phone AS phone, l.others AS others, l.first_at AS first_at, l.last_at AS last_at
FROM
(
    SELECT contact_key, toString(shared) AS reason, account FROM people FINAL WHERE shared != ''
) AS p
LEFT JOIN
(
    SELECT pair.1 AS contact_key,
        uniqExactIf(pair.2, startsWith(pair.2, 'crm:')) AS crm,
        uniqExactIf(pair.2, startsWith(pair.2, 'email:')) AS email,
        uniqExactIf(pair.2, startsWith(pair.2, 'phone:')) AS phone,
        uniqExactIf(pair.2, NOT match(pair.2, '^(crm|email|phone):')) AS others,
        min(shown.1) AS first_at, max(at) AS last_at
    FROM
    (
        SELECT arrayJoin([(key_a, key_b), (key_b, key_a)]) AS pair, shown, last_at AS at FROM links
    )
    WHERE pair.1 IN (SELECT contact_key FROM people FINAL WHERE shared != '')
    GROUP BY contact_key
) AS l ON p.contact_key = l.contact_key
ORDER BY greatest(crm, email, phone) DESC, others DESC, contact_key;

-- +goose Down
DROP VIEW shared_keys;
