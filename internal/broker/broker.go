// Package broker is the embedded Kafka: one broker in this process, on loopback, whose records and group offsets
// outlive it in a directory. It is for one machine and one program; it has no replicas, no TLS and no log-in, and
// nothing else of tappa knows that it is not Apache Kafka: clients get its address and speak Kafka's protocol.
//
// It stands on franz-go's kfake, which only this package imports.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// ErrHeld is returned by Start when another broker, in this or another process, is using the directory.
var ErrHeld = errors.New("directory is in use by another broker")

// startTimeout bounds the creation of the topics that Options name.
const startTimeout = 30 * time.Second

// Options say how to start a broker. The zero value keeps nothing on disk and listens on a free port.
type Options struct {
	// Dir holds the records and the group offsets; it is made if missing. Empty keeps all in memory.
	Dir string

	// Addr is the loopback address to listen on, "127.0.0.1:9092"; port 0 or an empty Addr takes a free port.
	Addr string

	// Partitions is the number of partitions of a topic made without one. Default 4.
	Partitions int

	// Topics are made at the start if they are missing. Others are made when a client first names them.
	Topics []string

	// MaxMessageBytes is the largest batch of records a topic takes. Default 1048588, which is Apache Kafka's.
	MaxMessageBytes int

	// Logger gets the broker's warnings. Default slog.Default().
	Logger *slog.Logger
}

// Broker is a running broker. Its methods are safe for concurrent use.
type Broker struct {
	cluster *kfake.Cluster
	admin   *kgo.Client
	topics  *autoTopics
	unlock  func() error
	addr    string
}

// Start opens the directory, recovering what a killed broker left half-written, and begins to listen. Every record
// that was acknowledged to a producer is there again, and so are the committed offsets of groups. It returns ErrHeld
// when another broker has the directory.
func Start(opts Options) (*Broker, error) {
	opts, port, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	unlock := func() error { return nil }
	if opts.Dir != "" {
		if unlock, err = lock(opts.Dir); err != nil {
			return nil, fmt.Errorf("start broker in %s: %w", opts.Dir, err)
		}
	}
	cluster, err := kfake.NewCluster(opts.kfake(port)...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start broker on %s: %w", opts.Addr, err), unlock())
	}
	b := &Broker{cluster: cluster, unlock: unlock, addr: cluster.ListenAddrs()[0]}
	if err := b.ready(opts); err != nil {
		return nil, errors.Join(fmt.Errorf("start broker: %w", err), b.Close())
	}
	return b, nil
}

// Addr is where clients reach the broker, "127.0.0.1:port".
func (b *Broker) Addr() string { return b.addr }

// Close stops listening, writes what is not yet on disk and frees the directory. A second Close does nothing.
func (b *Broker) Close() error {
	if b.admin != nil {
		b.admin.Close()
	}
	b.cluster.Close()
	unlock := b.unlock
	b.unlock = func() error { return nil }
	return unlock()
}

// ready connects the broker to itself, so that topics are always made by a request, and makes those asked for.
func (b *Broker) ready(opts Options) error {
	admin, err := kgo.NewClient(kgo.SeedBrokers(b.addr), kgo.DisableClientMetrics())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	b.admin = admin
	b.topics = &autoTopics{known: map[string]bool{}, create: b.create}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for _, topic := range opts.Topics {
		if err := b.create(ctx, topic); err != nil {
			return err
		}
	}
	b.topics.watch(b.cluster)
	return nil
}

// create makes a topic with the default number of partitions; one that exists is left alone.
func (b *Broker) create(ctx context.Context, topic string) error {
	req := kmsg.NewPtrCreateTopicsRequest()
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = topic, -1, -1
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, b.admin)
	if err != nil {
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	for _, t := range resp.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
	return nil
}

func (o Options) withDefaults() (Options, int, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Partitions <= 0 {
		o.Partitions = 4
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	host, service, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return o, 0, fmt.Errorf("address %q: %w", o.Addr, err)
	}
	if host != "127.0.0.1" && host != "localhost" {
		return o, 0, fmt.Errorf("address %q: the embedded broker has no log-in and listens on 127.0.0.1 only", o.Addr)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return o, 0, fmt.Errorf("address %q: %w", o.Addr, err)
	}
	if o.Dir != "" {
		if o.Dir, err = filepath.Abs(o.Dir); err != nil {
			return o, 0, err
		}
		err = os.MkdirAll(o.Dir, 0o700)
	}
	return o, int(port), err
}

// kfake turns options into kfake's. Nothing expires by itself: the log is the raw truth of an embedded installation,
// and imported records carry old times that a retention of days would delete at once.
func (o Options) kfake(port int) []kfake.Opt {
	configs := map[string]string{"log.retention.ms": "-1", "offsets.retention.minutes": "5256000"}
	if o.MaxMessageBytes > 0 {
		configs["message.max.bytes"] = strconv.Itoa(o.MaxMessageBytes)
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(port), kfake.ClusterID("tappa"), kfake.DefaultNumPartitions(o.Partitions),
		kfake.BrokerConfigs(configs), kfake.GroupMinSessionTimeout(time.Second), kfake.WithLogger(logger{o.Logger}),
	}
	if o.Dir != "" {
		opts = append(opts, kfake.DataDir(o.Dir), kfake.SyncWrites())
	}
	return opts
}

// logger passes kfake's warnings on to slog; what it logs below that is about single requests.
type logger struct{ to *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.to.Error("broker: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.to.Warn("broker: " + fmt.Sprintf(format, args...))
	}
}
