package suitecrm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

// TestDebezium writes the example journey into a MariaDB, from where a real Debezium takes it through Apache Kafka, three
// times over in different shapes, and once more by a snapshot when everything has happened. `make debezium` runs it.
func TestDebezium(t *testing.T) {
	if os.Getenv("TAPPA_DEBEZIUM") == "" {
		t.Skip("make debezium runs it")
	}
	brokers := testenv.ApacheKafka(t)
	db := startMariaDB(t)
	connect := startConnect(t, brokers[0])
	all := sqlOfJourney(t)
	db.run(t, "CREATE DATABASE suitecrm; USE suitecrm;\n"+all.tables)
	db.run(t, "CREATE USER debezium@'127.0.0.1' IDENTIFIED BY 'x'; GRANT SELECT, LOCK TABLES ON suitecrm.* TO debezium@'127.0.0.1';"+
		"GRANT RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO debezium@'127.0.0.1';")
	live := []string{"plain", "schema", "flat"}
	for _, name := range live {
		connect.create(t, db, name)
	}
	db.run(t, "USE suitecrm;\n"+all.changes)

	d := newDesk(Settings{})
	takeAll(t, d, world(t, shapes[0]))
	want := byID(t, d.drain())
	for _, name := range live {
		if diff := cmp.Diff(want, follow(t, brokers, name, len(want))); diff != "" {
			t.Errorf("%s (-as in the tests, +by Debezium):\n%s", name, diff)
		}
	}

	connect.create(t, db, "late")
	late := follow(t, brokers, "late", len(want)-1)
	var missing []string
	for id, event := range want {
		// A row that was touched does not say any more which status it began with.
		if got := late[id]; got == "" {
			missing = append(missing, id)
		} else if got != event && !strings.HasSuffix(id, "/created") {
			t.Errorf("of a snapshot at the end: %s, want %s", got, event)
		}
		delete(late, id)
	}
	if diff := cmp.Diff([]string{"leads/l2/created"}, missing); diff != "" || len(late) > 0 {
		t.Errorf("a snapshot at the end lacks (-want, +got):\n%s\nand has besides %v", diff, late)
	}
}

