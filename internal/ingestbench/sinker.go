package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// runSinker runs clickhouse_sinker, a program named by -sinker, over HTTP into the plain table. Of JSON it reads the members
// of the outermost object alone: the five that the events have there, the last of which is the payload as text.
func runSinker(ctx context.Context, j job) (r result, err error) {
	if j.Sinker == "" {
		return r, errors.New("name the program with -sinker FILE")
	}
	p, err := openPeer(ctx, j, plainTable)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, p.engine.Close()) }()
	file, err := p.sinkerConfig()
	if err != nil {
		return r, err
	}
	return p.run(ctx, j.Sinker, "-local-cfg-file", file, "-http-port", "0")
}

// run follows a program of others; if it does not get on, the error has the end of what it said.
func (p *peer) run(ctx context.Context, program string, args ...string) (r result, err error) {
	log, err := os.Create(filepath.Join(p.job.Dir, "said.txt"))
	if err != nil {
		return r, err
	}
	defer log.Close()
	r, err = p.follow(ctx, func() (*exec.Cmd, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stdout, cmd.Stderr = log, log
		return cmd, cmd.Start()
	})
	if err != nil {
		said, _ := os.ReadFile(log.Name()) // the folder does not outlast the run
		err = fmt.Errorf("%w; it said: %s", err, said[max(0, len(said)-4000):])
	}
	return r, err
}

// sinkerConfig writes the program's settings and returns the file.
func (p *peer) sinkerConfig() (string, error) {
	host, port, err := net.SplitHostPort(p.engine.Addr())
	if err != nil {
		return "", err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", err
	}
	type object = map[string]any
	dim := func(name, kind, from string) object { return object{"name": name, "type": kind, "sourcename": from} }
	config, err := json.MarshalIndent(object{
		"clickhouse": object{
			"hosts": [][]string{{host}}, "port": number, "db": "tappa", "username": "default", "protocol": "http", "maxOpenConns": 2,
		},
		"kafka": object{"brokers": p.job.Brokers},
		"tasks": []object{{
			"name": p.job.Group, "topic": topic, "earliest": true, "consumerGroup": p.job.Group, "parser": "fastjson",
			"tableName": p.table, "flushInterval": 1, "bufferSize": 65536, "dims": []object{
				dim("id", "String", "id"), dim("origin", "String", "source"), dim("type", "String", "type"),
				dim("occurred_at", "DateTime64(3)", "time"), dim("payload", "String", "data"),
			},
		}},
		"logLevel": "warn",
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write settings: %w", err)
	}
	file := filepath.Join(p.job.Dir, "sinker.json")
	return file, os.WriteFile(file, config, 0o600)
}
