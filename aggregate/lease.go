package aggregate

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// leaseSettle is how long a taker waits before it looks who was first, so that those who took the lease in the same moment
// see each other.
const leaseSettle = 200 * time.Millisecond

// Lease asks for the right to do what only one process needs to do, for a while; a holder who asks again keeps it for
// longer. It says whether holder has it. In a rare race two may be told so: what a lease guards must bear being done twice.
func (s *Store) Lease(ctx context.Context, name, holder string, length time.Duration) (bool, error) {
	values := map[string]string{"name": name, "holder": holder, "ms": fmt.Sprint(length.Milliseconds())}
	ctx = withParameters(ctx, values)
	first, mine, err := s.firstLease(ctx)
	if err != nil {
		return false, fmt.Errorf("take lease %s: %w", name, err)
	}
	if first != "" && first != holder {
		return false, nil
	}
	// A lease that is held goes on under the time it was taken at, so that it stays the first.
	taken := "now64(3)"
	if first == holder {
		taken = fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", mine.UnixMilli())
	}
	const take = `INSERT INTO leases SELECT {name:String}, {holder:String}, %s, now64(3) + toIntervalMillisecond({ms:Int64})`
	if err := s.conn.Exec(ctx, fmt.Sprintf(take, taken)); err != nil {
		return false, fmt.Errorf("take lease %s: %w", name, err)
	}
	if first == holder {
		return true, nil
	}
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-time.After(leaseSettle):
	}
	first, _, err = s.firstLease(ctx)
	if err != nil {
		return false, fmt.Errorf("take lease %s: %w", name, err)
	}
	return first == holder, nil
}

// firstLease is the holder of the lease that was taken first of those that have not run out; "" if there is none.
func (s *Store) firstLease(ctx context.Context) (holder string, taken time.Time, err error) {
	const query = `
		SELECT holder, taken_at FROM (SELECT holder, taken_at, max(until) AS u FROM leases WHERE name = {name:String} GROUP BY holder, taken_at)
		WHERE u > now64(3) ORDER BY taken_at, holder LIMIT 1`
	err = s.each(ctx, func(scan func(...any) error) error { return scan(&holder, &taken) }, query)
	return holder, taken, err
}

// Release gives a lease back before it runs out, so that another process need not wait for that.
func (s *Store) Release(ctx context.Context, name, holder string) error {
	ctx = withParameters(ctx, map[string]string{"name": name, "holder": holder})
	if err := s.conn.Exec(ctx, "DELETE FROM leases WHERE name = {name:String} AND holder = {holder:String}"); err != nil {
		return fmt.Errorf("release lease %s: %w", name, err)
	}
	return nil
}

// Held is a lease that is renewed until it is released.
type Held struct {
	store        *Store
	name, holder string
	length       time.Duration
	lost         atomic.Bool
	stop         context.CancelFunc
	done         chan struct{}
}

// Hold takes a lease and renews it in the background, so that it can be short and yet outlast what it guards: whoever is
// killed keeps the others waiting for no longer than length. It gives nil where somebody else has the lease.
func (s *Store) Hold(ctx context.Context, name, holder string, length time.Duration) (*Held, error) {
	mine, err := s.Lease(ctx, name, holder, length)
	if err != nil || !mine {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := &Held{store: s, name: name, holder: holder, length: length, stop: stop, done: make(chan struct{})}
	go h.keep(ctx)
	return h, nil
}

// keep renews the lease until it is lost or released. A renewal that fails is tried again the next time: there are three in
// the time the lease lasts.
func (h *Held) keep(ctx context.Context) {
	defer close(h.done)
	for !h.lost.Load() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(h.length / 3):
			h.renew(ctx)
		}
	}
}

func (h *Held) renew(ctx context.Context) {
	if mine, err := h.store.Lease(ctx, h.name, h.holder, h.length); err == nil && !mine {
		h.lost.Store(true)
	}
}

// Lost says whether somebody else has taken the lease, because it could not be renewed in time.
func (h *Held) Lost() bool { return h.lost.Load() }

// Release ends the renewing and gives the lease back.
func (h *Held) Release(ctx context.Context) error {
	h.stop()
	<-h.done
	return h.store.Release(ctx, h.name, h.holder)
}