// follow reads the topics of a connector until so many events came of them, or nothing more comes.
func follow(t *testing.T, brokers []string, name string, n int) map[string]string {
	t.Helper()
	var mu sync.Mutex
	d, events := newDesk(Settings{}), []source.Event{}
	f, err := ingest.NewFollower(ingest.FollowOptions{
		Brokers: brokers, Pattern: regexp.MustCompile(name + `\.suitecrm\..*`), Group: name, Topic: name + "-events",
		WatchEvery: time.Second, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Begin: func() { mu.Lock(); defer mu.Unlock(); d, events = newDesk(Settings{}), nil },
		Take: func(rec source.Record) ([]ingest.Message, error) {
			mu.Lock()
			defer mu.Unlock()
			_, err := d.take(rec)
			if err != nil {
				t.Errorf("%s: %v", rec.Topic, err)
			}
			events = append(events, d.drain()...)
			return nil, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	for enough := false; !enough && ctx.Err() == nil; {
		time.Sleep(200 * time.Millisecond)
		mu.Lock()
		enough = len(events) >= n
		mu.Unlock()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return byID(t, events)
}

// sqlJourney is the example journey as SQL.
type sqlJourney struct{ tables, changes string }

// sqlOfJourney makes tables with the types SuiteCRM gives its columns, and an INSERT or UPDATE of each change.
func sqlOfJourney(t *testing.T) sqlJourney {
	t.Helper()
	text, err := os.ReadFile("testdata/journey.changes")
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]map[string]bool{}
	var changes strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		table, rest, _ := strings.Cut(line, " ")
		op, row, _ := strings.Cut(rest, " ")
		var values map[string]any
		if err := json.Unmarshal([]byte(row), &values); err != nil {
			t.Fatal(err)
		}
		if columns[table] == nil {
			columns[table] = map[string]bool{}
		}
		var sets []string
		for _, name := range slices.Sorted(maps.Keys(values)) {
			columns[table][name] = true
			sets = append(sets, "`"+name+"` = "+sqlValue(name, values[name]))
		}
		if key := keyOf(table); op == "u" {
			fmt.Fprintf(&changes, "UPDATE %s SET %s WHERE %s = %s;\n", table, strings.Join(sets, ", "), key, sqlValue(key, values[key]))
		} else {
			fmt.Fprintf(&changes, "INSERT INTO %s SET %s;\n", table, strings.Join(sets, ", "))
		}
	}
	var made strings.Builder
	for _, table := range slices.Sorted(maps.Keys(columns)) {
		var defs []string
		for _, name := range slices.Sorted(maps.Keys(columns[table])) {
			defs = append(defs, "`"+name+"` "+sqlType(table, name))
		}
		fmt.Fprintf(&made, "CREATE TABLE %s (%s, PRIMARY KEY (%s));\n", table, strings.Join(defs, ", "), keyOf(table))
	}
	return sqlJourney{made.String(), changes.String()}
}

func sqlValue(name string, v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(v) + "'"
	case float64:
		if name == "due_date" {
			return "'" + time.Unix(int64(v)*86400, 0).UTC().Format(time.DateOnly) + "'"
		}
	}
	return fmt.Sprint(v)
}

func sqlType(table, name string) string {
	switch {
	case name == keyOf(table):
		return "char(36) NOT NULL"
	case strings.HasPrefix(name, "date_") || name == "activity_date":
		return "datetime NULL"
	case name == "due_date":
		return "date NULL"
	case name == "deleted" || name == "converted" || name == "internal":
		return "tinyint(1) DEFAULT 0"
	case strings.HasPrefix(name, "total_"):
		return "decimal(26,6) NULL"
	case strings.HasPrefix(name, "amount"):
		return "double NULL"
	case strings.HasPrefix(name, "duration_") || name == "hits" || name == "number" || name == "case_number" || name == "happiness":
		return "int NULL"
	case strings.HasPrefix(name, "description") || name == "to_addrs" || name == "answer":
		return "longtext NULL"
	}
	return "varchar(255) NULL"
}

// mariaDB is a server with a binary log, in a time zone that is not UTC.
type mariaDB struct{ dir, port string }

func startMariaDB(t *testing.T) mariaDB {
	t.Helper()
	dir, err := os.MkdirTemp("", "tappa-db-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	db := mariaDB{dir, freePort(t)}
	if out, err := exec.CommandContext(t.Context(), "mariadb-install-db", "--user="+me.Username, "--datadir="+dir, "--auth-root-authentication-method=normal").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	background(t, dir, "mariadbd", "--no-defaults", "--user="+me.Username, "--datadir="+dir, "--bind-address=127.0.0.1", "--port="+db.port, "--socket="+db.socket(),
		"--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-image=FULL", "--server-id=1", "--default-time-zone=+01:00", "--innodb-buffer-pool-size=64M")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if db.client("SELECT 1").Run() == nil {
			return db
		} else if time.Now().After(deadline) {
			t.Fatal("MariaDB does not answer")
		}
	}
}

func (db mariaDB) socket() string { return filepath.Join(db.dir, "s") }

func (db mariaDB) client(statements string) *exec.Cmd {
	cmd := exec.Command("mariadb", "--no-defaults", "--socket="+db.socket(), "--user=root", "--default-character-set=utf8mb4")
	cmd.Stdin = strings.NewReader(statements)
	return cmd
}

func (db mariaDB) run(t *testing.T, statements string) {
	t.Helper()
	if out, err := db.client(statements).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// connectWorker is a Kafka Connect of one process.
type connectWorker struct{ dir, url string }

func startConnect(t *testing.T, broker string) connectWorker {
	t.Helper()
	classpath, err := os.ReadFile("../../deploy/debezium/target/classpath.txt")
	if err != nil {
		t.Fatalf("%v: run make debezium", err)
	}
	c := connectWorker{t.TempDir(), "http://127.0.0.1:" + freePort(t)}
	config := filepath.Join(c.dir, "worker.properties")
	text := "bootstrap.servers=" + broker + "\nkey.converter=org.apache.kafka.connect.json.JsonConverter\n" +
		"value.converter=org.apache.kafka.connect.json.JsonConverter\noffset.storage.file.filename=" + filepath.Join(c.dir, "offsets") +
		"\nlisteners=" + c.url + "\noffset.flush.interval.ms=1000\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	background(t, c.dir, "java", "-Xmx512m", "-cp", strings.TrimSpace(string(classpath)), "org.apache.kafka.connect.cli.ConnectStandalone", config)
	return c
}

// create makes a connector in one of the shapes and waits until it follows the log.
func (c connectWorker) create(t *testing.T, db mariaDB, name string) {
	t.Helper()
	config := map[string]string{
		"connector.class": "io.debezium.connector.mysql.MySqlConnector", "database.hostname": "127.0.0.1", "database.port": db.port,
		"database.user": "debezium", "database.password": "x", "database.server.id": fmt.Sprint(100 + len(name)*7 + int(name[0])), "topic.prefix": name,
		"database.include.list": "suitecrm", "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
		"schema.history.internal.file.filename": filepath.Join(c.dir, "history-"+name), "value.converter.schemas.enable": "false",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter",
	}
	more := map[string]map[string]string{
		"plain":  {"decimal.handling.mode": "double"},
		"schema": {"value.converter.schemas.enable": "true", "time.precision.mode": "connect"},
		"late":   {"time.precision.mode": "microseconds"}, // and DECIMAL as bytes without a schema
		"flat": {
			"time.precision.mode": "isostring", "decimal.handling.mode": "string", "transforms": "unwrap",
			"transforms.unwrap.type":       "io.debezium.transforms.ExtractNewRecordState",
			"transforms.unwrap.add.fields": "op,table", "transforms.unwrap.delete.tombstone.handling.mode": "rewrite",
		},
	}
	maps.Copy(config, more[name])
	body, err := json.Marshal(map[string]any{"name": name, "config": config})
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(c.dir, "java.log")
	before, _ := os.ReadFile(log)
	connected := func() bool {
		text, _ := os.ReadFile(log)
		return bytes.Count(text, []byte("BinaryLogClient connect")) > bytes.Count(before, []byte("BinaryLogClient connect"))
	}
	posted := false
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(300 * time.Millisecond) {
		if !posted {
			res, err := http.Post(c.url+"/connectors", "application/json", bytes.NewReader(body))
			if err == nil {
				answer, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if posted = res.StatusCode == http.StatusCreated; !posted && res.StatusCode < 500 && res.StatusCode != http.StatusNotFound {
					t.Fatalf("connector %s: %s: %s", name, res.Status, answer)
				}
			}
		} else if connected() {
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			t.Fatalf("connector %s does not follow the log:\n%s", name, text[max(0, len(text)-4000):])
		}
	}
}

// background starts a program until the test ends; what it says is in NAME.log of dir.
func background(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
