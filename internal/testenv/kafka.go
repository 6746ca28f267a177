package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/internal/broker"
)

// topics numbers the topics of a test process.
var topics atomic.Uint64

// Topic returns the name of a topic that no other test uses.
func Topic(t testing.TB) string {
	return fmt.Sprintf("%s-%d", strings.ToLower(nameOf(t)), topics.Add(1))
}

// Kafka starts an embedded broker with nothing on disk, closed at the test's end, and returns its address as a list.
// Topics are made with 4 partitions when they are first named.
func Kafka(t testing.TB) []string {
	t.Helper()
	return KafkaWith(t, broker.Options{})
}

// KafkaWith is Kafka with options.
func KafkaWith(t testing.TB, opts broker.Options) []string {
	t.Helper()
	b, err := broker.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return []string{b.Addr()}
}

// apache is the Apache Kafka of this test process. It is started by the first test that asks for it and lives until
// Main ends it.
var apache struct {
	sync.Mutex
	secure SecureKafka // and its plain address
	stop   func() error
}

// SecureKafka is how to reach the process's Apache Kafka by ways that ask who is there.
type SecureKafka struct {
	Plain string // 127.0.0.1:port without TLS or log-in
	SCRAM string // log-in by SCRAM, without TLS
	TLS   string // TLS that wants a client's certificate
	Both  string // TLS and log-in by SCRAM

	Certificates       Certificates
	Username, Password string // for SCRAM-SHA-256 and SCRAM-SHA-512
}

// ApacheKafka returns the address of a single Apache Kafka on free ports, which all tests of the process share: use
// fresh topics (Topic). It needs Java and `make kafka`; where these are missing the test is skipped, or fails if the
// environment says that all parts must be there (RequireParts). A package that calls it needs TestMain to call Main.
func ApacheKafka(t testing.TB) []string {
	t.Helper()
	return []string{ApacheKafkaSecure(t).Plain}
}

