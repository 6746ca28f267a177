package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// What ClickHouse's own Kafka engine is told: kafka_engine.sql reads the events into named tuples, kafka_engine_raw.sql as
// text, of which it then extracts the same fields and keeps the payload as well.
var (
	//go:embed kafka_engine.sql
	kafkaEngineSQL string
	//go:embed kafka_engine_raw.sql
	kafkaEngineRawSQL string
)

// runKafkaEngine lets the engine read the topic by itself, into the same columns, without keys beyond the address given,
// without tags and without mood.
func runKafkaEngine(ctx context.Context, j job, statements, table string) (r result, err error) {
	p, err := openPeer(ctx, j, table)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, p.engine.Close()) }()
	statements = strings.NewReplacer("{brokers}", j.Brokers, "{topic}", topic, "{group}", j.Group, "{stored}", table).Replace(statements)
	create := strings.Split(strings.TrimSpace(statements), ";\n")
	r, err = p.follow(ctx, func() (*exec.Cmd, error) {
		for _, sql := range create {
			if _, err := p.ask(sql); err != nil {
				return nil, fmt.Errorf("set up: %w", err)
			}
		}
		return nil, nil
	})
	for _, table := range []string{"reads", "queue"} {
		_, dropErr := p.ask("DROP TABLE IF EXISTS " + table + " SYNC")
		err = errors.Join(err, dropErr)
	}
	return r, err
}
