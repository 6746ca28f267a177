CREATE TABLE queue
(
    id String, source LowCardinality(String), type LowCardinality(String), time String,
    data Tuple
    (
        customer Tuple(email String, phone String, crm String, name String, account String),
        `from` String, `to` Array(String), form String, number String, direction LowCardinality(String), thread String, ticket String,
        subject String, text String, message String, transcript String, lang LowCardinality(String), priority LowCardinality(String),
        `group` LowCardinality(String), agent String, in_reply_to String, message_id String
    )
)
ENGINE = Kafka
SETTINGS kafka_broker_list = '{brokers}', kafka_topic_list = '{topic}', kafka_group_name = '{group}', kafka_format = 'JSONEachRow',
    kafka_num_consumers = 2, kafka_thread_per_consumer = 1, kafka_max_block_size = 65536, kafka_poll_max_batch_size = 65536,
    kafka_flush_interval_ms = 1000, input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1;

CREATE MATERIALIZED VIEW reads TO {stored} AS
SELECT
    multiIf(data.customer.email != '', 'email:' || lower(data.customer.email), data.customer.phone != '', 'phone:' || data.customer.phone,
        data.from != '', 'email:' || lower(data.from), 'ticket:' || source || '/' || data.ticket) AS contact_key,
    parseDateTime64BestEffort(time, 3, 'UTC') AS occurred_at,
    source AS origin,
    queue.id AS id,
    toDateTime64(ifNull(_timestamp_ms, now64(3)), 3, 'UTC') AS arrived_at,
    splitByChar('.', type)[2] AS source,
    substring(type, 7) AS type,
    substring(queue.type, 7) AS activity,
    data.direction AS direction,
    multiIf(data.ticket != '', 'ticket:' || data.ticket, data.in_reply_to != '', data.in_reply_to, data.message_id) AS thread,
    [contact_key] AS contact_keys,
    data.customer.account AS account,
    data.agent AS agent,
    data.from AS from_address,
    multiIf(data.form != '', data.form, data.number != '', data.number, data.to[1]) AS to_address,
    data.subject AS subject,
    data.text || data.message || data.transcript AS text,
    data.lang AS lang,
    data.priority AS priority,
    _topic AS topic,
    _partition AS partition,
    _offset AS offset
FROM queue
