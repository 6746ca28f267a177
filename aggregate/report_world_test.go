package aggregate

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"tappa/aggregate/walk"
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
		Account  string
		Customer string
		Known    float64
	}
	worldVisit struct {
		worldSegment
		Journey    string
		Subject    string
		Attempt    uint32
		Position   uint8
		CaseID     string
		Person     string
		Persona    string
		Stage      string
		EnteredAt  time.Time
		LeftAt     time.Time
		Exit       string
		Touchpoint string
		Channel    string
		Department string
	}
	worldWait struct {
		worldSegment
		Journey    string
		Subject    string
		Number     uint32
		Attempt    uint32
		CaseID     string
		Persona    string
		First      bool
		Stage      string
		Touchpoint string
		Channel    string
		Department string
		AskedAt    time.Time
		AnsweredAt *time.Time
		WaitedMS   *int64
		BusinessMS *int64
		DueAt      *time.Time

		priority         string
		target           *int64
		business, missed bool
	}
	worldStep struct {
		worldSegment
		Journey    string
		Subject    string
		Attempt    uint32
		Number     uint32
		CaseID     string
		Persona    string
		ContactKey string
		OccurredAt time.Time
		Origin     string
		ID         string
		Activity   string
		Stage      string
		IsReturn   bool
		Touchpoint string
		Channel    string
		Department string
		Outcome    string
		Eligible   bool
		Mood       string
		Score      float32
		Emotion    string

		source, kind, direction   string
		thread                    string
		automatic, public, solved bool
	}
)

// world is what one journey's tables hold after the walk, superseded rows left out.
type world struct {
	journey string
	stages  []worldStage
	visits  []worldVisit
	waits   []worldWait
	steps   []worldStep
	placeOf map[string]uint8 // of rows to be stored: one more than a stage's position
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

// putInteractions is put of interactions, whose tags it stores as well.
func putInteractions[R any](t tester, s *Store, columns string, rows []R) {
	if len(rows) == 0 {
		return
	}
	asGiven(t, s, func() { put(t, s, "given", columns, rows) })
}

// given stores the interactions that a statement inserts into table given, with their tags.
func given(t tester, s *Store, statement string) {
	asGiven(t, s, func() { mustExec(t, s, statement) })
}

func asGiven(t tester, s *Store, fill func()) {
	mustExec(t, s, "CREATE TABLE given ENGINE = Memory AS SELECT * FROM interactions WHERE false")
	fill()
	for _, statement := range append(Restated("given"), "DROP TABLE given SYNC") {
		mustExec(t, s, statement)
	}
}

func mustExec(t tester, s *Store, statement string) {
	if err := s.conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(statement, err)
	}
}