// ApacheKafkaSecure is ApacheKafka with all its addresses.
func ApacheKafkaSecure(t testing.TB) SecureKafka {
	t.Helper()
	apache.Lock()
	defer apache.Unlock()
	if apache.stop != nil {
		return apache.secure
	}
	java, classpath, err := findKafka()
	if err != nil {
		if RequireParts() {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	// Another process may take a port between our finding it free and Kafka's listening on it.
	for try := 1; apache.stop == nil; try++ {
		k, err := newKafka(java, classpath)
		if err == nil {
			apache.secure, apache.stop = k.At, k.remove
			break
		}
		if try == 3 {
			t.Fatal(err)
		}
		t.Log(err)
	}
	return apache.secure
}

// stopApacheKafka ends the process's Apache Kafka, if there is one, and removes its data.
func stopApacheKafka() error {
	apache.Lock()
	defer apache.Unlock()
	if apache.stop == nil {
		return nil
	}
	stop := apache.stop
	apache.stop = nil
	return stop()
}

// findKafka finds the Java program and Kafka's class path, which `make kafka` writes.
func findKafka() (java, classpath string, err error) {
	if java, err = exec.LookPath("java"); err != nil {
		return "", "", fmt.Errorf("apache kafka: %w", err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	for {
		file := filepath.Join(dir, "deploy", "kafka", "target", "classpath.txt")
		if text, err := os.ReadFile(file); err == nil {
			return java, strings.TrimSpace(string(text)), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", "", errors.New("apache kafka: deploy/kafka/target/classpath.txt is missing: run `make kafka`")
		}
		dir = parent
	}
}

// KafkaServer is an Apache Kafka of one test, which may be killed and started again on the same data and ports.
type KafkaServer struct {
	At SecureKafka

	java, classpath, dir, properties string
	out                              bytes.Buffer // of all its processes
	process                          *exec.Cmd
	ended                            chan error
}

// OwnApacheKafka starts an Apache Kafka for one test, which ends with it. It is skipped, or fails, as ApacheKafka is.
func OwnApacheKafka(t testing.TB) *KafkaServer {
	t.Helper()
	java, classpath, err := findKafka()
	if err != nil {
		if RequireParts() {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for try := 1; ; try++ {
		k, err := newKafka(java, classpath)
		if err == nil {
			t.Cleanup(func() {
				if err := k.remove(); err != nil {
					t.Error(err)
				}
			})
			return k
		}
		if try == 3 {
			t.Fatal(err)
		}
		t.Log(err)
	}
}

// Restart kills the server as kill -9 does, and starts it again. It returns when the server answers.
func (k *KafkaServer) Restart() error {
	k.kill()
	return k.start()
}

// newKafka prepares a server's storage, starts it and waits until it answers.
func newKafka(java, classpath string) (_ *KafkaServer, err error) {
	dir, err := os.MkdirTemp("", "tappa-kafka-")
	if err != nil {
		return nil, err
	}
	k := &KafkaServer{java: java, classpath: classpath, dir: dir, properties: filepath.Join(dir, "server.properties")}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.remove())
		}
	}()
	ports, err := freePorts(5)
	if err != nil {
		return nil, err
	}
	k.At = SecureKafka{Username: "tappa", Password: "correct horse"}
	for i, addr := range []*string{&k.At.Plain, &k.At.SCRAM, &k.At.TLS, &k.At.Both} {
		*addr = fmt.Sprintf("127.0.0.1:%d", ports[i])
	}
	if k.At.Certificates, err = NewCertificates(dir); err != nil {
		return nil, err
	}
	if err := os.WriteFile(k.properties, []byte(serverProperties(dir, k.At, ports[4])), 0o600); err != nil {
		return nil, err
	}
	if err := k.command("kafka.tools.StorageTool", "format", "-t", "dGFwcGEtdGVzdC1rYWZrYQ", "-c", k.properties,
		"-S", scram("SCRAM-SHA-256", k.At), "-S", scram("SCRAM-SHA-512", k.At)).Run(); err != nil {
		return nil, fmt.Errorf("format kafka's storage: %w\n%s", err, k.out.String())
	}
	return k, k.start()
}

func (k *KafkaServer) command(args ...string) *exec.Cmd {
	cmd := exec.Command(k.java, append([]string{"-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", k.classpath}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = k.dir, &k.out, &k.out
	return cmd
}

// start starts a process of the server and waits until it answers.
func (k *KafkaServer) start() error {
	k.process = k.command("kafka.Kafka", k.properties)
	if err := k.process.Start(); err != nil {
		k.process = nil
		return fmt.Errorf("start kafka: %w", err)
	}
	process, ended := k.process, make(chan error, 1)
	k.ended = ended
	go func() { ended <- process.Wait() }()
	if err := answers(k.At.Plain, ended); err != nil {
		k.kill()
		return fmt.Errorf("start kafka: %w\n%s", err, k.out.String())
	}
	return nil
}

// kill ends the server's process, if there is one.
func (k *KafkaServer) kill() {
	if k.process == nil {
		return
	}
	_ = k.process.Process.Kill()
	<-k.ended
	k.process = nil
}

// remove kills the server and removes its data.
func (k *KafkaServer) remove() error {
	k.kill()
	return os.RemoveAll(k.dir)
}

// answers waits until the server at addr serves metadata, or has ended.
func answers(addr string, ended chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		conn, err := kafka.DialContext(ctx, "tcp", addr)
		if err == nil {
			_, err = conn.Controller()
			_ = conn.Close()
			if err == nil {
				return nil
			}
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("server ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// serverProperties are those of one server that is broker and controller.
func serverProperties(dir string, at SecureKafka, controller int) string {
	listeners := fmt.Sprintf("PLAINTEXT://%s,SCRAM://%s,TLS://%s,BOTH://%s", at.Plain, at.SCRAM, at.TLS, at.Both)
	return strings.Join([]string{
		"process.roles=broker,controller",
		"node.id=1",
		fmt.Sprintf("controller.quorum.voters=1@127.0.0.1:%d", controller),
		fmt.Sprintf("listeners=%s,CONTROLLER://127.0.0.1:%d", listeners, controller),
		"advertised.listeners=" + listeners,
		"controller.listener.names=CONTROLLER",
		"inter.broker.listener.name=PLAINTEXT",
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_PLAINTEXT,TLS:SSL,BOTH:SASL_SSL",
		"sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512",
		"listener.name.scram.scram-sha-256.sasl.jaas.config=" + scramModule,
		"listener.name.scram.scram-sha-512.sasl.jaas.config=" + scramModule,
		"listener.name.both.scram-sha-256.sasl.jaas.config=" + scramModule,
		"listener.name.both.scram-sha-512.sasl.jaas.config=" + scramModule,
		"ssl.keystore.type=PEM",
		"ssl.keystore.location=" + filepath.ToSlash(at.Certificates.Server),
		"ssl.truststore.type=PEM",
		"ssl.truststore.location=" + filepath.ToSlash(at.Certificates.CA),
		"listener.name.tls.ssl.client.auth=required",
		"log.dirs=" + filepath.ToSlash(filepath.Join(dir, "data")),
		"num.partitions=4",
		"offsets.topic.num.partitions=1",
		"offsets.topic.replication.factor=1",
		"transaction.state.log.num.partitions=1",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"group.initial.rebalance.delay.ms=0",
		"group.min.session.timeout.ms=1000",
		"auto.create.topics.enable=true",
		"log.retention.ms=-1", // tests give records times of long ago
	}, "\n") + "\n"
}

// scramModule is what a listener with SCRAM has to name.
const scramModule = "org.apache.kafka.common.security.scram.ScramLoginModule required;"

// scram is a user for Kafka's storage tool.
func scram(mechanism string, at SecureKafka) string {
	return fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, at.Username, at.Password)
}

// freePorts finds n ports nobody listens on.
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
