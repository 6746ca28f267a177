//go:build !unix

package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// lock takes the directory for this broker alone. Here a file stands for the lock, and one left by a killed broker has
// to be removed by hand.
func lock(dir string) (unlock func() error, err error) {
	name := filepath.Join(dir, "lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%w (if none runs, remove %s)", ErrHeld, name)
	}
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return func() error { return errors.Join(f.Close(), os.Remove(name)) }, nil
}
