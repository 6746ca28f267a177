package aggregate

import (
	"context"
	"fmt"
	"time"
)

// AlertState is how things stand with the cause of an alert. What Content says is package alert's affair.
type AlertState struct {
	Cause    string
	Revision uint64
	Content  string
	Deleted  bool
}

// AlertStates lists the states of all causes, by cause.
func (s *Store) AlertStates(ctx context.Context) ([]AlertState, error) {
	var out []AlertState
	err := s.each(ctx, func(scan func(...any) error) error {
		var a AlertState
		err := scan(&a.Cause, &a.Revision, &a.Content)
		out = append(out, a)
		return err
	}, "SELECT cause, revision, content FROM alert_states FINAL WHERE deleted = 0 ORDER BY cause")
	if err != nil {
		return nil, fmt.Errorf("list alert states: %w", err)
	}
	return out, nil
}

// PutAlertStates stores states; of a cause the highest revision counts.
func (s *Store) PutAlertStates(ctx context.Context, states []AlertState) error {
	now := time.Now().UTC().UnixMilli()
	columns := []column[AlertState]{
		fill("cause", typeString, func(a *AlertState) string { return a.Cause }),
		fill("revision", "UInt64", func(a *AlertState) uint64 { return a.Revision }),
		fill("content", typeString, func(a *AlertState) string { return a.Content }),
		fill("deleted", "UInt8", func(a *AlertState) uint8 {
			if a.Deleted {
				return 1
			}
			return 0
		}),
		fill("changed_at", typeTime, func(*AlertState) int64 { return now }),
	}
	if err := insert(ctx, s, "alert_states", columns, states, ""); err != nil {
		return fmt.Errorf("put alert states: %w", err)
	}
	return nil
}
