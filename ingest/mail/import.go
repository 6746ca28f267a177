package mail

import (
	"errors"
	"fmt"
	"iter"

	"tappa/ingest/mapping"
	"tappa/ingest/source"
)

// Events returns the events of the messages in some files: mbox files, Maildirs, files of one message. The files are
// read twice, first for the threads, so that a mail finds the one it answers wherever that is. Origin names the
// system they are of.
//
// A message that cannot be used is a *mapping.RowError, one that says nothing about a customer a *source.Nothing in a
// *mapping.RowError's place; reading goes on behind both. Any other error is the last.
func Events(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error] {
	return func(yield func(source.Event, error) bool) {
		threads := NewThreads()
		for raw, err := range each(paths) {
			if err != nil {
				yield(source.Event{}, fmt.Errorf("%s: %w", raw.name, err))
				return
			}
			if m, err := Parse(raw.Bytes); err == nil {
				threads.Add(m, m.Key())
			}
		}
		threads.JoinSubjects()
		for raw, err := range each(paths) {
			if err != nil {
				yield(source.Event{}, fmt.Errorf("%s: %w", raw.name, err))
				return
			}
			event, err := raw.event(threads, s)
			event.Origin = origin
			if !yield(event, err) {
				return
			}
		}
	}
}

// event returns the event that a message is.
func (r located) event(threads *Threads, s source.Settings) (source.Event, error) {
	m, err := Parse(r.Bytes)
	if err != nil {
		return source.Event{}, r.error("", err)
	}
	e, err := m.Event(s.Company)
	if nothing, ok := errors.AsType[*source.Nothing](err); ok {
		return source.Event{}, nothing
	}
	if err != nil {
		field, reason := "", err
		if bad, ok := errors.AsType[*source.Error](err); ok {
			field, reason = bad.Field, errors.New(bad.Detail)
		}
		return source.Event{}, r.error(field, reason)
	}
	if m.Date.IsZero() {
		if r.Time.IsZero() {
			return source.Event{}, r.error("Date", errors.New("missing or not readable, and nothing else says when it was sent"))
		}
		e.Time = r.Time
	}
	p := e.Data.(payload)
	p.Thread = threads.Thread(m.Key())
	e.Data = p
	return e, nil
}

func (r located) error(field string, err error) *mapping.RowError {
	return &mapping.RowError{File: r.name, Line: r.Line, Column: field, Reason: err.Error()}
}
