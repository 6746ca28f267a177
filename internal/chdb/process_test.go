package chdb_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/goleak"

	"tappa/internal/chdb"
	"tappa/internal/testenv"
)

// scenarios are what a child process can play; the arguments are its own.
var scenarios = map[string]func(args []string) error{
	"open":   playOpen,
	"hold":   playHold,
	"ingest": playIngest,
	"count":  playCount,
	"reopen": playReopen,
	"close":  playClose,
	"signal": playSignal,
}

// child prepares a process that plays a scenario.
func child(t *testing.T, scenario string, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := os.Stat("../../deploy/engine/node_modules"); err != nil && os.Getenv("TAPPA_LIBCHDB") == "" && !testenv.RequireParts() {
		t.Skip("engine is not installed")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(deadline(t), exe, args...)
	cmd.Env = append(os.Environ(), childEnv+"="+scenario)
	return cmd
}

// play runs a scenario to its end and returns what it printed.
func play(t *testing.T, scenario string, args ...string) (string, error) {
	t.Helper()
	out, err := child(t, scenario, args...).CombinedOutput()
	return string(out), err
}

// dial opens an engine on dir, listening, and a connection to it.
func dial(dir string, patience time.Duration) (*chdb.Engine, driver.Conn, error) {
	e, err := chdb.Open(chdb.Options{Path: dir, Patience: patience})
	if err != nil {
		return nil, nil, err
	}
	if err := e.Listen("127.0.0.1:0"); err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	conn, err := clickhouse.Open(&clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{e.Addr()}})
	return e, conn, err
}

func playOpen(args []string) error {
	e, conn, err := dial(args[0], 0)
	if err != nil {
		return err
	}
	return errors.Join(conn.Close(), e.Close())
}

func playHold(args []string) error {
	e, conn, err := dial(args[0], 0)
	if err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin) // until the parent closes it
	return errors.Join(err, conn.Close(), e.Close())
}

// A directory has one process at a time; the second is told which the first is, and what to do. A killed process
// leaves nothing behind that would be in the way.
func TestHeld(t *testing.T) {
	dir := t.TempDir()
	holder := child(t, "hold", dir)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatalf("holder said %q, %v", line, err)
	}
	out, err := play(t, "open", dir)
	if err == nil {
		t.Fatal("a second process opened the directory")
	}
	for _, want := range []string{dir, chdb.ErrHeld.Error(), fmt.Sprintf("process %d", holder.Process.Pid), "--data"} {
		if !strings.Contains(out, want) {
			t.Errorf("error %q does not say %q", out, want)
		}
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // killed
	if out, err := play(t, "open", dir); err != nil {
		t.Errorf("after kill -9: %v: %s", err, out)
	}
}

// playIngest inserts blocks of a thousand rows and prints the number of each when it is acknowledged.
func playIngest(args []string) error {
	_, conn, err := dial(args[0], 0)
	if err != nil {
		return err
	}
	ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
	if err := conn.Exec(ctx, "CREATE DATABASE d"); err != nil {
		return err
	}
	if err := conn.Exec(ctx, "CREATE TABLE d.t (block UInt64, text String) ENGINE = MergeTree ORDER BY block "+
		"SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"); err != nil {
		return err
	}
	for n := uint64(1); ; n++ {
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO d.t")
		if err != nil {
			return err
		}
		for range 1000 {
			if err := batch.Append(n, "quando arriva la consegna?"); err != nil {
				return err
			}
		}
		if err := batch.Send(); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// playCount prints the blocks that are stored, and how many of them are not whole.
func playCount(args []string) error {
	e, conn, err := dial(args[0], 0)
	if err != nil {
		return err
	}
	var blocks, last, torn uint64
	err = conn.QueryRow(context.Background(),
		"SELECT count(), max(block), countIf(n != 1000) FROM (SELECT block, count() AS n FROM d.t GROUP BY block)").Scan(&blocks, &last, &torn)
	fmt.Println(blocks, last, torn)
	return errors.Join(err, conn.Close(), e.Close())
}

// kill -9 in the middle of inserting loses no insert that was acknowledged, and leaves none by half.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	cmd := child(t, "ingest", dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := uint64(0)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if acknowledged, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatalf("child said %q", lines.Text())
		}
		if acknowledged == 30 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	if acknowledged < 30 {
		t.Fatalf("only %d inserts were acknowledged", acknowledged)
	}
	out, err := play(t, "count", dir)
	if err != nil {
		t.Fatalf("reopen: %v: %s", err, out)
	}
	var blocks, last, torn uint64
	if _, err := fmt.Sscan(out, &blocks, &last, &torn); err != nil {
		t.Fatal(err)
	}
	if blocks != last || torn != 0 || last < acknowledged || last > acknowledged+1 {
		t.Errorf("acknowledged %d; stored %d blocks up to %d, %d torn", acknowledged, blocks, last, torn)
	}
}

