package ingest

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"regexp"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"

	"tappa/ingest/source"
	"tappa/journey"
)

// The names used where Options leave them empty.
const (
	DefaultTopic           = "tappa.interactions"
	DefaultDeadLetterTopic = "tappa.dead-letters"
	DefaultGroup           = "tappa"
)

// Header is one header of a message.
type Header = kafka.Header

// Connection says how to reach the brokers beyond their addresses. The zero value is plain TCP without a log-in.
type Connection struct {
	TLS      *tls.Config
	SASL     sasl.Mechanism
	ClientID string // default "tappa"
}

// Options configure a Collector. Brokers, Decode, Tag, Score and Sink are required.
type Options struct {
	Brokers    []string
	Connection Connection

	Topics          []string // to read; default DefaultTopic, where there is no pattern either
	Group           string   // consumer group; default DefaultGroup
	DeadLetterTopic string   // default DefaultDeadLetterTopic

	// TopicPattern reads every topic whose whole name it matches, beside Topics: of change data capture, for example, a
	// topic a table. Kafka's own topics and DeadLetterTopic never match. A topic that is made later is read from its
	// start; the group rebalances for it.
	TopicPattern *regexp.Regexp

	// WatchEvery is how often a look is taken for new topics and new partitions, and for the ends of the logs; default 5 s.
	WatchEvery time.Duration

	// Decode makes an interaction of a record, with normalised contact keys. A *source.Error names the reason for which
	// the record is put among the dead letters.
	Decode func(source.Record) (journey.Interaction, error)

	// Tag finds what the journey file says. Pure; called by several goroutines at once, as is Score.
	Tag func(*journey.Interaction) journey.Tag

	// Score finds the mood of what a customer wrote. Only such text is passed, with the language its source stated.
	Score func(text, lang string) journey.Mood

	// Definition names the version of all definitions that Tag uses. It is part of every block's token, so that a
	// block made under another definition is another block.
	Definition string

	Sink Sink

	FlushRows  int           // a block is written when it has this many rows; default 20000
	FlushBytes int           // or when its records have this many bytes; default 32 MiB
	FlushAge   time.Duration // or when it has waited this long; default 1 s

	// Lanes is how many blocks are built and written side by side. A partition belongs to one lane, so its order is
	// kept. Default: the number of processors Go uses, at most one lane a partition.
	Lanes int

	FetchBytes      int // size of one answer of Kafka, one or two of which are held per partition; default 4 MiB
	MaxRecordBytes  int // a larger value becomes a dead letter, "too-large"; default 8 MiB
	DeadLetterBytes int // what the dead-letter topic takes of one record; a longer value is cut; default 900 KiB

	WriteTimeout    time.Duration // of one try to write a block; default 60 s
	StuckAfter      time.Duration // a block not taken for so long gives the partitions back; default 5 min
	HandOver        time.Duration // to finish what is held when the group rebalances; default 8 s
	ShutdownTimeout time.Duration // to finish what is held when Run's context ends; default 15 s

	ReadyAfter time.Duration // Ready complains when there was no progress for longer; default 2 min

	SessionTimeout   time.Duration // silence after which the group takes this member for dead; default 20 s
	RebalanceTimeout time.Duration // the group's wait for its members in a rebalance; default 20 s
	Heartbeat        time.Duration // default 2 s

	StopAtGap        bool // stop, rather than go on at the log's start, when retention deleted unread records
	RestartRecreated bool // go on at the log's start, rather than stop, when a topic was made anew

	Logger     *slog.Logger          // default slog.Default()
	Registerer prometheus.Registerer // default: metrics are kept but not registered
}

func (o Options) withDefaults() (Options, error) {
	switch {
	case len(o.Brokers) == 0:
		return o, errors.New("no brokers given")
	case o.Decode == nil || o.Tag == nil || o.Score == nil:
		return o, errors.New("one of Decode, Tag and Score is missing")
	case o.Sink == nil:
		return o, errors.New("no sink given")
	}
	if len(o.Topics) == 0 && o.TopicPattern == nil {
		o.Topics = []string{DefaultTopic}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	set(&o.Group, DefaultGroup)
	set(&o.DeadLetterTopic, DefaultDeadLetterTopic)
	set(&o.WatchEvery, 5*time.Second)
	set(&o.FlushRows, 20000)
	set(&o.FlushBytes, 32<<20)
	set(&o.FlushAge, time.Second)
	set(&o.Lanes, runtime.GOMAXPROCS(0))
	set(&o.FetchBytes, 4<<20)
	set(&o.MaxRecordBytes, 8<<20)
	set(&o.DeadLetterBytes, 900<<10)
	set(&o.WriteTimeout, time.Minute)
	set(&o.StuckAfter, 5*time.Minute)
	set(&o.HandOver, 8*time.Second)
	set(&o.ShutdownTimeout, 15*time.Second)
	set(&o.ReadyAfter, 2*time.Minute)
	set(&o.SessionTimeout, 20*time.Second)
	set(&o.RebalanceTimeout, 20*time.Second)
	set(&o.Heartbeat, 2*time.Second)
	if o.HandOver >= o.SessionTimeout {
		return o, errors.New("HandOver must be shorter than SessionTimeout, or a rebalance loses the member")
	}
	return o, nil
}

// set gives a field its default.
func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// transport makes connections for kafka.Client and kafka.Writer. Metadata is kept briefly, so that a partition whose
// leader moved is found again soon.
func (c Connection) transport() *kafka.Transport {
	return &kafka.Transport{TLS: c.TLS, SASL: c.SASL, ClientID: c.clientID(), MetadataTTL: 2 * time.Second}
}

// dialer makes connections for kafka.ConsumerGroup.
func (c Connection) dialer() *kafka.Dialer {
	return &kafka.Dialer{TLS: c.TLS, SASLMechanism: c.SASL, ClientID: c.clientID(), Timeout: 5 * time.Second, DualStack: true}
}

func (c Connection) clientID() string {
	if c.ClientID == "" {
		return "tappa"
	}
	return c.ClientID
}
