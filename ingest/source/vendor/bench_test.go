package vendor

import (
	"testing"

	"tappa/ingest/source"
)

// BenchmarkFormat decodes a comment as Zendesk sends it, and the event that it becomes as if it had arrived as such.
func BenchmarkFormat(b *testing.B) {
	d := decoder()
	var vendors source.Record
	corpus(b, func(format, name string, rec source.Record, _ *string) {
		if format == "zendesk" && name == "comment-of-customer" {
			vendors = rec
		}
	})
	in, err := d.Decode(vendors)
	if err != nil {
		b.Fatal(err)
	}
	value, err := source.Event{ID: in.ID, Origin: in.Origin, Type: in.Type, Time: in.OccurredAt, Data: in.Payload}.Marshal()
	if err != nil {
		b.Fatal(err)
	}
	for name, rec := range map[string]source.Record{"zendesk": vendors, "event": {Value: value, Time: arrived}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decode(rec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
