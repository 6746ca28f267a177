package testenv

import "syscall"

// scratch is where the engine of tests keeps its data: in memory where there is plenty, since every insert and every table is synced to
// disk. What must survive a crash is tested on a disk, in directories of the tests' own. "" is the usual place.
func scratch() string {
	const memory, enough = "/dev/shm", 4 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < enough { //nolint:gosec // a size
		return ""
	}
	return memory
}
