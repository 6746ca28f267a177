package app

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"tappa/ingest/asterisk"
	"tappa/ingest/mail"
	"tappa/ingest/mapping"
	"tappa/ingest/source"
	"tappa/ingest/source/vendor"
	"tappa/journey"
)

// rawFormat reads files whose meaning is known, so that they need no mapping: what their records are is the journey
// file's company and time zone applied to what they say.
type rawFormat struct {
	origin string // unless --origin names another: that of the same format's topics
	read   func(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error]
}

var rawFormats = map[string]rawFormat{
	"asterisk":           {asterisk.Origin, asterisk.Files["asterisk"]},
	"asterisk-cdr":       {asterisk.Origin, asterisk.Files["asterisk-cdr"]},
	"asterisk-cel":       {asterisk.Origin, asterisk.Files["asterisk-cel"]},
	"asterisk-queue-log": {asterisk.Origin, asterisk.Files["asterisk-queue-log"]},
	"mbox":               {mail.Origin, mail.Events},
	"maildir":            {mail.Origin, mail.Events},

	"zendesk":   {"zendesk", vendor.Exports["zendesk"]},
	"freshdesk": {"freshdesk", vendor.Exports["freshdesk"]},
	"zammad":    {"zammad", vendor.Exports["zammad"]},
	"chatwoot":  {"chatwoot", vendor.Exports["chatwoot"]},
}

// eachRaw calls f for every event of files of a raw format, counts what says nothing about a customer, and reports what
// is not usable.
func eachRaw(opts ImportOptions, format rawFormat, n *rowCount, f func(source.Event) error) error {
	origin := opts.Origin
	if origin == "" {
		origin = format.origin
	}
	for event, err := range format.read(opts.Paths, origin, opts.settings) {
		if nothing, ok := errors.AsType[*source.Nothing](err); ok {
			n.leave(nothing.Detail)
			continue
		}
		if row, ok := errors.AsType[*mapping.RowError](err); ok {
			n.refuse(opts.Out, row)
			continue
		}
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		if err := f(event); err != nil {
			return err
		}
	}
	return nil
}

// leave counts a record that is sound and says nothing about a customer.
func (n *rowCount) leave(what string) {
	if n.left == nil {
		n.left = map[string]int{}
	}
	n.left[what]++
}

// tellLeft prints what was left out.
func (n *rowCount) tellLeft(out io.Writer) {
	for _, what := range slices.Sorted(maps.Keys(n.left)) {
		fmt.Fprintf(out, "          left out: %-40s %d\n", what, n.left[what])
	}
}

// dryJourneys loads the journey files that a dry run is given: it does not open the data directory. Some raw formats need one.
func dryJourneys(opts ImportOptions) ([]*journey.Journey, error) {
	_, raw := rawFormats[opts.Format]
	if len(opts.Journeys) == 0 && raw && vendor.Exports[opts.Format] == nil { // an export says itself who is the customer
		return nil, fmt.Errorf("a dry run of %s needs --journey FILE: its company tells customers from colleagues", opts.Format)
	}
	var journeys []*journey.Journey
	for _, file := range opts.Journeys {
		j, err := journey.Load(file)
		if err != nil {
			return nil, err
		}
		journeys = append(journeys, j)
	}
	return journeys, nil
}
