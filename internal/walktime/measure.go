package main

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"syscall"
	"time"
)

// cost is what something took.
type cost struct {
	wall, cpu time.Duration // CPU of the whole process: Go and the engine
	goPeak    uint64        // bytes that Go held from the system at most
}

// measured runs f and says what it took.
func measured(f func() error) (cost, error) {
	runtime.GC()
	stop := make(chan struct{})
	var peak uint64
	var sampling sync.WaitGroup
	sampling.Go(func() {
		for {
			peak = max(peak, goMemory())
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	cpu, begun := cpuTime(), time.Now()
	err := f()
	c := cost{wall: time.Since(begun), cpu: cpuTime() - cpu}
	close(stop)
	sampling.Wait()
	c.goPeak = peak
	return c, err
}

// median runs f some times and gives the medians of what it took.
func median(runs int, f func() error) (cost, error) {
	var walls, cpus []time.Duration
	for range runs {
		c, err := measured(f)
		if err != nil {
			return cost{}, err
		}
		walls, cpus = append(walls, c.wall), append(cpus, c.cpu)
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	return cost{wall: walls[runs/2], cpu: cpus[runs/2]}, nil
}

func goMemory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
