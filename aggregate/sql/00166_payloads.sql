-- +goose Up

-- payloads: what a customer's interactions brought with them: the source's own data, all contact keys and the account, oldest first.
--
--   contact_key   the customer's, as interactions have it
CREATE OR REPLACE VIEW payloads AS
SELECT
    i.occurred_at AS occurred_at, toString(i.origin) AS origin, i.id AS id, toString(i.source) AS source, i.type AS type, i.activity AS activity,
    a.contact_keys AS contact_keys, a.account AS account, a.payload AS payload
FROM
(
    SELECT occurred_at, origin, id, source, type, activity, topic, partition, offset FROM interactions
    WHERE contact_key = {contact_key:String}
) AS i
ANY LEFT JOIN
(
    SELECT topic, partition, offset, contact_keys, account, payload FROM arrivals
    WHERE (topic, partition, offset) IN (SELECT topic, partition, offset FROM records WHERE contact_key = {contact_key:String})
) AS a USING (topic, partition, offset)
ORDER BY occurred_at, origin, id;

-- +goose Down
DROP VIEW payloads;
