package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tappa/aggregate"
	"tappa/internal/testenv"
	"tappa/journey"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

const shopYAML = `
journey: shop
labels: {it: Negozio, en: Shop}
time_zone: UTC
stages:
  - {id: quote, labels: {it: Offerta, en: Quote}, silence: 10d}
  - {id: order, labels: {it: Ordine, en: Order}, silence: 10d}
departments:
  - {id: sales, labels: {it: Commerciale, en: Sales}}
  - {id: service, labels: {it: Assistenza, en: Service}}
touchpoints:
  - {id: mail, labels: {it: Posta, en: Mail}, channels: [email], department: sales, stages: [quote]}
`

// shop is a store whose customers ask, by hours since the first.
type shop struct {
	store  *aggregate.Store
	walker *aggregate.Walker
	offset int64
}

var opening = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newShop(t *testing.T) *shop {
	t.Helper()
	env := testenv.ClickHouse(t)
	store, err := aggregate.Open(t.Context(), aggregate.Options{Addr: env.Addr, Protocol: "http", Database: env.Database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	j, err := journey.Parse("shop.yaml", []byte(shopYAML))
	if err == nil {
		err = errors.Join(store.Migrate(t.Context()), store.PutJourney(t.Context(), j))
	}
	if err != nil {
		t.Fatal(err)
	}
	walker, err := aggregate.NewWalker(store, []*journey.Journey{j}, aggregate.WalkerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &shop{store: store, walker: walker}
}

// mail stores a message of a thread: a question, or an answer, of a department.
func (s *shop) mail(t *testing.T, who, department string, hour float64, direction journey.Direction) {
	t.Helper()
	rec := journey.Record{Position: journey.Position{Topic: "t", Offset: s.offset}}
	rec.Interaction = journey.Interaction{
		Origin: "shop", ID: fmt.Sprint(s.offset), Source: journey.SourceEmail, Type: "email.received", Activity: "mail", Direction: direction, Public: true,
		OccurredAt: opening.Add(time.Duration(hour * float64(time.Hour))), Thread: "mail:" + who, Keys: []journey.ContactKey{journey.ContactKey("email:" + who + "@example.com")},
	}
	rec.Tag = journey.Tag{Journey: "shop", Version: "v", Rule: "r", Touchpoint: "mail", Channel: "email", Department: journey.DepartmentID(department), Stages: []journey.StageID{"quote"}}
	s.offset++
	err := s.store.Write(t.Context(), journey.Block{Token: fmt.Sprint(t.Name(), s.offset), ArrivedAt: rec.Interaction.OccurredAt, Records: []journey.Record{rec}})
	if err == nil {
		_, err = s.walker.CatchUp(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// desk is a notifier that keeps what it was told, or fails.
type desk struct {
	got    []Notice
	broken bool
}

func (d *desk) Send(_ context.Context, n Notice) error {
	if d.broken {
		return errors.New("the line is dead")
	}
	d.got = append(d.got, n)
	return nil
}

// told gives status and cause of what came since the last call.
func (d *desk) told() []string {
	var out []string
	for _, n := range d.got {
		out = append(out, n.Status+" "+n.Cause)
	}
	d.got = nil
	return out
}

const shopAlerts = `
notify:
  desk: {webhook: {url: "http://127.0.0.1:1/"}}
alerts:
  - {id: late, labels: {en: Customers waiting}, report: waiting, column: waiting_s, above: 4h, per: [department], notify: [desk]}
  - {id: asked, labels: {en: Questions}, report: waits, column: rows, window: 2h, change: {against: previous, above: 50 %, noise: true}, notify: [desk]}
  - {id: unknown, labels: {en: Over how many}, report: waiting, column: waiting_s, above: 4h, at_least: 5, notify: [desk]}
  - {id: broken, labels: {en: Broken}, report: timing, column: stage_n, above: 1, notify: [desk]}
`

func (s *shop) watcher(t *testing.T, now *time.Time, d *desk) *Watcher {
	t.Helper()
	defs, err := Parse("alerts.yaml", []byte(shopAlerts))
	if err != nil {
		t.Fatal(err)
	}
	defs.Alerts[3].Column = "nonsense" // as after an update that knows a column no more
	defs.Notifiers["desk"] = d
	w, err := NewWatcher(s.store, defs, "me", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	w.now = func() time.Time { return *now }
	return w
}

// TestWatch follows customers of a real store who wait, get their answers, and a watcher that is started again.
func TestWatch(t *testing.T) {
	s := newShop(t)
	for i, department := range []string{"sales", "sales", "service"} {
		s.mail(t, fmt.Sprint("c", i), department, float64(i)/10, journey.Inbound)
	}
	now, d := opening.Add(time.Hour), &desk{}
	w := s.watcher(t, &now, d)
	look := func(hour float64, want ...string) {
		t.Helper()
		now = opening.Add(time.Duration(hour * float64(time.Hour)))
		err := w.Look(t.Context())
		if err == nil || !strings.Contains(err.Error(), `alert broken (line 8): report timing has no number "nonsense"; there are: `) {
			t.Errorf("hour %v: got error %v, want what is wrong with the broken one", hour, err)
		}
		if hour < 5 && (err == nil || !strings.Contains(err.Error(), "column waiting_s of report waiting does not say over how many it is")) {
			t.Errorf("hour %v: got error %v, want at_least refused", hour, err)
		}
		if got := d.told(); !slices.Equal(got, want) {
			t.Errorf("hour %v: told %q, want %q", hour, got, want)
		}
	}
	look(1)
	look(4.05, "firing late/department=sales") // of two who wait, one for long enough
	look(4.15)                                 // the second is of the same cause
	if states, err := w.States(t.Context()); err != nil || states[0].Holding["late"].Finding.Row["case_id"] == "" {
		t.Errorf("states: got %+v, %v; want the one who waits longest named", states, err)
	}
	if got := testutil.ToFloat64(w.metrics.fires.WithLabelValues("late")); got != 1 {
		t.Errorf("metric: %v causes, want 1", got)
	}
	w = s.watcher(t, &now, d) // a restart
	look(4.3, "firing late/department=service")
	d.broken = true
	s.mail(t, "c2", "service", 4.4, journey.Outbound)
	now = opening.Add(270 * time.Minute)
	if err := w.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "tell desk of late/department=service: the line is dead") {
		t.Errorf("a dead line: got error %v", err)
	}
	if got := w.Troubles(); len(got) != 3 {
		t.Errorf("troubles: got %q, want the two broken alerts and the dead line", got)
	}
	d.broken = false
	w = s.watcher(t, &now, d)
	look(4.6, "resolved late/department=service")
	s.mail(t, "c0", "sales", 5, journey.Outbound)
	look(5.1) // the other one still waits
	s.mail(t, "c1", "sales", 5.2, journey.Outbound)
	look(5.3, "resolved late/department=sales")
	for i, hour := range []float64{20.5, 22.1, 22.2} {
		s.mail(t, fmt.Sprint("d", i), "sales", hour, journey.Inbound)
	}
	look(24, "firing asked") // one question in the two hours before 22:00, two since
	states, err := w.States(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f := states[0].Holding["asked"].Finding
	if len(states) != 3 || f.Baseline == nil || *f.Baseline != 1 || *f.Value != 2 || *f.Change != 1 {
		t.Errorf("states: got %d, finding %+v", len(states), f)
	}
}

// TestTrial tells whom an alert would tell, and changes nothing.
func TestTrial(t *testing.T) {
	s := newShop(t)
	s.mail(t, "c", "sales", 0, journey.Inbound)
	now, d := opening.Add(5*time.Hour), &desk{}
	w := s.watcher(t, &now, d)
	told, err := w.Test(t.Context(), "late")
	if err != nil || len(told) != 1 || len(d.got) != 1 {
		t.Fatalf("got %v, %v", told, err)
	}
	for _, want := range []string{"[tappa] TEST: Customers waiting (department sales)", "5h 00m (alert when above 4h 00m)", "This is a test"} {
		if !strings.Contains(d.got[0].Text, want) {
			t.Errorf("text %q, want %q in it", d.got[0].Text, want)
		}
	}
	if states, err := w.States(t.Context()); err != nil || len(states) != 0 {
		t.Errorf("states: got %v, %v, want none", states, err)
	}
	if _, err := w.Test(t.Context(), "nobody"); !errors.Is(err, ErrNoAlert) {
		t.Errorf("unknown: got error %v", err)
	}
	d.broken = true
	if _, err := w.Test(t.Context(), "late"); err == nil || !strings.Contains(err.Error(), "tell desk: the line is dead") {
		t.Errorf("a dead line: got error %v", err)
	}
}

// TestFilterOfRows: a stage chooses among the rows of dropoff, which is not asked for one; the page that a message leads to takes none.
func TestFilterOfRows(t *testing.T) {
	s := newShop(t)
	s.mail(t, "c", "sales", 0, journey.Inbound)
	for stage, want := range map[string]float64{"quote": 1, "order": 0} {
		d, err := Parse("alerts.yaml", fmt.Appendf(nil, `notify: {desk: {webhook: {url: "http://127.0.0.1:1/"}}}
alerts: [{id: a, labels: {en: A}, report: dropoff, column: entered, filter: {stage: %s}, above: 0, notify: [desk]}]`, stage))
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Alerts[0].evaluate(t.Context(), s.store, opening.Add(time.Hour))
		if err != nil || len(got) != 1 || *got[0].Value != want || got[0].Holds != (want > 0) || got[0].Rows != 1 {
			t.Errorf("%s: got %+v, %v, want %g of one row", stage, got, err, want)
			continue
		}
		if link := d.link(d.Alerts[0], got[0]); strings.Contains(link, "stage") {
			t.Errorf("%s: link %s", stage, link)
		}
	}
}
