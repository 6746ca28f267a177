package aggregate

import (
	"context"
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// Rows of the tables that reports read, with the columns that matter to them.
type (
	worldJourney struct {
		Journey  string            `ch:"journey"`
		Version  string            `ch:"version"`
		Loaded   uint64            `ch:"loaded"`
		Labels   map[string]string `ch:"labels"`
		TimeZone string            `ch:"time_zone"`
		YAML     string            `ch:"yaml"`
	}
	worldStage struct {
		Journey  string            `ch:"journey"`
		Version  string            `ch:"version"`
		Position uint8             `ch:"position"`
		Stage    string            `ch:"stage"`
		Labels   map[string]string `ch:"labels"`
		Silence  *int64            `ch:"silence_ms"`
		Maturity *int64            `ch:"maturity_ms"`
		Terminal bool              `ch:"terminal"`
	}
	worldSegment struct {
		Account  string  `ch:"account"`
		Customer string  `ch:"customer"`
		Known    float64 `ch:"value_known"`
	}
	worldVisit struct {
		worldSegment
		Journey    string    `ch:"journey"`
		Subject    string    `ch:"subject"`
		Attempt    uint32    `ch:"attempt"`
		Position   uint8     `ch:"position"`
		CaseID     string    `ch:"case_id"`
		Person     string    `ch:"person"`
		Persona    string    `ch:"persona"`
		Stage      string    `ch:"stage"`
		EnteredAt  time.Time `ch:"entered_at"`
		LeftAt     time.Time `ch:"left_at"`
		Exit       string    `ch:"exit"`
		Touchpoint string    `ch:"touchpoint"`
		Channel    string    `ch:"channel"`
		Department string    `ch:"department"`
		Walked     uint64    `ch:"walked"`
		Deleted    uint8     `ch:"deleted"`
	}
	worldWait struct {
		worldSegment
		Journey    string     `ch:"journey"`
		Subject    string     `ch:"subject"`
		Number     uint32     `ch:"number"`
		Attempt    uint32     `ch:"attempt"`
		CaseID     string     `ch:"case_id"`
		Persona    string     `ch:"persona"`
		First      bool       `ch:"first"`
		Stage      string     `ch:"stage"`
		Touchpoint string     `ch:"touchpoint"`
		Channel    string     `ch:"channel"`
		Department string     `ch:"department"`
		AskedAt    time.Time  `ch:"asked_at"`
		AnsweredAt *time.Time `ch:"answered_at"`
		WaitedMS   *int64     `ch:"waited_ms"`
		BusinessMS *int64     `ch:"business_ms"`
		DueAt      *time.Time `ch:"due_at"`
		Walked     uint64     `ch:"walked"`
		Deleted    uint8      `ch:"deleted"`
	}
	worldStep struct {
		worldSegment
		Journey    string    `ch:"journey"`
		Subject    string    `ch:"subject"`
		Attempt    uint32    `ch:"attempt"`
		Number     uint32    `ch:"number"`
		CaseID     string    `ch:"case_id"`
		Persona    string    `ch:"persona"`
		ContactKey string    `ch:"contact_key"`
		OccurredAt time.Time `ch:"occurred_at"`
		Origin     string    `ch:"origin"`
		ID         string    `ch:"id"`
		Activity   string    `ch:"activity"`
		Stage      string    `ch:"stage"`
		IsReturn   bool      `ch:"is_return"`
		Touchpoint string    `ch:"touchpoint"`
		Channel    string    `ch:"channel"`
		Department string    `ch:"department"`
		Outcome    string    `ch:"outcome"`
		Eligible   bool      `ch:"mood_eligible"`
		Mood       string    `ch:"mood_label"`
		Score      float32   `ch:"mood_score"`
		Emotion    string    `ch:"mood_emotion"`
		Walked     uint64    `ch:"walked"`
		Deleted    uint8     `ch:"deleted"`
	}
)

// world is what one journey's tables hold after the walk, superseded rows left out.
type world struct {
	journey string
	stages  []worldStage
	visits  []worldVisit
	waits   []worldWait
	steps   []worldStep
}

var (
	worldStart = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	never      = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) // left_at where silence never ends a visit
)

