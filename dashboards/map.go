package dashboards

import (
	"fmt"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"

	"tappa/journey"
)

// states are how a visit can stand, in the order in which they are shown.
var states = []string{"moved_on", "completed", "lost_explicit", "lost_silent", "in_progress"}

// mapContent is the journey map: a column per stage, five rows.
type mapContent struct {
	frame
	Persona   *personaCard
	Stages    []*stageColumn
	Legend    []stateCount
	Curve     []curvePoint
	CurveText string
	Files     []link // the same as a file
}

type personaCard struct{ Label, Role, Goal string }

// stageColumn is one stage with what every row shows of it.
type stageColumn struct {
	ID, Label, Activity                    string
	Entered, Decided, Reached, TimeInStage string
	HasDropoff, Few, Anybody               bool
	Dropoff, DropoffLow, DropoffHigh       string
	LostHref, EnteredHref, ReachedHref     string
	BarLabel                               string
	Bar                                    []barPart
	States                                 []stateCount
	Touchpoints                            []touchpointCell
	MoreTouchpoints, MoreFrictions         int // beside those that are shown
	Mood                                   *moodCell
	Waits                                  *waitCell
	Frictions                              []frictionCell
	Opportunities                          []opportunityCell
	counts                                 map[string]int64
}

type barPart struct {
	State, Label string
	Width        float64
}

type stateCount struct{ State, Label, Count, Href string }

type touchpointCell struct {
	Label, Channels, Department, Cases, Href, MOT string
}

type moodCell struct {
	Net, Scored, Coverage string
	ScoredHref            string
	Interval              string // of Net; the page has it on the curve
	Few                   bool
	Emotions              []stateCount
	Quotes                []quoteCell
}

type quoteCell struct{ Text, Mood, Href string }

type waitCell struct{ First, P50, P90, Business, Waiting, Href, Oldest string }

type frictionCell struct{ Label, Department, Losses, Late, LateHref, Negative, NegativeHref string }

// opportunityCell is what somebody has decided to do about a touchpoint.
type opportunityCell struct{ Kind, Touchpoint, Action, Department, Due string }

// curvePoint is a stage's place on the emotion curve; nil is no data.
type curvePoint struct {
	Label   string   `json:"label"`
	Curve   *float64 `json:"curve"`
	Low     *float64 `json:"low"`
	High    *float64 `json:"high"`
	Few     bool     `json:"few"`
	Tooltip string   `json:"tooltip"`
}

func (s *server) mapPage(r *request) (string, any, error) {
	c, err := r.mapContent()
	return "map", c, err
}

// mapContent is what the page shows, and what files of it show.
func (r *request) mapContent() (mapContent, error) {
	f, err := r.frame("map.title")
	if err != nil {
		return mapContent{}, err
	}
	c := mapContent{frame: f, Persona: r.persona(), Files: r.mapFiles()}
	if c.Empty != "" {
		return c, nil
	}
	if c.Stages, c.How, err = r.stageColumns(); err != nil {
		return mapContent{}, err
	}
	c.Legend = r.legend()
	var moodHow, waitHow string
	var parts errgroup.Group // each fills cells of its own
	parts.Go(func() (err error) { moodHow, err = r.fillExperience(&c); return err })
	parts.Go(func() (err error) { waitHow, err = r.fillWaits(c.Stages); return err })
	parts.Go(func() error { return r.fillTouchpoints(c.Stages) })
	parts.Go(func() error { return r.fillOpportunities(c.Stages) })
	if err := parts.Wait(); err != nil {
		return mapContent{}, err
	}
	c.How = append(c.How, moodHow, waitHow)
	return c, nil
}

func (r *request) persona() *personaCard {
	for _, p := range r.journey.Personas {
		if string(p.ID) == r.query.Persona {
			return &personaCard{p.Labels.In(r.lang), p.Role.In(r.lang), p.Goal.In(r.lang)}
		}
	}
	return nil
}

func (r *request) legend() []stateCount {
	var out []stateCount
	for _, state := range states {
		out = append(out, stateCount{State: state, Label: r.text("state." + state)})
	}
	return out
}

// stageColumns asks dropoff and fills what map and funnel share; it also returns how the numbers came about.
func (r *request) stageColumns() ([]*stageColumn, []string, error) {
	drop, err := r.server.ask(r.ctx, "dropoff", r.query)
	if err != nil {
		return nil, nil, err
	}
	var out []*stageColumn
	for _, row := range drop.rows() {
		out = append(out, r.stageColumn(row))
	}
	return out, []string{drop.report.How}, nil
}

func (r *request) stageColumn(row row) *stageColumn {
	id := row.text("stage")
	stage, _, _ := r.journey.Stage(journey.StageID(id))
	c := &stageColumn{
		ID: id, Label: stage.Labels.In(r.lang), Activity: stage.Activity.In(r.lang),
		Entered: r.format.Count(row.count("entered")), EnteredHref: r.behind("/cases", "stage", id),
		Decided: r.format.Count(row.count("decided")), Reached: r.format.Count(row.count("reached")),
		HasDropoff: row.number("dropoff") != nil, Few: row.yes("few"), Anybody: row.count("entered") > 0,
		Dropoff:    r.format.Percent(row.number("dropoff")),
		DropoffLow: r.format.Percent(row.number("dropoff_low")), DropoffHigh: r.format.Percent(row.number("dropoff_high")),
		LostHref:    r.behind("/cases", "stage", id, "state", "mature_lost"), // those the rate counts
		ReachedHref: r.behind("/cases", "stage", id, "state", "reached"),
		TimeInStage: r.format.Duration(row.number("median_s")),
		counts:      map[string]int64{},
	}
	var words []string
	for _, state := range states {
		n := row.count(state)
		c.counts[state] = n
		label := r.text("state." + state)
		c.States = append(c.States, stateCount{state, label, r.format.Count(n), r.behind("/cases", "stage", id, "state", state)})
		if entered := row.count("entered"); entered > 0 && n > 0 {
			c.Bar = append(c.Bar, barPart{state, label + ": " + r.format.Count(n), 100 * float64(n) / float64(entered)})
			words = append(words, label+" "+r.format.Count(n))
		}
	}
	c.BarLabel = strings.Join(words, ", ")
	return c
}

