package aggregate

import (
	"context"
	"fmt"
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
