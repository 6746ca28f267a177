package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// connectSQL makes what the connector writes to when it hands events on as text: members of the outermost object go by their
// names, and a view renames them.
//
//go:embed connect.sql
var connectSQL string

// connectSettings are the connector's in all runs: as large blocks as it makes. Without ignorePartitionsWhenBatching it writes each
// partition's rows by themselves.
var connectSettings = map[string]string{
	"connector.class":                     "com.clickhouse.kafka.connect.ClickHouseSinkConnector",
	"tasks.max":                           "2",
	"topics":                              topic,
	"database":                            "tappa",
	"username":                            "default",
	"ssl":                                 "false",
	"client_version":                      "V2",
	"clickhouseSettings":                  "date_time_input_format=best_effort",
	"ignorePartitionsWhenBatching":        "true",
	"bypassFieldCleanup":                  "true",
	"bufferCount":                         "100000",
	"bufferFlushTime":                     "1000",
	"consumer.override.auto.offset.reset": "earliest",
	"consumer.override.max.poll.records":  "100000",
	"consumer.override.fetch.max.bytes":   "104857600",
	"consumer.override.max.partition.fetch.bytes": "52428800",
}

// connectText hands events on as they are, the fastest way; connectJSON has the worker read them and rename their members, the
// usual one. Both fill the columns that clickhouse_sinker does, the payload as text.
var (
	connectText = map[string]string{
		"topic2TableMap":     topic + "=arriving",
		"value.converter":    "org.apache.kafka.connect.storage.StringConverter",
		"customInsertFormat": "true",
		"insertFormat":       "json",
	}
	connectJSON = map[string]string{
		"topic2TableMap":                 topic + "=" + plainTable,
		"value.converter":                "org.apache.kafka.connect.json.JsonConverter",
		"value.converter.schemas.enable": "false",
		"transforms":                     "columns",
		"transforms.columns.type":        "org.apache.kafka.connect.transforms.ReplaceField$Value",
		"transforms.columns.renames":     "source:origin,time:occurred_at,data:payload",
	}
)

// runConnect runs clickhouse-kafka-connect in a worker of Kafka Connect, both in the folder that -connect names, over HTTP into
// the plain table.
func runConnect(ctx context.Context, j job, settings map[string]string) (r result, err error) {
	if j.Connect == "" {
		return r, errors.New("name the folder that deploy/connectpeer makes with -connect DIR")
	}
	p, err := openPeer(ctx, j, plainTable)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, p.engine.Close()) }()
	for _, sql := range strings.Split(strings.ReplaceAll(connectSQL, "{stored}", p.table), ";\n") {
		if _, err := p.ask(sql); err != nil {
			return r, fmt.Errorf("set up: %w", err)
		}
	}
	worker, err := p.connectWorker(settings)
	if err != nil {
		return r, err
	}
	return p.run(ctx, "java", worker...)
}

// connectWorker writes the settings and returns the arguments of the Java program that reads them. The heap is that of Kafka's own
// script; the parallel collector took less processor time than the script's. Offsets are committed every second: between commits the
// worker waits for records, and only then lets the connector see that its last block is old enough to be written.
func (p *peer) connectWorker(settings map[string]string) ([]string, error) {
	classpath, err := os.ReadFile(filepath.Join(p.job.Connect, "classpath.txt"))
	if err != nil {
		return nil, err
	}
	plugins, err := filepath.Abs(filepath.Join(p.job.Connect, "plugins"))
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	worker, err := p.properties("connect-worker.properties", map[string]string{
		"bootstrap.servers":                       p.job.Brokers,
		"listeners":                               fmt.Sprintf("http://127.0.0.1:%d", ports[0]),
		"plugin.path":                             filepath.ToSlash(plugins),
		"plugin.discovery":                        "service_load",
		"offset.storage.file.filename":            filepath.ToSlash(filepath.Join(p.job.Dir, "connect-offsets")),
		"offset.flush.interval.ms":                "1000",
		"connector.client.config.override.policy": "All",
		"key.converter":                           "org.apache.kafka.connect.converters.ByteArrayConverter",
		"value.converter":                         "org.apache.kafka.connect.converters.ByteArrayConverter",
	})
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(p.engine.Addr())
	if err != nil {
		return nil, err
	}
	connector := map[string]string{"name": p.job.Group, "hostname": host, "port": port}
	maps.Copy(connector, connectSettings)
	maps.Copy(connector, settings)
	sink, err := p.properties("connect-sink.properties", connector)
	return []string{
		"-Xms256m", "-Xmx2g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
		"-cp", strings.TrimSpace(string(classpath)), "org.apache.kafka.connect.cli.ConnectStandalone", worker, sink,
	}, err
}

// properties writes settings to a file of the run's folder.
func (p *peer) properties(name string, settings map[string]string) (file string, err error) {
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s=%s\n", key, settings[key])
	}
	file = filepath.Join(p.job.Dir, name)
	return file, os.WriteFile(file, []byte(text.String()), 0o600)
}