func minute(m int) time.Time { return worldStart.Add(time.Duration(m) * time.Minute) }

// daysIn draws minutes between two days of the world.
func daysIn(t *rapid.T, from, to int, what string) int {
	return rapid.IntRange(from*1440, to*1440).Draw(t, what)
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Context() context.Context
	Fatal(args ...any)
}

// put writes rows into a table, a block a call.
func put[R any](t tester, s *Store, table, columns string, rows []R) {
	if len(rows) == 0 {
		return
	}
	batch, err := s.conn.PrepareBatch(t.Context(), "INSERT INTO "+table+" ("+columns+")")
	if err != nil {
		t.Fatal(table, err)
	}
	for i := range rows {
		if err := batch.AppendStruct(&rows[i]); err != nil {
			t.Fatal(table, err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(table, err)
	}
}

const (
	visitFields = "journey, account, customer, value_known, subject, attempt, position, case_id, person, persona, stage, entered_at, left_at, exit, touchpoint, channel, department, walked, deleted"
	waitFields  = "journey, account, customer, value_known, subject, number, attempt, case_id, persona, first, stage, touchpoint, channel, department, asked_at, answered_at, waited_ms, business_ms, due_at, walked, deleted"
	stepFields  = "journey, account, customer, value_known, subject, attempt, number, case_id, persona, contact_key, occurred_at, origin, id, activity, stage, is_return, touchpoint, channel, department, outcome, mood_eligible, mood_label, mood_score, mood_emotion, walked, deleted"
)

// store writes the world, and around it what an earlier walk had found: other values, and rows that are no more.
func (w *world) store(t tester, s *Store) {
	put(t, s, "journeys", "journey, version, loaded, labels, time_zone, yaml", []worldJourney{
		{Journey: w.journey, Version: "old", Loaded: 1, TimeZone: "Europe/Rome"},
		{Journey: w.journey, Version: "new", Loaded: 2, TimeZone: "Europe/Rome"},
	})
	stages := append([]worldStage{{Journey: w.journey, Version: "old", Position: 0, Stage: "gone"}}, w.stages...)
	put(t, s, "stages", "journey, version, position, stage, labels, silence_ms, maturity_ms, terminal", stages)
	var visits []worldVisit
	for i, v := range w.visits {
		v.Walked = 2
		before := v
		before.Walked, before.Exit, before.LeftAt = 1, "lost_explicit", v.EnteredAt
		gone := v
		gone.Subject, gone.Deleted = fmt.Sprint("gone", i), 1
		visits = append(visits, v, before, gone)
	}
	put(t, s, "visits", visitFields, visits)
	var waits []worldWait
	for i, v := range w.waits {
		v.Walked = 2
		gone := v
		gone.Subject, gone.Deleted = fmt.Sprint("gone", i), 1
		before := v
		before.Walked, before.AnsweredAt = 1, nil
		waits = append(waits, before, gone, v)
	}
	put(t, s, "waits", waitFields, waits)
	var steps []worldStep
	for i, v := range w.steps {
		v.Walked = 2
		gone := v
		gone.Subject, gone.Deleted = fmt.Sprint("gone", i), 1
		steps = append(steps, v, gone)
	}
	put(t, s, "steps", stepFields, steps)
}

var (
	somePersonas    = []string{"", "buyer", "user"}
	someTouchpoints = []string{"", "form", "phone", "mail"}
	someChannels    = []string{"", "web", "phone"}
	someDepartments = []string{"", "sales", "service"}
	someMoods       = []string{"", "positive", "neutral", "negative", "mixed"}
	someEmotions    = []string{"joy", "frustration", "none"}
	someAccounts    = []string{"", "account:a", "account:b"}
	someCustomers   = []string{"new", "existing"}
	someValues      = []float64{0, 100, 900}
	someActivities  = []string{"asked", "called", "paid"}
)

// at draws the value known at some point of a case.
func (s worldSegment) at(t *rapid.T) worldSegment {
	s.Known = rapid.SampledFrom(someValues).Draw(t, "value")
	return s
}

func pick(t *rapid.T, from []string, what string) string {
	return rapid.SampledFrom(from).Draw(t, what)
}

// drawWorld draws a journey and what its cases did in its first 60 days.
func drawWorld(t *rapid.T, journey string) *world {
	w := &world{journey: journey}
	for i := range rapid.IntRange(1, 4).Draw(t, "stages") {
		s := worldStage{Journey: journey, Version: "new", Position: uint8(i), Stage: string(rune('a' + i)), Labels: map[string]string{"it": "fase"}}
		if days := rapid.SampledFrom([]int64{0, 3, 8}).Draw(t, "silence"); days > 0 {
			ms := days * 86400_000
			s.Silence = &ms
		}
		if rapid.IntRange(0, 3).Draw(t, "own maturity") == 0 {
			ms := int64(5 * 86400_000)
			s.Maturity = &ms
		}
		w.stages = append(w.stages, s)
	}
	for subject := range rapid.IntRange(0, 12).Draw(t, "subjects") {
		for attempt := range rapid.IntRange(1, 2).Draw(t, "attempts") {
			w.drawCase(t, fmt.Sprint("email:p", subject, "@example.com"), uint32(attempt+1))
		}
	}
	return w
}

func (w *world) drawCase(t *rapid.T, subject string, attempt uint32) {
	id := fmt.Sprint(w.journey, "/", subject, "/", attempt)
	segment := worldSegment{Account: pick(t, someAccounts, "account"), Customer: pick(t, someCustomers, "customer")}
	persona := pick(t, somePersonas, "persona")
	at := daysIn(t, 0, 50, "opened")
	for position := 0; position < len(w.stages); position++ {
		if rapid.IntRange(0, 4).Draw(t, "skip") == 0 && position < len(w.stages)-1 {
			continue
		}
		v := worldVisit{
			worldSegment: segment.at(t),
			Journey:      w.journey, Subject: subject, Attempt: attempt, Position: uint8(position), CaseID: id, Person: subject, Persona: persona,
			Stage: w.stages[position].Stage, EnteredAt: minute(at), Touchpoint: pick(t, someTouchpoints, "touchpoint"),
			Channel: pick(t, someChannels, "channel"), Department: pick(t, someDepartments, "department"),
		}
		at += 1 + daysIn(t, 0, 12, "stay")
		v.LeftAt = minute(at)
		exits := []string{"moved_on", "moved_on", "moved_on", "completed", "lost_explicit", "lost_silent", "in_progress"}
		if position == len(w.stages)-1 {
			exits = exits[3:]
		}
		v.Exit = pick(t, exits, "exit")
		if v.Exit == "in_progress" {
			v.LeftAt = never
		}
		w.visits = append(w.visits, v)
		if v.Exit != "moved_on" {
			break
		}
	}
	w.drawSteps(t, subject, attempt, id, persona, segment)
	w.drawWaits(t, subject, attempt, id, persona, segment)
}

func (w *world) drawSteps(t *rapid.T, subject string, attempt uint32, id, persona string, segment worldSegment) {
	at := daysIn(t, 0, 50, "first step")
	for n := range rapid.IntRange(0, 6).Draw(t, "steps") {
		s := worldStep{
			worldSegment: segment.at(t),
			Journey:      w.journey, Subject: subject, Attempt: attempt, Number: uint32(n + 1), CaseID: id, Persona: persona, ContactKey: subject,
			OccurredAt: minute(at), Origin: "o", ID: fmt.Sprint(id, n), Activity: pick(t, someActivities, "activity"),
			IsReturn: rapid.IntRange(0, 4).Draw(t, "return") == 0, Touchpoint: pick(t, someTouchpoints, "touchpoint"),
			Channel: pick(t, someChannels, "channel"), Department: pick(t, someDepartments, "department"),
			Outcome: pick(t, []string{"", "", "", "lost", "won"}, "outcome"), Eligible: rapid.Bool().Draw(t, "eligible"),
		}
		if i := rapid.IntRange(0, len(w.stages)).Draw(t, "stage"); i < len(w.stages) {
			s.Stage = w.stages[i].Stage
		}
		if s.Eligible {
			if s.Mood = pick(t, someMoods, "mood"); s.Mood != "" {
				s.Emotion, s.Score = pick(t, someEmotions, "emotion"), float32(rapid.IntRange(-8, 8).Draw(t, "score"))/8
			}
		}
		w.steps = append(w.steps, s)
		at += rapid.SampledFrom([]int{0, 400, 3000, 10000}).Draw(t, "gap")
	}
}

func (w *world) drawWaits(t *rapid.T, subject string, attempt uint32, id, persona string, segment worldSegment) {
	for n := range rapid.IntRange(0, 4).Draw(t, "waits") {
		q := worldWait{
			worldSegment: segment.at(t),
			Journey:      w.journey, Subject: subject, Number: 100*attempt + uint32(n), Attempt: attempt, CaseID: id, Persona: persona,
			First: rapid.Bool().Draw(t, "first"), Stage: pick(t, []string{"", w.stages[0].Stage}, "stage"),
			Touchpoint: pick(t, someTouchpoints, "touchpoint"), Channel: pick(t, someChannels, "channel"),
			Department: pick(t, someDepartments, "department"), AskedAt: minute(daysIn(t, 0, 55, "asked")),
		}
		if rapid.IntRange(0, 2).Draw(t, "target") > 0 {
			due := q.AskedAt.Add(24 * time.Hour)
			q.DueAt = &due
		}
		if rapid.IntRange(0, 3).Draw(t, "answer") > 0 {
			waited := time.Duration(rapid.IntRange(0, 4*1440).Draw(t, "waited")) * time.Minute
			answered, ms := q.AskedAt.Add(waited), waited.Milliseconds()
			q.AnsweredAt, q.WaitedMS = &answered, &ms
			if rapid.Bool().Draw(t, "calendar") {
				business := ms / 3
				q.BusinessMS = &business
			}
		}
		w.waits = append(w.waits, q)
	}
}

// drawQuery draws an instant, a window and filters.
func (w *world) drawQuery(t *rapid.T) Query {
	q := Query{Journey: w.journey, AsOf: minute(daysIn(t, -1, 70, "as of")), By: pick(t, groupings, "by")}
	if len(w.visits) > 0 && rapid.Bool().Draw(t, "at an event") {
		v := rapid.SampledFrom(w.visits).Draw(t, "event")
		if q.AsOf = v.EnteredAt; v.LeftAt.Before(never) && rapid.Bool().Draw(t, "at its end") {
			q.AsOf = v.LeftAt
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "window") == 0 {
		q.From, q.To = minute(daysIn(t, 0, 20, "from")), minute(daysIn(t, 20, 60, "to"))
	}
	filter := func(from []string, what string) string {
		if rapid.IntRange(0, 3).Draw(t, "filter "+what) > 0 {
			return ""
		}
		if v := pick(t, from, what); v != "" {
			return v
		}
		return noneKey
	}
	q.Persona, q.Touchpoint = filter(somePersonas, "persona"), filter(someTouchpoints, "touchpoint")
	q.Channel, q.Department = filter(someChannels, "channel"), filter(someDepartments, "department")
	q.Account = filter(append([]string{"+"}, someAccounts...), "account")
	if rapid.IntRange(0, 3).Draw(t, "filter customer") == 0 {
		q.Customer = pick(t, someCustomers, "customer")
	}
	if rapid.IntRange(0, 3).Draw(t, "filter value") == 0 {
		q.ValueMin, q.ValueMax = rapid.SampledFrom(someValues).Draw(t, "value from"), rapid.SampledFrom(someValues).Draw(t, "value to")
	}
	return q
}