// fillExperience adds mood, quotes and the curve, and returns how they were computed.
func (r *request) fillExperience(c *mapContent) (how string, err error) {
	q := r.query
	q.By = "stage"
	mood, err := r.server.ask(r.ctx, "mood", q)
	if err != nil {
		return "", err
	}
	quotes, err := r.quotes()
	if err != nil {
		return "", err
	}
	rows := mood.byKey("key")
	var words []string
	for _, column := range c.Stages {
		row := rows[column.ID]
		point := curvePoint{Label: column.Label, Curve: row.number("curve"), Low: row.number("curve_low"), High: row.number("curve_high"), Few: row.yes("few")}
		point.Tooltip = fmt.Sprintf("%s: %s (%s – %s), n %s", column.Label, r.format.Signed(point.Curve), r.format.Signed(point.Low), r.format.Signed(point.High), r.format.Count(row.count("scored")))
		c.Curve = append(c.Curve, point)
		words = append(words, column.Label+" "+r.format.Signed(point.Curve))
		if row.count("eligible") == 0 {
			continue
		}
		column.Mood = r.moodCell(row, column.ID)
		column.Mood.Quotes = quotes[column.ID]
		if point.Low != nil && point.High != nil {
			column.Mood.Interval = r.format.Signed(point.Low) + " – " + r.format.Signed(point.High)
		}
	}
	c.CurveText = strings.Join(words, ", ")
	return mood.report.How, nil
}

// emotions are the named emotions, and so the columns of the view mood.
var emotions = []string{"satisfaction", "impatience", "enthusiasm", "perplexity", "confusion", "disappointment", "joy", "frustration"}

func (r *request) moodCell(row row, stage string) *moodCell {
	texts := func(n int64, state string) string {
		return r.listBehind(n, "verbatims", "stage", stage, "state", state)
	}
	cell := &moodCell{
		ScoredHref: texts(row.count("scored"), "scored"),
		Net:        r.format.Signed(row.number("curve")), Scored: r.format.Count(row.count("scored")),
		Coverage: r.format.Percent(row.number("coverage")), Few: row.yes("few"),
	}
	sorted := append([]string(nil), emotions...)
	sort.SliceStable(sorted, func(i, j int) bool { return row.count(sorted[i]) > row.count(sorted[j]) })
	for _, e := range sorted[:3] {
		if n := row.count(e); n > 0 {
			cell.Emotions = append(cell.Emotions, stateCount{State: e, Label: r.text("emotion." + e), Count: r.format.Count(n), Href: texts(n, e)})
		}
	}
	return cell
}

// listBehind is the address of the n rows of a report that a number counts; "" where there are none.
func (r *request) listBehind(n int64, report string, pairs ...string) string {
	if n == 0 {
		return ""
	}
	return r.behind("/reports/"+report, pairs...)
}

// quotes are the most outspoken text of each stage and label, by stage.
func (r *request) quotes() (map[string][]quoteCell, error) {
	q := r.query
	q.Limit = 1
	quotes, err := r.server.store.Quotes(r.ctx, q)
	if err != nil {
		return nil, err
	}
	out := map[string][]quoteCell{}
	for _, quote := range quotes {
		if quote.Label == "positive" || quote.Label == "negative" {
			cell := quoteCell{Text: shorten(quote.Text, 160), Mood: quote.Label, Href: r.behind("/case/" + quote.CaseID)}
			out[quote.Stage] = append(out[quote.Stage], cell)
		}
	}
	return out, nil
}

// fillWaits adds how long customers waited, and returns how that was computed.
func (r *request) fillWaits(stages []*stageColumn) (how string, err error) {
	q := r.query
	q.By = "stage"
	timing, err := r.server.ask(r.ctx, "timing", q)
	if err != nil {
		return "", err
	}
	rows := timing.byKey("key")
	for _, column := range stages {
		row := rows[column.ID]
		if row.count("wait_n")+row.count("wait_waiting") == 0 {
			continue
		}
		column.Waits = &waitCell{
			First: r.format.Duration(row.number("reply_p50_s")),
			P50:   r.format.Duration(row.number("wait_p50_s")), P90: r.format.Duration(row.number("wait_p90_s")),
			Business: r.format.Duration(row.number("wait_business_p50_s")) + " · " + r.format.Duration(row.number("wait_business_p90_s")),
			Waiting:  r.format.Count(row.count("wait_waiting")),
			Href:     r.behind("/reports/waiting", "stage", column.ID),
		}
		if row.number("wait_oldest_s") != nil {
			column.Waits.Oldest = r.format.Duration(row.number("wait_oldest_s"))
		}
	}
	return timing.report.How, nil
}

// shorten cuts a text at a word, with an ellipsis.
func shorten(s string, max int) string {
	s = strings.Join(strings.Fields(s), " ")
	runes := []rune(s)
	if len(runes) <= max {
		return s
	}
	cut := string(runes[:max])
	if i := strings.LastIndexByte(cut, ' '); i > max/2 {
		cut = cut[:i]
	}
	return cut + " …"
}
