package ingest

import (
	"context"
	"fmt"

	"tappa/ingest/source"
)

// EachRecord calls f for every record that is in topics now (none: DefaultTopic), partition by partition, each in order.
// Records that carry nothing are passed over. f must not keep the record's memory.
func EachRecord(ctx context.Context, connection Connection, brokers, topics []string, f func(source.Record) error) error {
	if len(topics) == 0 {
		topics = []string{DefaultTopic}
	}
	c := connection.cluster(brokers)
	defer c.close()
	all, err := c.partitions(ctx, topics)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	logs, err := c.logs(ctx, all)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	for _, p := range all {
		err := c.read(ctx, p, []Range{{logs[p].first, logs[p].end}}, func(rec fetched) error {
			if rec.filtered != "" || rec.Value == nil {
				return nil
			}
			return f(rec.Record)
		})
		if err != nil {
			return fmt.Errorf("read records: %w", err)
		}
	}
	return nil
}
