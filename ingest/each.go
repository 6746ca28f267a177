package ingest

import (
	"context"
	"fmt"

	"tappa/ingest/source"
)

// EachRecord calls f for every record that is in topics now (none: DefaultTopic), partition by partition, each in order.
// Records that carry nothing are passed over. Nothing else uses the records' memory.
func EachRecord(ctx context.Context, connection Connection, brokers, topics []string, f func(source.Record) error) error {
	if len(topics) == 0 {
		topics = []string{DefaultTopic}
	}
	c := connection.cluster(brokers)
	defer c.close()
	err := c.readAll(ctx, topics, func(rec fetched) error {
		if rec.filtered != "" || rec.Value == nil {
			return nil
		}
		return f(rec.Record)
	})
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	return nil
}

// readAll calls f for everything that topics hold now, filtered records too, partition by partition, each in order.
func (c cluster) readAll(ctx context.Context, topics []string, f func(fetched) error) error {
	all, err := c.partitions(ctx, topics)
	if err != nil {
		return err
	}
	logs, err := c.logs(ctx, all)
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := c.read(ctx, p, []Range{{logs[p].first, logs[p].end}}, f); err != nil {
			return err
		}
	}
	return nil
}
