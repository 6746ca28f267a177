package broker_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/internal/broker"
	"tappa/internal/testenv"
)

// childDir names the directory of the broker that a child process runs until it is killed.
const childDir = "TAPPA_TEST_BROKER_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir))
		os.Exit(1)
	}
	os.Exit(testenv.Main(m))
}

const topic = "visits"

// child produces to a broker of its own and prints the number of every record once it is acknowledged, for ever.
func child(dir string) error {
	b, err := broker.Start(broker.Options{Dir: dir})
	if err != nil {
		return err
	}
	w := writer(b.Addr())
	for n := 0; ; n += 10 {
		messages := make([]kafka.Message, 10)
		for i := range messages {
			messages[i].Value = []byte(strconv.Itoa(n + i))
		}
		if err := write(w, messages...); err != nil {
			return err
		}
		if err := commit(b.Addr(), int64(n)); err != nil {
			return err
		}
		fmt.Println(n + 9)
	}
}

func writer(addr string) *kafka.Writer {
	return &kafka.Writer{
		Addr: kafka.TCP(addr), Topic: topic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
		AllowAutoTopicCreation: true, Transport: &kafka.Transport{},
	}
}

// write writes, waiting for a topic that was just made.
func write(w *kafka.Writer, messages ...kafka.Message) error {
	for try := 0; ; try++ {
		err := w.WriteMessages(context.Background(), messages...)
		if try == 100 || !errors.Is(err, kafka.UnknownTopicOrPartition) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func commit(addr string, offset int64) error {
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	resp, err := client.OffsetCommit(context.Background(), &kafka.OffsetCommitRequest{
		GroupID: "group", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: 0, Offset: offset}}},
	})
	if err != nil {
		return err
	}
	return resp.Topics[topic][0].Error
}

func committed(t *testing.T, addr string) int64 {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	resp, err := client.OffsetFetch(context.Background(), &kafka.OffsetFetchRequest{
		GroupID: "group", Topics: map[string][]int{topic: {0}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Topics[topic][0].CommittedOffset
}

// values reads every value of the topic, and how often it is there.
func values(t *testing.T, addr string) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := kafka.DialContext(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	partitions, err := conn.ReadPartitions(topic)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, p := range partitions {
		leader, err := kafka.DialLeader(ctx, "tcp", addr, topic, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		first, last, err := leader.ReadOffsets()
		for at := first; err == nil && at < last; at++ {
			var m kafka.Message
			if m, err = leader.ReadMessage(1 << 20); err == nil {
				out[string(m.Value)]++
			}
		}
		if err = errors.Join(err, leader.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func open(t *testing.T, opts broker.Options) *broker.Broker {
	t.Helper()
	b, err := broker.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, b) })
	return b
}

func closed(t *testing.T, b *broker.Broker) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestRestartKeepsRecordsAndOffsets(t *testing.T) {
	dir := t.TempDir()
	b := open(t, broker.Options{Dir: dir, Partitions: 3})
	w := writer(b.Addr())
	for i := range 100 {
		if err := write(w, kafka.Message{Value: []byte(strconv.Itoa(i)), Time: time.Unix(int64(i), 0)}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	w.Transport.(*kafka.Transport).CloseIdleConnections()
	if err := commit(b.Addr(), 17); err != nil {
		t.Fatal(err)
	}
	closed(t, b)
	b = open(t, broker.Options{Dir: dir, Partitions: 3})
	if got := len(values(t, b.Addr())); got != 100 {
		t.Errorf("%d records after a restart, want 100", got)
	}
	if got := committed(t, b.Addr()); got != 17 {
		t.Errorf("committed offset %d after a restart, want 17", got)
	}
}

// TestKill kills a broker in the middle of its work, again and again on the same directory: what was acknowledged must
// be there, once, in a topic that nobody made beforehand.
func TestKill(t *testing.T) {
	for round, lines := range []int{1, 3, 40} {
		dir := t.TempDir()
		acknowledged := killed(t, dir, lines)
		b := open(t, broker.Options{Dir: dir})
		got := values(t, b.Addr())
		for n := range acknowledged + 1 {
			if got[strconv.Itoa(n)] != 1 {
				t.Fatalf("round %d: record %d of %d is there %d times", round, n, acknowledged, got[strconv.Itoa(n)])
			}
		}
		if at := committed(t, b.Addr()); at < int64(acknowledged-9) {
			t.Errorf("round %d: committed offset %d, want %d or more", round, at, acknowledged-9)
		}
		w := writer(b.Addr())
		if err := write(w, kafka.Message{Value: []byte("after")}); err != nil {
			t.Error(err)
		}
		w.Close()
		w.Transport.(*kafka.Transport).CloseIdleConnections()
		closed(t, b)
	}
}

// killed runs a child until it has acknowledged so many batches, kills it, and returns the last acknowledged number.
func killed(t *testing.T, dir string, lines int) (last int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(out)
	for seen := 0; scanner.Scan(); {
		if last, err = strconv.Atoi(scanner.Text()); err != nil {
			t.Fatal(err)
		}
		if seen++; seen == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if last == 0 {
		t.Fatal("the child acknowledged nothing")
	}
	return last
}

func TestHalfWrittenRecord(t *testing.T) {
	dir := t.TempDir()
	b := open(t, broker.Options{Dir: dir, Partitions: 1})
	w := writer(b.Addr())
	for i := range 20 {
		if err := write(w, kafka.Message{Value: []byte(strconv.Itoa(i))}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	w.Transport.(*kafka.Transport).CloseIdleConnections()
	closed(t, b)
	segments, err := filepath.Glob(filepath.Join(dir, "partitions", "*", "*.dat"))
	if err != nil || len(segments) == 0 {
		segments, _ = filepath.Glob(filepath.Join(dir, "*", "*.dat"))
	}
	if len(segments) != 1 {
		t.Fatalf("segments: %v", segments)
	}
	info, err := os.Stat(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(segments[0], info.Size()-7); err != nil {
		t.Fatal(err)
	}
	b = open(t, broker.Options{Dir: dir, Partitions: 1})
	if got := values(t, b.Addr()); len(got) != 19 || got["18"] != 1 {
		t.Errorf("%d records, want the 19 whole ones", len(got))
	}
}

func TestHeld(t *testing.T) {
	dir := t.TempDir()
	b := open(t, broker.Options{Dir: dir})
	if _, err := broker.Start(broker.Options{Dir: dir}); !errors.Is(err, broker.ErrHeld) {
		t.Errorf("second broker on the directory: %v, want ErrHeld", err)
	}
	closed(t, b)
	open(t, broker.Options{Dir: dir})
}

func TestTopicsGetPartitions(t *testing.T) {
	b := open(t, broker.Options{Partitions: 6, Topics: []string{"named"}})
	conn, err := kafka.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, name := range []string{"named", "first-heard-of"} {
		if partitions, err := conn.ReadPartitions(name); err != nil || len(partitions) != 6 {
			t.Errorf("topic %s: %d partitions, %v; want 6", name, len(partitions), err)
		}
	}
}

func TestAddress(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "example.com:9092", "127.0.0.1", "127.0.0.1:ninety"} {
		if b, err := broker.Start(broker.Options{Addr: addr}); err == nil {
			closed(t, b)
			t.Errorf("started on %s", addr)
		}
	}
}
