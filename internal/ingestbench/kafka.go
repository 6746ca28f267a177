package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/journey"
)

// broker is a running Apache Kafka.
type broker struct {
	addr string
	pid  int
	stop func() error
}

// classpathFile is what `make kafka` writes, from the root of the source tree.
const classpathFile = "deploy/kafka/target/classpath.txt"

// startKafka starts one server with its usual settings, but for ports, folders and the copies that one server cannot
// keep, and waits until it answers.
func startKafka(dir string, partitions int) (*broker, error) {
	classpath, err := os.ReadFile(classpathFile)
	if err != nil {
		return nil, fmt.Errorf("start kafka: %w: run `make kafka`, and this from the root of the source tree", err)
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "kafka")
	if err := os.MkdirAll(home, 0o750); err != nil {
		return nil, err
	}
	properties := filepath.Join(home, "server.properties")
	text := serverProperties(filepath.Join(home, "data"), ports, partitions)
	if err := os.WriteFile(properties, []byte(text), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(home, "out.txt"))
	if err != nil {
		return nil, err
	}
	java := func(args ...string) *exec.Cmd {
		cmd := exec.Command("java", append([]string{"-Xmx1g", "-cp", strings.TrimSpace(string(classpath))}, args...)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = home, log, log
		return cmd
	}
	if err := java("kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", "dGFwcGEtYmVuY2gta2Fma2", "-c", properties).Run(); err != nil {
		return nil, errors.Join(fmt.Errorf("format kafka's storage, see %s: %w", log.Name(), err), log.Close())
	}
	server := java("kafka.Kafka", properties)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	b := &broker{addr: fmt.Sprintf("127.0.0.1:%d", ports[0]), pid: server.Process.Pid}
	b.stop = func() error {
		_ = server.Process.Kill()
		_ = server.Wait() // killed, which it says
		return log.Close()
	}
	if err := b.answers(); err != nil {
		return nil, errors.Join(fmt.Errorf("start kafka, see %s: %w", log.Name(), err), b.stop())
	}
	return b, nil
}

// answers waits until the server takes a message and a consumer group has read it: what the broker makes when it is first
// asked for groups is then there, and no system has to wait for it.
func (b *broker) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	const topic = "ready"
	p := ingest.NewProducer([]string{b.addr}, topic)
	defer p.Close()
	for p.Publish(ctx, ingest.Message{Value: []byte("?")}) != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Millisecond)
	}
	c, err := ingest.New(ingest.Options{
		Brokers: []string{b.addr}, Topics: []string{topic}, Group: topic, DeadLetterTopic: topic + "-dead", Sink: nowhere{},
		Decode: func(source.Record) (journey.Interaction, error) {
			return journey.Interaction{}, errors.New("only looked at")
		},
		Tag:    func(*journey.Interaction) journey.Tag { return journey.Tag{} },
		Score:  func(string, string) journey.Mood { return journey.Mood{} },
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- c.Run(running) }()
	err = c.CaughtUp(ctx)
	stop()
	return errors.Join(err, <-ran)
}

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) Stored(context.Context, string) (map[int]int64, error) { return nil, nil }
func (nowhere) NewBlock() journey.BlockBuilder {
	return journey.Collected(func(context.Context, journey.Block) error { return nil })
}

func serverProperties(data string, ports []int, partitions int) string {
	return strings.Join([]string{
		"process.roles=broker,controller",
		"node.id=1",
		fmt.Sprintf("controller.quorum.voters=1@127.0.0.1:%d", ports[1]),
		fmt.Sprintf("listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", ports[0], ports[1]),
		fmt.Sprintf("advertised.listeners=PLAINTEXT://127.0.0.1:%d", ports[0]),
		"controller.listener.names=CONTROLLER",
		"inter.broker.listener.name=PLAINTEXT",
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"log.dirs=" + filepath.ToSlash(data),
		fmt.Sprintf("num.partitions=%d", partitions),
		"offsets.topic.num.partitions=1",
		"offsets.topic.replication.factor=1",
		"transaction.state.log.num.partitions=1",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"group.initial.rebalance.delay.ms=0",
	}, "\n") + "\n"
}

// freePorts finds n ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
