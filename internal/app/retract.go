package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/journey"
)

// RetractOptions say which interaction is taken back, and where.
type RetractOptions struct {
	Target     Target
	Origin, ID string
	Reason     string
	Out        io.Writer
	Logger     *slog.Logger
}

// Retract publishes what takes an interaction back, of the customer under whom it is stored.
func Retract(ctx context.Context, opts RetractOptions) (err error) {
	at, err := opts.Target.openWith(ctx, true, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	arrived, err := at.store.Arrivals(ctx, opts.Origin, opts.ID)
	if err != nil {
		return err
	}
	if len(arrived) == 0 {
		return fmt.Errorf("no interaction %q of %q is stored: `tappa report steps --wide` lists origins and ids", opts.ID, opts.Origin)
	}
	messages := make([]ingest.Message, len(arrived))
	for i, a := range arrived {
		back := retraction(a, opts)
		value, err := back.Marshal()
		if err != nil {
			return err
		}
		messages[i] = ingest.Message{Key: back.Key(), Value: value}
	}
	producer := at.pipeline.Connection.Producer(at.pipeline.Brokers, eventTopic(at.pipeline.Topics))
	err = producer.Publish(ctx, messages...)
	if err = errors.Join(err, producer.Close()); err != nil {
		return err
	}
	if at.own { // nobody else would collect it
		if _, err := at.collect(ctx, opts.Logger); err != nil {
			return err
		}
	}
	fmt.Fprintf(opts.Out, "%s of %s is taken back\n", opts.ID, opts.Origin)
	return nil
}

// retraction takes back what arrived in one way: it has the same strongest key, and so the same person.
func retraction(a aggregate.Arrival, opts RetractOptions) source.Event {
	back := source.Retraction{Interaction: opts.ID, Reason: opts.Reason, Thread: a.Thread}
	if ticket, ok := strings.CutPrefix(a.Thread, source.TicketThread(opts.Origin, "")); ok {
		back.Ticket = ticket
	}
	fields := map[string]*string{"email": &back.Customer.Email, "phone": &back.Customer.Phone, "crm": &back.Customer.CRM, "cookie": &back.Customer.Cookie}
	for _, key := range a.Keys {
		kind, value, _ := strings.Cut(key, ":")
		if field := fields[kind]; field != nil && *field == "" {
			*field = value
		}
	}
	return source.Event{ID: journey.RetractedID(opts.ID), Origin: opts.Origin, Type: journey.Retracted, Time: a.At, Data: back}
}

// eventTopic is the first topic that holds tappa's own events.
func eventTopic(topics []string) string {
	for _, t := range topics {
		if !strings.Contains(t, "=") {
			return t
		}
	}
	return ingest.DefaultTopic
}
