package ingest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"tappa/ingest/source"
	"tappa/journey"
)

// The reasons, beside the decoder's own, for which a record becomes a dead letter.
const (
	ReasonPanic        source.Reason = "panic"         // decoding, tagging or scoring panicked
	ReasonUndecodable  source.Reason = "undecodable"   // the decoder gave no reason of its own
	ReasonSinkRejected source.Reason = "sink-rejected" // the sink says that it can never store this row
)

// The times that can be stored: before the end that the walk gives to visits that nothing ends.
var (
	earliest = time.Date(1900, 1, 2, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)
)

// work makes a stored record of a Kafka record, and the same one whenever it is asked to. The order of the work is this function and
// nothing else; after it comes the batch.
func (c *Collector) work(in *source.Record, out *journey.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = reject(ReasonPanic, "%v\n%s", p, debug.Stack())
		}
	}()
	if len(in.Value) > c.opts.MaxRecordBytes {
		return reject(source.ReasonTooLarge, "value of %d bytes, at most %d are taken", len(in.Value), c.opts.MaxRecordBytes)
	}
	out.Position = journey.Position{Topic: in.Topic, Partition: in.Partition, Offset: in.Offset}
	if out.Interaction, err = c.opts.Decode(*in); err != nil { // decode, normalise, key
		return err
	}
	if err := check(&out.Interaction); err != nil {
		return err
	}
	out.Tag = c.opts.Tag(&out.Interaction)
	if Scorable(out) {
		out.Mood = c.opts.Score(out.Interaction.Text, out.Interaction.Lang)
		out.Mood.Eligible = true
	}
	return nil
}

// Scorable says whether a record's text is a customer's: the company's own words and a machine's have no mood. The text
// of a call is what the customer said, whoever dialled.
func Scorable(r *journey.Record) bool {
	i := &r.Interaction
	theirs := i.Direction == journey.Inbound || i.Source == journey.SourceCall
	return theirs && !i.Automatic && !r.Tag.Automatic && i.Text != ""
}

// check refuses an interaction that could not be told from another, belongs to nobody, or could not be stored as it
// is, whatever the decoder thought of it.
func check(i *journey.Interaction) error {
	switch {
	case i.Origin == "" || i.ID == "":
		return reject(source.ReasonMissingAttribute, "origin %q, id %q", i.Origin, i.ID)
	case len(i.Keys) == 0:
		return reject(source.ReasonMissingKey, "no address, number or other key tells who it was")
	case i.OccurredAt.Before(earliest) || !i.OccurredAt.Before(latest):
		return reject(source.ReasonBadTime, "occurred at %s", i.OccurredAt.UTC().Format(time.RFC3339))
	}
	for _, s := range [...]string{i.Text, i.Subject, i.Origin, i.ID, i.Thread, i.From, i.To, i.Agent} {
		if !utf8.ValidString(s) {
			return reject(source.ReasonInvalidUTF8, "text is not valid UTF-8")
		}
	}
	i.OccurredAt = i.OccurredAt.UTC().Truncate(time.Millisecond)
	return nil
}

// reject is an error that says under which reason a record becomes a dead letter.
func reject(reason source.Reason, format string, args ...any) error {
	return &source.Error{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// reasonOf returns the reason an error carries, and what it says beyond that.
func reasonOf(err error) (reason, detail string) {
	if e, ok := errors.AsType[*source.Error](err); ok {
		return string(e.Reason), strings.TrimPrefix(e.Error(), string(e.Reason)+": ")
	}
	return string(ReasonUndecodable), err.Error()
}
