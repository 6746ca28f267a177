CREATE TABLE queue (raw String)
ENGINE = Kafka
SETTINGS kafka_broker_list = '{brokers}', kafka_topic_list = '{topic}', kafka_group_name = '{group}', kafka_format = 'JSONAsString',
    kafka_num_consumers = 2, kafka_thread_per_consumer = 1, kafka_max_block_size = 65536, kafka_poll_max_batch_size = 65536,
    kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW reads TO {stored} AS
WITH JSONExtract(raw, 'Tuple(id String, source String, type String, time String, data Tuple(customer Tuple(email String, phone String, crm String, name String, account String), from String, to Array(String), form String, number String, direction String, thread String, ticket String, subject String, text String, message String, transcript String, lang String, priority String, group String, agent String, in_reply_to String, message_id String))') AS e,
    tupleElement(e, 'data') AS d, tupleElement(d, 'customer') AS c
SELECT
    multiIf(c.email != '', 'email:' || lower(c.email), c.phone != '', 'phone:' || c.phone,
        d.from != '', 'email:' || lower(d.from), 'ticket:' || e.source || '/' || d.ticket) AS contact_key,
    parseDateTime64BestEffort(e.time, 3, 'UTC') AS occurred_at,
    e.source AS origin,
    e.id AS id,
    toDateTime64(ifNull(_timestamp_ms, now64(3)), 3, 'UTC') AS arrived_at,
    splitByChar('.', e.type)[2] AS source,
    substring(e.type, 7) AS type,
    substring(e.type, 7) AS activity,
    d.direction AS direction,
    multiIf(d.ticket != '', 'ticket:' || d.ticket, d.in_reply_to != '', d.in_reply_to, d.message_id) AS thread,
    [contact_key] AS contact_keys,
    c.account AS account,
    d.agent AS agent,
    d.from AS from_address,
    multiIf(d.form != '', d.form, d.number != '', d.number, d.to[1]) AS to_address,
    d.subject AS subject,
    d.text || d.message || d.transcript AS text,
    d.lang AS lang,
    d.priority AS priority,
    JSONExtractRaw(raw, 'data') AS payload,
    _topic AS topic,
    _partition AS partition,
    _offset AS offset
FROM queue
