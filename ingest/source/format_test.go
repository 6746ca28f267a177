package source

import (
	"strings"
	"testing"
	"time"
)

// A topic can name the format for its records; what the vendor said is kept as it was written.
func TestTopicNamesFormat(t *testing.T) {
	options := corpusOptions
	options.Topics = map[string]string{"desk": "lines"}
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	options.Settings.Zone = rome
	d := NewDecoder(options)
	rec := Record{Topic: "desk", Value: []byte("form.submitted anna@example.com"), Time: arrived}
	in, err := d.Decode(rec)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"form":"line","customer":{"email":"anna@example.com"},"vendor":{"zone":"Europe/Rome"}}`; string(in.Payload) != want {
		t.Errorf("payload %s, want %s", in.Payload, want)
	}
	if in.Origin != "lines" || len(in.ID) != 64 || !in.OccurredAt.Equal(arrived) {
		t.Errorf("origin %q, id %q, at %v", in.Origin, in.ID, in.OccurredAt)
	}
	again, err := d.Decode(rec)
	if err != nil || again.ID != in.ID {
		t.Errorf("the same bytes got the ids %q and %q (%v)", in.ID, again.ID, err)
	}
	rec.Topic = "tappa.interactions"
	if _, err := d.Decode(rec); err == nil || !strings.HasPrefix(err.Error(), string(ReasonMalformedJSON)) {
		t.Errorf("on another topic: %v, want %s", err, ReasonMalformedJSON)
	}
}

// The vendor's own payload joins the data, whatever that holds.
func TestWithVendor(t *testing.T) {
	for object, want := range map[string]string{
		"{}":            `{"vendor":[1]}`,
		`{"a":1}`:       `{"a":1,"vendor":[1]}`,
		"{\"a\":{}}\n ": `{"a":{},"vendor":[1]}`,
	} {
		if got := string(withVendor([]byte(object), []byte("[1]"))); got != want {
			t.Errorf("withVendor(%q) = %s, want %s", object, got, want)
		}
	}
}
