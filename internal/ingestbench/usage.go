package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ownCPU is the processor time that this process has used, in seconds.
func ownCPU() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// tick is what Linux counts processor time of processes in.
const tick = 0.01

// processCPU is the processor time that a process has used, in seconds; 0 where the system does not tell.
func processCPU(pid int) float64 {
	return statCPU(fmt.Sprintf("/proc/%d/stat", pid))
}

// statCPU reads the 14th and 15th field of a stat file. The second is a name in brackets that may hold blanks.
func statCPU(file string) float64 {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) * tick
}

// engineCPU is the processor time of this process's threads that are the engine's: it names its threads, Go does not.
func engineCPU() (sum float64) {
	self, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		return 0
	}
	threads, _ := filepath.Glob("/proc/self/task/*")
	for _, t := range threads {
		if name, err := os.ReadFile(filepath.Join(t, "comm")); err == nil && string(name) != string(self) {
			sum += statCPU(filepath.Join(t, "stat"))
		}
	}
	return sum
}

// peakResident is the most memory that this process ever had resident, in bytes.
func peakResident() uint64 { return residentOf(os.Getpid()) }

// residentOf is the most memory that a process ever had resident, in bytes.
func residentOf(pid int) uint64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// watchGo follows how much memory Go holds, and returns a function that stops and tells the most.
func watchGo() func() uint64 {
	var peak atomic.Uint64
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			peak.Store(max(peak.Load(), goMemory()))
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(done); return peak.Load() }
}

// goMemory is what Go has from the system and has not given back, in bytes.
func goMemory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