// store writes the world, and around it what an earlier walk had found: other values, and rows that are no more.
func (w *world) store(t tester, s *Store) {
	put(t, s, "journeys", "journey, version, loaded, labels, time_zone, yaml", []worldJourney{
		{Journey: w.journey, Version: "old", Loaded: 1, TimeZone: "Europe/Rome"},
		{Journey: w.journey, Version: "new", Loaded: 2, TimeZone: "Europe/Rome"},
	})
	stages := append([]worldStage{{Journey: w.journey, Version: "old", Position: 0, Stage: "gone"}}, w.stages...)
	put(t, s, "stages", "journey, version, position, stage, labels, silence_ms, maturity_ms, terminal", stages)
	w.again(t, s, 2)
	b := newFindingsBlock()
	for i, subject := range w.subjects() {
		w.walked(b, subject, subject, 1, (*world).before)
		b.grave(w.journey, fmt.Sprint("gone", i), 2)
		w.walked(b, subject, fmt.Sprint("gone", i), 1, func(*world) {})
	}
	if err := s.writeFindings(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	put(t, s, "tags", "tag, journey, persona, touchpoint, channel, department", w.tags())
}

type worldTag struct {
	Tag        uint64 `ch:"tag"`
	Journey    string `ch:"journey"`
	Persona    string `ch:"persona"`
	Touchpoint string `ch:"touchpoint"`
	Channel    string `ch:"channel"`
	Department string `ch:"department"`
}

// tags are of the names that the world may have, which a report may then be asked for.
func (w *world) tags() []worldTag {
	var out []worldTag
	add := func(persona, touchpoint, channel, department string) {
		h := fnv.New64a()
		fmt.Fprint(h, w.journey, "/", persona, "/", touchpoint, "/", channel, "/", department)
		out = append(out, worldTag{h.Sum64(), w.journey, persona, touchpoint, channel, department})
	}
	for i, touchpoint := range someTouchpoints {
		add(somePersonas[min(i, 2)], touchpoint, someChannels[min(i, 2)], someDepartments[min(i, 2)])
	}
	for _, v := range w.visits {
		add(v.Persona, v.Touchpoint, v.Channel, v.Department)
	}
	for _, v := range w.waits {
		add(v.Persona, v.Touchpoint, v.Channel, v.Department)
	}
	for _, v := range w.steps {
		add(v.Persona, v.Touchpoint, v.Channel, v.Department)
	}
	return out
}

// again stores all of the world's rows under the number of a walk.
func (w *world) again(t tester, s *Store, walked uint64) {
	b := newFindingsBlock()
	for _, subject := range w.subjects() {
		w.walked(b, subject, subject, walked, func(*world) {})
	}
	if err := s.writeFindings(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	put(t, s, "tags", "tag, journey, persona, touchpoint, channel, department", w.tags())
}

// before changes a world into what an earlier walk made of it.
func (w *world) before() {
	for i := range w.visits {
		w.visits[i].Exit, w.visits[i].LeftAt = "lost_explicit", w.visits[i].EnteredAt
	}
	for i := range w.waits {
		w.waits[i].AnsweredAt = nil
	}
}

// subjects gives all subjects of the world, in order.
func (w *world) subjects() []string {
	all := map[string]bool{}
	for _, v := range w.visits {
		all[v.Subject] = true
	}
	for _, v := range w.waits {
		all[v.Subject] = true
	}
	for _, v := range w.steps {
		all[v.Subject] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// walked adds a row of what the world has of a subject, after a change and under another name.
func (w *world) walked(b *findingsBlock, subject, name string, walked uint64, change func(*world)) {
	one := &world{placeOf: map[string]uint8{}}
	for _, st := range w.stages {
		one.placeOf[st.Stage] = st.Position + 1
	}
	attempts := map[uint32]bool{}
	for _, v := range w.visits {
		if v.Subject == subject {
			one.visits, attempts[v.Attempt] = append(one.visits, v), true
		}
	}
	for _, v := range w.waits {
		if v.Subject == subject {
			one.waits, attempts[v.Attempt] = append(one.waits, v), true
		}
	}
	for _, v := range w.steps {
		if v.Subject == subject {
			one.steps, attempts[v.Attempt] = append(one.steps, v), true
		}
	}
	change(one)
	slices.SortStableFunc(one.steps, func(a, b worldStep) int { // as a walk has them
		return cmp.Or(cmp.Compare(a.Attempt, b.Attempt), a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.ID, b.ID))
	})
	b.begin(w.journey, name, walked, false)
	b.contact("", "")
	for _, v := range one.steps {
		b.contact(v.ContactKey, "")
	}
	n := uint32(0)
	for _, attempt := range slices.Sorted(maps.Keys(attempts)) {
		one.run(b, attempt, &n)
	}
	b.done()
}

// run adds a run; steps have a contact each, of which n were passed.
func (w *world) run(b *findingsBlock, attempt uint32, n *uint32) {
	run := &foundRun{}
	run.Attempt = attempt
	of := func(id, person, persona string, s worldSegment) {
		run.ID, run.person, run.Persona, run.account, run.customer = id, max(person, run.person), persona, s.Account, s.Customer
	}
	for _, v := range w.steps {
		if v.Attempt == attempt {
			of(v.CaseID, "", v.Persona, v.worldSegment)
			if run.Last = max(run.Last, v.OccurredAt.UnixMilli()); run.First == 0 {
				run.First = run.Last
			}
		}
	}
	for _, v := range w.waits {
		if v.Attempt == attempt {
			of(v.CaseID, "", v.Persona, v.worldSegment)
		}
	}
	for _, v := range w.visits {
		if v.Attempt == attempt {
			of(v.CaseID, v.Person, v.Persona, v.worldSegment)
		}
	}
	b.run(run)
	for _, v := range w.visits {
		if v.Attempt == attempt {
			v.add(b)
		}
	}
	for _, v := range w.waits {
		if v.Attempt == attempt {
			v.add(b)
		}
	}
	number, place := uint32(0), uint8(0)
	for _, v := range w.steps {
		if v.Attempt == attempt {
			*n, number = *n+1, number+1
			if !v.IsReturn {
				place = max(place, w.placeOf[v.Stage])
			}
			v.add(b, number, *n+1, place)
		}
	}
	b.endRun()
}

func (v *worldVisit) add(b *findingsBlock) {
	b.visit(&walk.Visit{
		Stage: v.Position, Entered: v.EnteredAt.UnixMilli(), Left: v.LeftAt.UnixMilli(), Exit: walk.Exit(v.Exit), Known: v.Known,
	}, v.Stage, &interaction{tag: &tag{touchpoint: v.Touchpoint, channel: v.Channel, department: v.Department}})
}

func (v *worldWait) add(b *findingsBlock) {
	w := &walk.Wait{
		Number: v.Number, First: v.First, Department: v.Department, Existing: v.Customer == "existing", Known: v.Known,
		Waited: walk.Null, Business: walk.Null, Target: walk.Null, Due: walk.Null,
		Priority: v.priority, TargetBusiness: v.business, Missed: v.missed,
	}
	for to, ms := range map[*int64]*int64{&w.Waited: v.WaitedMS, &w.Business: v.BusinessMS, &w.Target: v.target} {
		if ms != nil {
			*to = *ms
		}
	}
	if v.DueAt != nil {
		w.Due = v.DueAt.UnixMilli()
	}
	var answer *interaction
	if v.AnsweredAt != nil {
		answer = &interaction{at: v.AnsweredAt.UnixMilli(), tag: &tag{}}
	}
	b.wait(w, v.Stage, 1, &interaction{at: v.AskedAt.UnixMilli(), tag: &tag{touchpoint: v.Touchpoint, channel: v.Channel}}, answer)
}

func (v *worldStep) add(b *findingsBlock, number, contact uint32, place uint8) {
	b.step(&walk.Step{Number: number, Reached: place, Return: v.IsReturn, Known: v.Known}, v.Stage, contact, &interaction{
		at: v.OccurredAt.UnixMilli(), id: v.ID, moodScore: v.Score, thread: v.thread, tag: &tag{
			origin: v.Origin, activity: v.Activity, touchpoint: v.Touchpoint, channel: v.Channel, department: v.Department, outcome: v.Outcome,
			source: v.source, kind: v.kind, direction: v.direction, automatic: v.automatic,
			public: v.public, solved: v.solved,
			moodEligible: v.Eligible, moodLabel: v.Mood, moodEmotion: v.Emotion,
		},
	})
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
		q.From, q.To = minute(daysIn(t, 0, 20, "from")), minute(daysIn(t, 21, 60, "to"))
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
		if q.ValueMax > 0 && q.ValueMin > q.ValueMax { // which is refused
			q.ValueMin, q.ValueMax = q.ValueMax, q.ValueMin
		}
	}
	return q
}
