package aggregate

import (
	"context"
	"fmt"
	"time"

	"tappa/journey"
)

// RefreshRun is one run of a refresh, as it ended.
type RefreshRun struct {
	Journey journey.JourneyID `json:"journey"`
	Month   string            `json:"month"`
	BeganAt time.Time         `json:"began_at"`
	EndedAt time.Time         `json:"ended_at"`
	Version uint32            `json:"version"`         // of the snapshot that counts since; 0: it failed
	Added   bool              `json:"added"`           // whether that version is new
	Error   string            `json:"error,omitempty"` // "" is success
	By      string            `json:"by"`              // which process
}

// LogRefresh keeps how a run ended.
func (s *Store) LogRefresh(ctx context.Context, run RefreshRun) error {
	columns := []column[RefreshRun]{
		fill("journey", typeWord, func(r *RefreshRun) string { return string(r.Journey) }),
		fill("month", typeWord, func(r *RefreshRun) string { return r.Month }),
		fill("began_at", typeTime, func(r *RefreshRun) time.Time { return r.BeganAt }),
		fill("ended_at", typeTime, func(r *RefreshRun) time.Time { return r.EndedAt }),
		fill("version", "UInt32", func(r *RefreshRun) uint32 { return r.Version }),
		fill("added", "UInt8", func(r *RefreshRun) uint8 {
			if r.Added {
				return 1
			}
			return 0
		}),
		fill("error", typeString, func(r *RefreshRun) string { return r.Error }),
		fill("by", typeString, func(r *RefreshRun) string { return r.By }),
	}
	if err := insert(ctx, s, "refreshes", columns, []RefreshRun{run}, ""); err != nil {
		return fmt.Errorf("log refresh of %s: %w", run.Month, err)
	}
	return nil
}

// RefreshRuns lists the newest runs of all journeys, newest first.
func (s *Store) RefreshRuns(ctx context.Context, most int) ([]RefreshRun, error) {
	const query = `
		SELECT toString(journey), toString(month), began_at, ended_at, version, added, error, by
		FROM refreshes ORDER BY ended_at DESC, journey LIMIT {most:UInt32}`
	out := []RefreshRun{}
	err := s.each(withParameters(ctx, map[string]string{"most": fmt.Sprint(most)}), func(scan func(...any) error) error {
		var r RefreshRun
		var added uint8
		err := scan((*string)(&r.Journey), &r.Month, &r.BeganAt, &r.EndedAt, &r.Version, &added, &r.Error, &r.By)
		r.BeganAt, r.EndedAt, r.Added = r.BeganAt.UTC(), r.EndedAt.UTC(), added != 0
		out = append(out, r)
		return err
	}, query)
	if err != nil {
		return nil, fmt.Errorf("list refreshes: %w", err)
	}
	return out, nil
}

// RefreshedAt says when the last run that ended well and froze a month began; the zero time if none did.
func (s *Store) RefreshedAt(ctx context.Context, id journey.JourneyID, month string) (time.Time, error) {
	const query = "SELECT count(), max(began_at) FROM refreshes WHERE journey = {journey:String} AND month = {month:String} AND error = ''"
	var n uint64
	var at time.Time
	ctx = withParameters(ctx, map[string]string{"journey": string(id), "month": month})
	if err := s.conn.QueryRow(ctx, query).Scan(&n, &at); err != nil {
		return time.Time{}, fmt.Errorf("find last refresh of %s: %w", month, err)
	}
	if n == 0 {
		return time.Time{}, nil
	}
	return at.UTC(), nil
}

// HasHistory says whether anything of a journey happened before an instant.
func (s *Store) HasHistory(ctx context.Context, id journey.JourneyID, before time.Time) (bool, error) {
	const query = `
		SELECT count() FROM
		(
			SELECT 1 FROM cases WHERE journey = {journey:String} AND first_at < fromUnixTimestamp64Milli({ms:Int64}, 'UTC') LIMIT 1
		)`
	var n uint64
	ctx = withParameters(ctx, map[string]string{"journey": string(id), "ms": fmt.Sprint(before.UnixMilli())})
	if err := s.conn.QueryRow(ctx, query).Scan(&n); err != nil {
		return false, fmt.Errorf("look for history of %s: %w", id, err)
	}
	return n > 0, nil
}
