package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tappa/internal/testenv"
	"tappa/journey"
)

// site is an installation of tappa: a Kafka, an engine behind a proxy, and tappa's processes.
type site struct {
	kafka  *testenv.KafkaServer
	topic  string
	dir    string // of this row's files
	engine *engine
	proxy  *proxy
	env    []string // of tappa's processes

	mu        sync.Mutex
	processes []*process
	happened  map[string]int // faults by name
	remarks   []string
}

// definition is the journey file that tappa is given.
func definition() ([]byte, *journey.Journey, error) {
	text, err := journey.Templates.ReadFile("templates/machinery.yaml")
	if err != nil {
		return nil, nil, err
	}
	j, err := journey.Parse("machinery.yaml", text)
	return text, j, err
}

// newSite starts an engine of the row's own, in a directory below data, and points tappa's settings at it, by way of the proxy.
func newSite(t *testing.T, kafka *testenv.KafkaServer, topic, data string, seed uint64, settings map[string]string) *site {
	t.Helper()
	dir := t.TempDir()
	if kept := os.Getenv("CHAOS_LOGS"); kept != "" { // what the processes say, for who wants to read it
		dir = filepath.Join(kept, filepath.Base(t.Name()))
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := startEngine(filepath.Join(data, "clickhouse"))
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := newProxy(engine.addr, seed)
	if err != nil {
		t.Fatal(errors.Join(err, engine.kill()))
	}
	s := &site{kafka: kafka, topic: topic, dir: dir, engine: engine, proxy: proxy, happened: map[string]int{}}
	t.Cleanup(func() {
		s.stopAll()
		if err := errors.Join(proxy.close(), engine.kill()); err != nil {
			t.Error(err)
		}
	})
	text, _, err := definition()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "journey.yaml"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"KAFKA_BROKERS": kafka.At.Plain, "TOPICS": topic, "GROUP": topic, "DEAD_LETTERS": topic + ".dead",
		"CLICKHOUSE": proxy.addr(), "CLICKHOUSE_PROTOCOL": "http", "DATABASE": "tappa", "LISTEN": "127.0.0.1:0",
		"JOURNEYS": filepath.Join(dir, "journey.yaml"), "SESSION_TIMEOUT": "3s", "FLUSH_AGE": "300ms", "LANES": "1",
	}
	for name, value := range settings {
		all[name] = value
	}
	for name, value := range all {
		s.env = append(s.env, "TAPPA_"+name+"="+value)
	}
	return s
}

// note counts a fault.
func (s *site) note(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.happened[fault]++
}

// count is how often a fault happened.
func (s *site) count(fault string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.happened[fault]
}

// process is a tappa that is started again whenever it ends, as systemd does, until it is stopped.
type process struct {
	site *site
	role string

	mu      sync.Mutex
	cmd     *exec.Cmd
	url     string // of its metrics, once it says so
	stopped bool
	done    chan struct{}
}

// start starts a process with a role: collect, or aggregate.
func (s *site) start(role string) *process {
	p := &process{site: s, role: role, done: make(chan struct{})}
	s.mu.Lock()
	number := len(s.processes)
	s.processes = append(s.processes, p)
	s.mu.Unlock()
	go p.keepUp(filepath.Join(s.dir, fmt.Sprintf("%s-%d.log", role, number)))
	return p
}

// keepUp runs the process over and over.
func (p *process) keepUp(log string) {
	defer close(p.done)
	for {
		if err := p.once(log); err != nil {
			panic(err) // without its binary or a log file nothing can be tested
		}
		p.mu.Lock()
		stopped := p.stopped
		p.mu.Unlock()
		if stopped {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// once runs the process until it ends.
func (p *process) once(log string) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(binary, "serve", "--roles", p.role)
	cmd.Env = append(os.Environ(), p.site.env...)
	cmd.Stderr = out
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return nil
	}
	if err := cmd.Start(); err != nil {
		p.mu.Unlock()
		return err
	}
	p.cmd, p.url = cmd, ""
	p.mu.Unlock()
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if _, url, found := strings.Cut(lines.Text(), " on "); found {
			p.mu.Lock()
			p.url = url
			p.mu.Unlock()
		}
	}
	_ = cmd.Wait() // it may be killed, and may give up: then it is started again
	return nil
}

// signal sends a signal to the process that runs now, if one does.
func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(sig) // it may have ended by itself
	}
}

// stop ends the process for good, as an operator would.
func (p *process) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}

func (s *site) stopAll() {
	s.mu.Lock()
	all := s.processes
	s.processes = nil
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range all {
		wg.Go(p.stop)
	}
	wg.Wait()
}

// heap is the largest Go heap of the collectors, in bytes; 0 if none says so.
func (s *site) heap(ctx context.Context) (most float64) {
	s.mu.Lock()
	all := slices.Clone(s.processes)
	s.mu.Unlock()
	for _, p := range all {
		p.mu.Lock()
		url := p.url
		p.mu.Unlock()
		if p.role != "collect" || url == "" {
			continue
		}
		text, err := get(ctx, url+"metrics", nil)
		if err != nil {
			continue // it may have been killed
		}
		for line := range strings.Lines(text) {
			if value, found := strings.CutPrefix(line, "go_memstats_heap_inuse_bytes "); found {
				n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
				most = max(most, n)
			}
		}
	}
	return most
}

// engine is ClickHouse in a process of its own.
type engine struct {
	addr, dir string
	mu        sync.Mutex
	cmd       *exec.Cmd
}

func startEngine(dir string) (*engine, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &engine{addr: l.Addr().String(), dir: dir}
	if err := l.Close(); err != nil {
		return nil, err
	}
	return e, e.start()
}

// start returns when the engine listens.
func (e *engine) start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(exe, e.dir)
	cmd.Env = append(os.Environ(), engineEnv+"="+e.addr)
	cmd.Stderr = os.Stderr
	if _, err = cmd.StdinPipe(); err != nil { // the engine ends when this process does
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		return errors.Join(fmt.Errorf("engine says %q", line), err, cmd.Process.Kill(), cmd.Wait())
	}
	e.cmd = cmd
	return nil
}

// kill ends the engine as kill -9 does.
func (e *engine) kill() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cmd == nil {
		return nil
	}
	err := e.cmd.Process.Kill()
	_ = e.cmd.Wait() // says that it was killed
	e.cmd = nil
	return err
}

// ask sends a statement to the engine itself, past the proxy, and returns the answer as tab separated text.
func (e *engine) ask(ctx context.Context, database, sql string) (string, error) {
	text, err := get(ctx, "http://"+e.addr+"/?database="+url.QueryEscape(database), strings.NewReader(sql))
	if err != nil {
		return "", fmt.Errorf("%s: %w", sql, err)
	}
	return strings.TrimSpace(text), nil
}

// get makes a request, with a body if there is one, and returns the answer.
func get(ctx context.Context, address string, body io.Reader) (string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	return string(text), err
}
