package ingest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

// cluster is a Kafka that can be asked about its topics. It connects when it is asked.
type cluster struct {
	addr      net.Addr
	transport *kafka.Transport
	client    *kafka.Client
}

func (c Connection) cluster(brokers []string) cluster {
	transport, addr := c.transport(), kafka.TCP(brokers...)
	return cluster{addr: addr, transport: transport, client: &kafka.Client{Addr: addr, Transport: transport}}
}

func (c cluster) close() { c.transport.CloseIdleConnections() }

// partitions lists the partitions of topics, which must exist.
func (c cluster) partitions(ctx context.Context, topics []string) ([]Partition, error) {
	found, err := c.client.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		return nil, fmt.Errorf("look up topics: %w", err)
	}
	var all []Partition
	for _, t := range found.Topics {
		if t.Error != nil {
			return nil, fmt.Errorf("look up topic %s: %w", t.Name, t.Error)
		}
		for _, p := range t.Partitions {
			all = append(all, Partition{t.Name, p.ID})
		}
	}
	return all, nil
}

// unassigned finds a partition of topics that exist which a group at rest has given to none of its members.
func (c cluster) unassigned(ctx context.Context, group string, topics []string) (p Partition, found bool, err error) {
	all, err := c.partitions(ctx, topics)
	if err != nil {
		return p, false, err
	}
	resp, err := c.client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil || len(resp.Groups) != 1 || resp.Groups[0].Error != nil || resp.Groups[0].GroupState != "Stable" {
		return p, false, err
	}
	assigned := map[Partition]bool{}
	for _, m := range resp.Groups[0].Members {
		for _, t := range m.MemberAssignments.Topics {
			for _, number := range t.Partitions {
				assigned[Partition{t.Topic, number}] = true
			}
		}
	}
	i := slices.IndexFunc(all, func(p Partition) bool { return !assigned[p] })
	if i < 0 {
		return p, false, nil
	}
	return all[i], true, nil
}

// untilUnassigned waits until the topics have a partition that no member of the group was given, or ctx ends. kafka-go watches
// how many there are only from after the assignment on: one that came just before, as of a topic that was deleted and made
// anew, nobody would ever read. It looks twice, since kafka-go may notice itself in between.
func (c cluster) untilUnassigned(ctx context.Context, group string, topics func() []string, every time.Duration) (p Partition, found bool) {
	for missed := 0; sleep(ctx, every) == nil; {
		p, found, err := c.unassigned(ctx, group, topics())
		if err != nil || !found {
			missed = 0
		} else if missed++; missed == 2 {
			return p, true
		}
	}
	return p, false
}

// log is where a partition's log begins and ends. Its end is that of what is decided: an open transaction is not.
type log struct{ first, end int64 }

// logs looks up where partitions begin and end.
func (c cluster) logs(ctx context.Context, partitions []Partition) (map[Partition]log, error) {
	first := map[string][]kafka.OffsetRequest{}
	last := map[string][]kafka.OffsetRequest{}
	for _, p := range partitions {
		first[p.Topic] = append(first[p.Topic], kafka.FirstOffsetOf(p.Number))
		last[p.Topic] = append(last[p.Topic], kafka.LastOffsetOf(p.Number))
	}
	out := map[Partition]log{}
	for _, topics := range []map[string][]kafka.OffsetRequest{first, last} {
		found, err := c.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: topics, IsolationLevel: kafka.ReadCommitted})
		if err != nil {
			return nil, fmt.Errorf("list offsets: %w", err)
		}
		for topic, ps := range found.Topics {
			for _, p := range ps {
				if p.Error != nil {
					return nil, fmt.Errorf("list offsets of %s/%d: %w", topic, p.Partition, p.Error)
				}
				at := out[Partition{topic, p.Partition}]
				at.first, at.end = max(at.first, p.FirstOffset), max(at.end, p.LastOffset)
				out[Partition{topic, p.Partition}] = at
			}
		}
	}
	if len(out) < len(partitions) {
		return nil, errors.New("list offsets: not all partitions were answered for")
	}
	return out, nil
}

// committed looks up a group's committed offsets; -1 where there is none.
func (c cluster) committed(ctx context.Context, group string, partitions []Partition) (map[Partition]kafka.OffsetFetchPartition, error) {
	req := &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{}}
	for _, p := range partitions {
		req.Topics[p.Topic] = append(req.Topics[p.Topic], p.Number)
	}
	found, err := c.client.OffsetFetch(ctx, req)
	if err == nil {
		err = found.Error
	}
	if err != nil {
		return nil, fmt.Errorf("fetch committed offsets: %w", err)
	}
	out := map[Partition]kafka.OffsetFetchPartition{}
	for topic, ps := range found.Topics {
		for _, p := range ps {
			if p.Error != nil {
				return nil, fmt.Errorf("fetch committed offset of %s/%d: %w", topic, p.Partition, p.Error)
			}
			out[Partition{topic, p.Partition}] = p
		}
	}
	return out, nil
}
