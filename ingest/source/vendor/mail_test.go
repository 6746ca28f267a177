package vendor

import (
	"testing"
	"time"

	"tappa/ingest/source"
)

// Where the journey file does not say what is the company's own, everybody who writes to it is a customer.
func TestMailWithoutCompany(t *testing.T) {
	d := source.NewDecoder(source.Options{Formats: Formats})
	in, err := d.Decode(source.Record{
		Time:    arrived,
		Headers: []source.Header{{Key: source.HeaderFormat, Value: []byte("sendgrid")}, {Key: "content-type", Value: []byte("application/x-www-form-urlencoded")}},
		Value: []byte("headers=Message-ID%3A+%3Ca1%40acme.it%3E%0AIn-Reply-To%3A+%3Ca0%40acme.it%3E%0AAuto-Submitted%3A+auto-replied%0A" +
			"Date%3A+Mon%2C+04+May+2026+11%3A30%3A00+%2B0200%0A&from=Anna+%3Canna%40acme.it%3E&to=info%40example.it%2C+b%40example.it&subject=Forno&html=%3Cp%3ECiao%3C%2Fp%3E"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if in.Type != "email.received" || in.ID != "a1@acme.it" || in.Thread != "email:a0@acme.it" || !in.Automatic || in.Text != "Ciao" ||
		in.To != "info@example.it" || in.Keys[0] != "email:anna@acme.it" || !in.OccurredAt.Equal(time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)) {
		t.Errorf("%+v", in)
	}
}
