package vendor

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"

	"tappa/ingest/mapping"
	"tappa/ingest/source"
)

// Exports are the help desks whose exports of tickets are read, by the format's name. What an export and a webhook both
// tell has one id, so that history and what happens from now on may overlap.
var Exports = map[string]func(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error]{
	"zendesk":   exportOf(zendeskExport),
	"freshdesk": exportOf(freshdeskExport),
	"zammad":    exportOf(zammadExport),
	"chatwoot":  exportOf(chatwootExport),
}

// history is a ticket with all that happened to it.
type history struct {
	ticket   source.Ticket // what holds for all of it
	opened   time.Time
	text     string // what it was opened with
	byAgent  bool   // an agent opened it
	entries  []entry
	solved   time.Time // zero: not, or it is not told
	closed   time.Time
	rated    time.Time
	rating   *source.Rating
	comment  string // what the customer wrote with the rating
	openedID string // an id that a webhook gives too; "" is one of the ticket's
	gone     string // why it does not count, though the export has it: "deleted ticket"
}

// entry is a comment or a note.
type entry struct {
	id      string // as a webhook gives it
	at      time.Time
	text    string
	author  string
	agent   string
	private bool
}

// events tells a history, in order. A ticket whose creation has no time tells nothing.
func (h *history) events() []source.Event {
	id := h.ticket.Ticket
	event := func(key, typ string, at time.Time, change func(*source.Ticket)) source.Event {
		t := h.ticket
		change(&t)
		return source.Event{ID: key, Type: typ, Time: at, Data: t}
	}
	all := []source.Event{event(first(h.openedID, "ticket-"+id+"-opened"), "ticket.opened", h.opened, func(t *source.Ticket) {
		t.Text, t.Author, t.Status = h.text, "agent", ""
		if !h.byAgent {
			t.Author, t.Agent = "customer", ""
		}
	})}
	for _, e := range h.entries {
		typ := "ticket.commented"
		if e.private {
			typ = "ticket.noted"
		}
		all = append(all, event(e.id, typ, e.at, func(t *source.Ticket) { t.Text, t.Author, t.Agent, t.Status = e.text, e.author, e.agent, "" }))
	}
	if !h.solved.IsZero() {
		all = append(all, event("ticket-"+id+"-solved", "ticket.solved", h.solved, func(*source.Ticket) {}))
	}
	if !h.closed.IsZero() {
		all = append(all, event("ticket-"+id+"-closed", "ticket.closed", h.closed, func(t *source.Ticket) { t.Author = "system" }))
	}
	if h.rating != nil {
		all = append(all, event("ticket-"+id+"-rated", "ticket.rated", h.rated, func(t *source.Ticket) { t.Rating, t.Text = h.rating, h.comment }))
	}
	return all
}

// settle takes from a ticket's last status what no time of its own tells.
func (h *history) settle(updated time.Time) {
	if !h.solved.IsZero() || !h.closed.IsZero() {
		return
	}
	switch statusType(h.ticket.Status) {
	case "ticket.solved":
		h.solved = updated
	case "ticket.closed":
		h.closed = updated
	}
}

// exportOf reads files of tickets: JSON lines, one list, or what an API answers, with the list inside. A ticket that cannot
// be used is a *mapping.RowError that counts the tickets of its file as lines.
func exportOf(read func(ticket, file doc, zone *time.Location) history) func([]string, string, source.Settings) iter.Seq2[source.Event, error] {
	return func(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error] {
		return func(yield func(source.Event, error) bool) {
			for _, path := range paths {
				n := 0
				err := eachTicket(path, func(ticket, file doc) bool {
					n++
					h := read(ticket, file, s.Zone)
					switch {
					case h.gone != "":
						return yield(source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: h.gone})
					case h.ticket.Ticket == "":
						return yield(source.Event{}, &mapping.RowError{File: path, Line: n, Column: "id", Reason: "missing; is it a ticket?"})
					case h.opened.IsZero():
						return yield(source.Event{}, &mapping.RowError{File: path, Line: n, Column: "created_at", Reason: "missing, or no time"})
					}
					for _, e := range h.events() {
						if e.Origin = origin; !yield(e, nil) {
							return false
						}
					}
					return true
				})
				if errors.Is(err, errStopped) {
					return
				}
				if err != nil {
					yield(source.Event{}, fmt.Errorf("%s: ticket %d: %w", path, n+1, err))
					return
				}
			}
		}
	}
}

var errStopped = errors.New("stopped")

// eachTicket calls f for every ticket of a file, with the value it stands in. A list at the top is read piece by piece.
func eachTicket(path string, f func(ticket, file doc) bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	in := bufio.NewReader(file)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	for start, err := in.Peek(1); err == nil && strings.ContainsRune(" \t\r\n", rune(start[0])); start, err = in.Peek(1) {
		_, _ = in.Discard(1)
	}
	d := json.NewDecoder(in)
	d.UseNumber()
	if start, err := in.Peek(1); err == nil && start[0] == '[' {
		if _, err := d.Token(); err != nil {
			return err
		}
		for d.More() {
			if err := oneTicket(d, f); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		if err := oneTicket(d, f); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func oneTicket(d *json.Decoder, f func(ticket, file doc) bool) error {
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	file := doc{v}
	for _, list := range [][]string{{"tickets"}, {"results"}, {"data", "payload"}, {"payload"}, {"data"}} {
		_, is := file.at(list...).value.([]any)
		if all := file.list(list...); len(all) > 0 || is && !file.at("id").is() { // the last page of an API may be empty
			for _, one := range all {
				if !f(one, file) {
					return errStopped
				}
			}
			return nil
		}
	}
	if !f(file, file) {
		return errStopped
	}
	return nil
}

// userOf finds a user in a list beside the tickets, by number.
func userOf(file doc, id string) doc {
	if id == "" {
		return doc{}
	}
	for _, u := range file.list("users") {
		if u.text("id") == id {
			return u
		}
	}
	return doc{}
}

// freshdeskStatus and freshdeskPriority name the numbers of Freshdesk's API.
func freshdeskStatus(s string) string {
	return named(s, map[string]string{"2": "open", "3": "pending", "4": "resolved", "5": "closed"})
}

func freshdeskPriority(s string) string {
	return named(s, map[string]string{"1": "low", "2": "medium", "3": "high", "4": "urgent"})
}

func named(s string, names map[string]string) string {
	if _, err := strconv.Atoi(s); err != nil {
		return strings.ToLower(s)
	}
	return first(names[s], s)
}
