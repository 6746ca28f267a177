package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"time"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/synth"
)

// topic is the one that all systems read.
const topic = "interactions"

// yearCases is how many customers the invented year has that the topic repeats, each time with other people.
const yearCases = 20_000

// workload is what the topic holds.
type workload struct {
	events, bytes, scored, text int
	took                        time.Duration
}

func (w workload) meanBytes() float64   { return float64(w.bytes) / float64(max(1, w.events)) }
func (w workload) meanText() float64    { return float64(w.text) / float64(max(1, w.scored)) }
func (w workload) scoredShare() float64 { return float64(w.scored) / float64(max(1, w.events)) }

// produce fills the topic with n interactions: form fills, emails, calls and tickets of the sample journey's customers,
// in Italian and English, as package synth invents them. Each carries what its vendor's webhook adds, which brings it to
// about 1 KB of nested JSON.
func produce(ctx context.Context, addr string, n int) (workload, error) {
	began := time.Now()
	year := templates()
	p := ingest.NewProducer([]string{addr}, topic)
	defer p.Close()
	var w workload
	batch := make([]ingest.Message, 0, 20_000)
	for w.events < n {
		for i := range year {
			value := year[i].render(w.events / len(year))
			w.events++
			w.bytes += len(value)
			if year[i].text > 0 {
				w.scored++
				w.text += year[i].text
			}
			batch = append(batch, ingest.Message{Key: year[i].key(w.events), Value: value})
			if len(batch) == cap(batch) || w.events == n {
				if err := p.Publish(ctx, batch...); err != nil {
					return w, err
				}
				batch = batch[:0]
			}
			if w.events == n {
				break
			}
		}
	}
	w.took = time.Since(began)
	return w, nil
}

// template is an event whose customer can be made another one: parts stand between the places where the number of the
// repetition goes.
type template struct {
	parts [][]byte
	text  int // bytes of the customer's text, 0 if it has none
}

// person finds what tells one customer from another: the end of their company's domain, the number in ids and threads, the
// end of telephone numbers.
var person = regexp.MustCompile(`\d\.example|p\d{6}[.-]|"phone":"[+0-9]+\d{4}"|"ticket":"\d`)

// templates are the interactions of a year.
func templates() []template {
	var out []template
	for e := range synth.New(synth.Options{Seed: 1, Cases: yearCases}).Events() {
		text, ok := textOf(e)
		if !ok {
			continue
		}
		e.Data = enrich(e, len(out))
		value, err := e.Marshal()
		if err != nil {
			panic(err) // what synth makes can be written
		}
		out = append(out, newTemplate(value, text))
	}
	return out
}

func newTemplate(value []byte, text int) template {
	t := template{text: text}
	at := 0
	for _, m := range person.FindAllIndex(value, -1) {
		cut := m[0] + 1 // behind the digit, or the p
		switch {
		case bytes.HasPrefix(value[m[0]:], []byte(`"phone"`)):
			cut = m[1] - 5
		case bytes.HasPrefix(value[m[0]:], []byte(`"ticket"`)):
			cut = m[1]
		}
		t.parts = append(t.parts, value[at:cut])
		at = cut
		if bytes.HasPrefix(value[m[0]:], []byte(`"phone"`)) {
			at += 2 // two digits of the number make room for those of the repetition
		}
	}
	t.parts = append(t.parts, value[at:])
	return t
}

// render writes the event for the customer of a repetition, which is below 100.
func (t *template) render(repetition int) []byte {
	size := 0
	for _, p := range t.parts {
		size += len(p) + 2
	}
	out := make([]byte, 0, size)
	for i, p := range t.parts {
		if i > 0 {
			out = append(out, '0'+byte(repetition/10%10), '0'+byte(repetition%10))
		}
		out = append(out, p...)
	}
	return out
}

func (*template) key(number int) []byte { return strconv.AppendInt(nil, int64(number), 36) }

// textOf returns how long the text of a form, mail, call or ticket is if a customer wrote it; false for other events.
func textOf(e source.Event) (n int, ok bool) {
	switch d := e.Data.(type) {
	case source.Form:
		return len(d.Message), true
	case source.Email:
		if e.Type == "tappa.email.received" && !d.Automatic {
			return len(d.Text), true
		}
		return 0, true
	case source.Call:
		return len(d.Transcript), true
	case source.Ticket:
		if d.Author == "customer" {
			return len(d.Text), true
		}
		return 0, true
	}
	return 0, false
}

// enrich adds to a payload what the system it comes from would send beside it: nested, and unknown to tappa.
func enrich(e source.Event, i int) json.RawMessage {
	plain, err := json.Marshal(e.Data)
	if err != nil {
		panic(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(plain, &fields); err != nil {
		panic(err)
	}
	maps.Copy(fields, map[string]any{
		"vendor": map[string]any{
			"delivery": fmt.Sprintf("%016x", uint64(i)*0x9E3779B97F4A7C15), "api_version": "2026-04-01", "attempt": 1 + i%3,
			"account": map[string]any{"id": 40_000 + i%97, "plan": "business", "region": "eu-south-1"},
			"links": map[string]any{
				"self":    fmt.Sprintf("https://api.vendor.example/v2/objects/%d", 7_000_000+i),
				"history": fmt.Sprintf("https://api.vendor.example/v2/objects/%d/history?page=1", 7_000_000+i),
			},
			"tags": []string{"it", "macchine", "stabilimento-" + strconv.Itoa(i%12)},
			"custom_fields": []map[string]any{
				{"id": 360_001 + i%5, "name": "linea", "value": fmt.Sprintf("L%d", i%9)},
				{"id": 360_010, "name": "turno", "value": i % 3},
			},
		},
	})
	out, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return out
}
