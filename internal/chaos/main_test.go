package chaos

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tappa/internal/chdb"
	"tappa/internal/testenv"
)

// engineEnv makes a child of the tests an engine: its value is the address to listen on, the argument the directory.
const engineEnv = "TAPPA_CHAOS_ENGINE"

// binary is tappa as users run it, built once for these tests.
var binary string

func TestMain(m *testing.M) {
	if addr := os.Getenv(engineEnv); addr != "" {
		if err := beEngine(addr, os.Args[1]); err != nil {
			fmt.Println("engine:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tappa-chaos-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "tappa")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "tappa/cmd/tappa") // as the Makefile does, which has compiled it so
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	return testenv.Main(m)
}

// beEngine is ClickHouse until its standard input ends, which it does with the process that started it.
func beEngine(addr, dir string) error {
	e, err := chdb.Open(chdb.Options{Path: dir})
	if err != nil {
		return err
	}
	if err := e.Listen(addr); err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return e.Close()
}
