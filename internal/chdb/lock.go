package chdb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// lock takes the directory for this process and returns what gives it back. The kernel drops the lock with the
// process however it dies, so a killed process leaves nothing behind that would need clearing.
func lock(dir string) (func(), error) {
	name := filepath.Join(dir, "tappa.lock")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	// Close-on-exec is set by os.OpenFile, so no child process inherits the lock.
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		return nil, fmt.Errorf("%w by %s: stop it, or choose another directory with --data", ErrHeld, holder(name))
	}
	if err := errors.Join(f.Truncate(0), writeAt(f, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return func() { f.Close() }, nil
}

func writeAt(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

// holder names the process that wrote the lock file, as far as it is known.
func holder(name string) string {
	data, err := os.ReadFile(name)
	if pid, convErr := strconv.Atoi(string(bytes.TrimSpace(data))); err == nil && convErr == nil {
		return fmt.Sprintf("process %d", pid)
	}
	return "another process"
}