// playReopen opens, is refused a second engine, closes, and opens another directory and the first again.
func playReopen(args []string) error {
	first, second := filepath.Join(args[0], "first"), filepath.Join(args[0], "second")
	e, conn, err := dial(first, 0)
	if err != nil {
		return err
	}
	ctx := context.Background()
	for _, sql := range []string{"CREATE DATABASE d", "CREATE TABLE d.t (n UInt8) ENGINE = MergeTree ORDER BY n", "INSERT INTO d.t VALUES (7)"} {
		if err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	for _, dir := range []string{first, second} {
		if _, err := chdb.Open(chdb.Options{Path: dir}); !errors.Is(err, chdb.ErrHeld) {
			return fmt.Errorf("second engine on %s: %v, want %w", dir, err, chdb.ErrHeld)
		}
	}
	if err := errors.Join(conn.Close(), e.Close(), e.Close()); err != nil {
		return err
	}
	if err := e.Listen("127.0.0.1:0"); !errors.Is(err, chdb.ErrClosed) {
		return fmt.Errorf("listen after close: %v", err)
	}
	for dir, want := range map[string]uint64{second: 0, first: 1} {
		e, conn, err := dial(dir, 0)
		if err != nil {
			return err
		}
		var got uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = 'd' AND total_rows = 1").Scan(&got); err != nil || got != want {
			return fmt.Errorf("%s: %d tables, want %d, error %w", dir, got, want, err)
		}
		if err := errors.Join(conn.Close(), e.Close()); err != nil {
			return err
		}
	}
	return goleak.Find()
}

func TestReopen(t *testing.T) {
	if out, err := play(t, "reopen", t.TempDir()); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// playClose closes while one statement will soon be done and another never will.
func playClose(args []string) error {
	e, conn, err := dial(args[0], 3*time.Second)
	if err != nil {
		return err
	}
	soon, never := make(chan error, 1), make(chan error, 1)
	ask := func(answer chan<- error, sql string) {
		var n uint64
		answer <- conn.QueryRow(context.Background(), sql).Scan(&n)
	}
	go ask(soon, "SELECT toUInt64(sleep(1.5))")
	go ask(never, "SELECT sum(sipHash64(number)) FROM system.numbers")
	var running uint64
	for running < 3 { // the two and the one that looks
		if err := conn.QueryRow(context.Background(), "SELECT count() FROM system.processes").Scan(&running); err != nil {
			return err
		}
	}
	if err := e.Close(); err != nil {
		return err
	}
	if err := <-soon; err != nil {
		return fmt.Errorf("the statement that would soon be done: %w", err)
	}
	if err := <-never; err == nil {
		return errors.New("the statement without end ended well")
	}
	return errors.Join(conn.Close(), goleak.Find())
}

// Close lets statements end, within its patience, and kills what does not.
func TestClose(t *testing.T) {
	if out, err := play(t, "close", t.TempDir()); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// playSignal looks whether signals still reach Go while the engine runs.
func playSignal(args []string) error {
	e, conn, err := dial(args[0], 0)
	if err != nil {
		return err
	}
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGTERM, os.Interrupt)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			return err
		}
		if r := <-got; r != s {
			return fmt.Errorf("got signal %v, want %v", r, s)
		}
	}
	return errors.Join(conn.Close(), e.Close())
}

// Signals are the program's, not the engine's.
func TestSignals(t *testing.T) {
	if out, err := play(t, "signal", t.TempDir()); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// A missing library is said with what to do about it.
func TestNoLibrary(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "libchdb.so")
	notOne := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(notOne, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*chdb.Engine, error){
		"option": func() (*chdb.Engine, error) { return chdb.Open(chdb.Options{Path: t.TempDir(), Library: missing}) },
		"environment": func() (*chdb.Engine, error) {
			t.Setenv("TAPPA_LIBCHDB", missing)
			return chdb.Open(chdb.Options{Path: t.TempDir()})
		},
		"not a library": func() (*chdb.Engine, error) { return chdb.Open(chdb.Options{Path: t.TempDir(), Library: notOne}) },
	} {
		_, err := open()
		if !errors.Is(err, chdb.ErrNoLibrary) || !strings.Contains(err.Error(), "make engine") || !strings.Contains(err.Error(), "TAPPA_LIBCHDB") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
