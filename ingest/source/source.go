package source

import (
	"maps"
	"slices"
	"sync"
	"time"

	"tappa/ingest/identity"
	"tappa/journey"
)

// A Record is what a decoder needs of a Kafka record. An interaction that is decoded of it shares the memory of Value,
// which nobody may write to from then on; of Key and Headers nothing is kept.
type Record struct {
	Topic     string
	Partition int
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []Header
	Time      time.Time // when Kafka got it; the zero time is unknown
}

// Header is one header of a Kafka record.
type Header struct {
	Key   string
	Value []byte
}

// Options are a Decoder's settings.
type Options struct {
	DefaultCountry string // ISO 3166-1 alpha-2, for phone numbers without a prefix; "" takes numbers with a prefix only
	MaxBytes       int    // the largest value decoded; 0 is 8 MiB

	Formats  map[string]Format // vendors' formats by name; none: CloudEvents only
	Topics   map[string]string // the format of topics whose records need not name it
	Settings Settings          // what formats may need to know
}

const defaultMaxBytes = 8 << 20

// Decoder turns records into interactions. It is safe for concurrent use.
type Decoder struct {
	options Options
	keys    *identity.Normaliser
	readers sync.Pool // of *reader
}

// NewDecoder returns a Decoder.
func NewDecoder(o Options) *Decoder {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Settings.Zone == nil {
		o.Settings.Zone = time.UTC
	}
	return &Decoder{options: o, keys: identity.New()}
}

// A decoder reads the payload of one source's events into an interaction whose envelope is filled in, and says who
// the customer is. What it finds wrong with the payload stays in the reader.
type decoder struct {
	source journey.Source
	types  []string // what follows "tappa." and the source's name
	decode func(in *journey.Interaction, o object) customer
}

// customer is what a payload says about its customer.
type customer struct {
	where   string // the field that identifies the customer, for errors
	parties [2]identity.Party
}

// decoders lists the sources by the second word of their event types.
var decoders = map[string]decoder{
	"form":   {journey.SourceForm, []string{"submitted"}, decodeForm},
	"email":  {journey.SourceEmail, []string{"received", "sent", "bounced"}, decodeEmail},
	"call":   {journey.SourceCall, []string{"held", "missed"}, decodeCall},
	"ticket": {journey.SourceTicket, []string{"opened", "commented", "noted", "updated", "solved", "closed", "rated"}, decodeTicket},
	"web":    {journey.SourceWeb, []string{"visited"}, decodeWeb},
	"quote":  {journey.SourceQuote, []string{"sent", "accepted", "rejected", "expired"}, decodeQuote},
	"order":  {journey.SourceOrder, []string{"placed", "delivered", "invoiced", "cancelled", "paid"}, decodeOrder},
	"review": {journey.SourceReview, []string{"posted"}, decodeReview},

	"crm":     {journey.SourceCRM, []string{"created", "updated", "converted", "linked", "campaign"}, decodeCRM},
	"meeting": {journey.SourceMeeting, []string{"held"}, decodeMeeting},
	"survey":  {journey.SourceSurvey, []string{"answered", "rated"}, decodeSurvey},
	"payment": {journey.SourcePayment, []string{"received", "failed", "refunded"}, decodePayment},
	"ad":      {journey.SourceAd, []string{"shown", "clicked"}, decodeAd},

	"interaction": {journey.SourceRetraction, []string{"retracted"}, decodeRetraction},
}

// known is every type in full ("tappa.form.submitted") with its decoder and its short name, which this table
// shares with every interaction of the type.
var known = func() map[string]kind {
	m := make(map[string]kind)
	for name, d := range decoders {
		for _, t := range d.types {
			m[typePrefix+name+"."+t] = kind{name: name + "." + t, decoder: d}
		}
	}
	return m
}()

type kind struct {
	name string
	decoder
}

// typePrefix begins the type of every event of tappa's own.
const typePrefix = "tappa."

// Decode returns the interaction that a record carries. Every failure is an *Error whose Reason is one of a bounded
// set; the record cannot become an interaction by trying again. A record that is sound and carries none is a *Nothing.
//
// A record with HeaderFormat, or of a topic with a format, is read by that format. Of all others both content modes of
// CloudEvents 1.0 are read: structured (content type application/cloudevents+json, or any JSON object with a specversion)
// and binary (attributes in headers ce_id, ce_source, …, the payload in the value).
func (d *Decoder) Decode(rec Record) (journey.Interaction, error) {
	if len(rec.Value) > d.options.MaxBytes {
		return journey.Interaction{}, fail(ReasonTooLarge, "", "%d bytes, at most %d are read", len(rec.Value), d.options.MaxBytes)
	}
	r := d.reader()
	defer d.release(r, len(rec.Value))

	env, err := d.open(r, rec)
	if err != nil {
		return journey.Interaction{}, err
	}
	k, ok := known[env.typ]
	if !ok {
		return journey.Interaction{}, fail(ReasonUnknownType, "type", "%q is not a type that tappa knows", clip(env.typ))
	}
	at, err := readTime(env.time, rec.Time)
	if err != nil {
		return journey.Interaction{}, err
	}
	in := &r.in
	*in = journey.Interaction{
		Origin: env.source, ID: env.id, Source: k.source, Type: k.name, Activity: k.name, OccurredAt: at,
	}
	who := k.decode(in, r.open("data", env.data))
	if r.err != nil {
		return journey.Interaction{}, r.err
	}
	scope := identity.Scope{Origin: in.Origin, Country: d.options.DefaultCountry}
	in.Keys, in.Account = d.keys.Keys(scope, who.parties[:]...)
	if len(in.Keys) == 0 {
		return journey.Interaction{}, fail(ReasonMissingKey, who.where,
			"nothing identifies the customer: expected a valid email, phone with prefix or default country, crm or cookie")
	}
	in.Payload = env.data.Written()
	return *in, nil
}

// open takes a record apart, whatever it is written in.
func (d *Decoder) open(r *reader, rec Record) (envelope, error) {
	if name := d.formatOf(&rec); name != "" {
		return d.readFormat(r, name, rec)
	}
	return r.readEnvelope(rec)
}

// Types lists every event type in full, sorted: "tappa.call.held", ….
func Types() []string { return slices.Sorted(maps.Keys(known)) }
