package dashboards

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tappa/aggregate"
	"tappa/journey"
)

// routeLoop adds the improvement loop: KPIs, snapshots, opportunities, notes, corrections.
func (s *server) routeLoop(api huma.API) {
	const j = "/journeys/{journey}"
	guard := s.guard(api)
	change := func(id, method, path, summary string) huma.Operation {
		o := huma.Operation{
			OperationID: id, Method: method, Path: apiBase + path, Summary: summary, Middlewares: guard, MaxBodyBytes: 64 << 10,
			Description: "Needs the token that tappa was started with, or, where it was started without one by tappa up, the same machine.",
			Security:    []map[string][]string{{"token": {}}, {}},
		}
		if method == http.MethodPost {
			o.DefaultStatus = http.StatusCreated
		}
		return o
	}
	huma.Register(api, get("kpis", j+"/kpis", "The journey file's KPIs, in a period"), s.apiKPIs)
	huma.Register(api, get("compare-kpis", j+"/kpis/compare", "The KPIs before and after a change, with a verdict"), s.apiCompareKPIs)
	huma.Register(api, get("list-snapshots", j+"/snapshots", "Months that were frozen, all versions, newest first"), s.apiSnapshots)
	huma.Register(api, get("snapshot", j+"/snapshots/{month}", "A snapshot's content: canonical JSON, byte for byte"), s.apiSnapshot)
	huma.Register(api, get("diff-snapshots", j+"/snapshots/{month}/diff", "What changed since an earlier snapshot, and whether chance alone would do that"), s.apiDiff)

	huma.Register(api, get("list-opportunities", j+"/opportunities", "Opportunities, closed ones too"), s.apiOpportunities)
	huma.Register(api, get("opportunity", j+"/opportunities/{id}", "An opportunity, what it is worth, and how later months compare"), s.apiOpportunity)
	huma.Register(api, change("add-opportunity", http.MethodPost, j+"/opportunities", "Add an opportunity"), s.apiAddOpportunity)
	huma.Register(api, change("update-opportunity", http.MethodPatch, j+"/opportunities/{id}", "Change an opportunity, close it, open it again"), s.apiUpdateOpportunity)

	huma.Register(api, get("list-notes", j+"/notes", "Interview notes and observations: what people said, not what was computed"), s.apiNotes)
	huma.Register(api, change("add-note", http.MethodPost, j+"/notes", "Add a note"), s.apiAddNote)
	huma.Register(api, change("update-note", http.MethodPatch, j+"/notes/{id}", "Change a note"), s.apiUpdateNote)
	huma.Register(api, change("delete-note", http.MethodDelete, j+"/notes/{id}", "Take a note away"), s.apiDeleteNote)

	huma.Register(api, get("list-corrections", "/corrections", "Corrections of moods that count, newest first"), s.apiCorrections)
	huma.Register(api, change("add-correction", http.MethodPost, "/corrections", "Say how a customer's text really sounds"), s.apiCorrect)
	huma.Register(api, change("delete-correction", http.MethodDelete, "/corrections", "Take a correction back"), s.apiUncorrect)
}

// answer is a response with a body.
type answer[B any] struct{ Body B }

// answerOf turns what the store gave into a response.
func answerOf[B any](ctx context.Context, s *server, body B, err error) (*answer[B], error) {
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &answer[B]{body}, nil
}

// JourneyPath names a journey. It is exported because only then its fields are read.
type JourneyPath struct {
	Journey string `path:"journey" doc:"Journey id"`
}

// ItemPath names one thing of a journey.
type ItemPath struct {
	Journey string `path:"journey" doc:"Journey id"`
	ID      string `path:"id"`
}

func (s *server) apiKPIs(ctx context.Context, in *FilterParams) (*answer[[]aggregate.KPIValue], error) {
	j, err := s.findJourney(in.Journey)
	if err != nil {
		return nil, huma.Error404NotFound(err.Error())
	}
	q, err := s.parseQuery(ctx, j, in.values())
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	values, err := s.kpis(ctx, j, q)
	return answerOf(ctx, s, values, err)
}

func (s *server) kpis(ctx context.Context, j *journey.Journey, q aggregate.Query) ([]aggregate.KPIValue, error) {
	out := []aggregate.KPIValue{}
	for _, k := range j.KPIs {
		v, err := s.store.KPI(ctx, k, aggregate.Query{Journey: q.Journey, From: q.From, To: q.To, AsOf: q.AsOf})
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

type compareInput struct {
	JourneyPath
	Before string `query:"before" required:"true" example:"2026-01-01..2026-03-01" doc:"Two days in the journey's time zone, or instants; the second is not part of the period"`
	After  string `query:"after" required:"true" example:"2026-03-01..2026-05-01"`
	AsOf   string `query:"as_of" doc:"Instant both are computed as of; default: the newest interaction"`
}

func (s *server) apiCompareKPIs(ctx context.Context, in *compareInput) (*answer[[]aggregate.KPIChange], error) {
	j, err := s.findJourney(in.Journey)
	if err != nil {
		return nil, huma.Error404NotFound(err.Error())
	}
	out := []aggregate.KPIChange{}
	var periods [2][]aggregate.KPIValue
	for i, period := range []string{in.Before, in.After} {
		from, to, ok := strings.Cut(period, "..")
		if !ok {
			return nil, huma.Error400BadRequest(fmt.Sprintf("%q: a period is written 2026-01-01..2026-02-01", period))
		}
		q, err := s.parseQuery(ctx, j, url.Values{"from": {from}, "to": {to}, "as_of": {in.AsOf}})
		if err != nil {
			return nil, s.apiError(ctx, err)
		}
		if periods[i], err = s.kpis(ctx, j, q); err != nil {
			return nil, s.apiError(ctx, err)
		}
	}
	for i := range periods[0] {
		out = append(out, aggregate.Compare(periods[0][i], periods[1][i]))
	}
	return &answer[[]aggregate.KPIChange]{out}, nil
}

type opportunitiesInput struct {
	JourneyPath
	Outlook bool `query:"outlook" doc:"Also what each is worth and how later months compare, which takes a while for many"`
}

// listedOpportunity is aggregate.Outlook, of which a list leaves out what was not asked for.
type listedOpportunity struct {
	Opportunity aggregate.Opportunity `json:"opportunity"`
	Current     *aggregate.KPIValue   `json:"current,omitempty"`
	Expected    *aggregate.Measured   `json:"expected,omitempty"`
	CasesAMonth *aggregate.Measured   `json:"cases_a_month,omitempty"`
	Downstream  *aggregate.Measured   `json:"downstream,omitempty"`
	MeanValue   *aggregate.Measured   `json:"mean_value,omitempty"`
	Progress    []aggregate.Step      `json:"progress,omitempty"`
	Problem     string                `json:"problem,omitempty"`
	Warnings    []string              `json:"warnings,omitempty"`
}

// outlookBody is an outlook with what has to be known of its numbers, in words.
type outlookBody struct {
	aggregate.Outlook
	Warnings []string `json:"warnings,omitempty" doc:"What has to be known of these numbers"`
}

// warnings are an outlook's remarks in English; what is wrong with it stands in its problem.
func warnings(out aggregate.Outlook) (words []string) {
	for _, r := range out.Remarks() {
		if r.Kind != aggregate.RemarkProblem {
			words = append(words, english("months.remark."+r.Kind, r.Words))
		}
	}
	return words
}

// storedOpportunity is an opportunity as it was stored, with what whoever stored it has to know.
type storedOpportunity struct {
	aggregate.Opportunity
	Warnings []string `json:"warnings,omitempty" doc:"What has to be known of it: that its target was met before anything was done, for one"`
}

// stored answers with an opportunity that was stored, which no trouble with its outlook undoes.
func (s *server) stored(ctx context.Context, o aggregate.Opportunity, withTarget bool) (*answer[storedOpportunity], error) {
	body := storedOpportunity{Opportunity: o}
	if withTarget {
		out, err := s.store.Standing(ctx, o)
		if err != nil {
			s.logger.ErrorContext(ctx, "look at an opportunity just stored", "opportunity", o.ID, "error", err)
		}
		body.Warnings = warnings(out)
	}
	return &answer[storedOpportunity]{body}, nil
}

func (s *server) apiOpportunities(ctx context.Context, in *opportunitiesInput) (*answer[[]listedOpportunity], error) {
	list, err := s.store.Opportunities(ctx, in.Journey)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := make([]listedOpportunity, len(list))
	for i, o := range list {
		if out[i].Opportunity = o; !in.Outlook {
			continue
		}
		v, err := s.store.Outlook(ctx, o)
		if err != nil {
			return nil, s.apiError(ctx, err)
		}
		out[i] = listedOpportunity{o, &v.Current, &v.Expected, &v.CasesAMonth, &v.Downstream, &v.MeanValue, v.Progress, v.Problem, warnings(v)}
	}
	return &answer[[]listedOpportunity]{out}, nil
}

func (s *server) apiOpportunity(ctx context.Context, in *ItemPath) (*answer[outlookBody], error) {
	o, err := s.store.Opportunity(ctx, in.Journey, in.ID)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out, err := s.store.Outlook(ctx, o)
	return answerOf(ctx, s, outlookBody{out, warnings(out)}, err)
}

// opportunityBody is an opportunity to be added.
type opportunityBody struct {
	ID         string            `json:"id,omitempty" doc:"A name for it; default: the next number"`
	Kind       string            `json:"kind,omitempty" enum:"fix,upsell" default:"fix"`
	Touchpoint string            `json:"touchpoint"`
	Department string            `json:"department" doc:"Who owns it"`
	Action     string            `json:"action" doc:"What is to be done"`
	Due        string            `json:"due" example:"2026-06-30"`
	KPI        string            `json:"kpi,omitempty" doc:"The number to move: a KPI of the journey file"`
	View       string            `json:"view,omitempty" doc:"Or a number of its own: report,"`
	Metric     string            `json:"metric,omitempty" doc:"column,"`
	Filter     map[string]string `json:"filter,omitempty" doc:"filter,"`
	Better     string            `json:"better,omitempty" enum:"up,down" default:"up" doc:"and which way is better"`
	Target     *float64          `json:"target,omitempty" doc:"Value to reach; default: the KPI's"`
	Baseline   string            `json:"baseline,omitempty" doc:"Month of the snapshot to measure against; default: the newest" example:"2026-01"`
}

func (s *server) apiAddOpportunity(ctx context.Context, in *struct {
	JourneyPath
	Body opportunityBody
},
) (*answer[storedOpportunity], error) {
	j, err := s.findJourney(in.Journey)
	if err != nil {
		return nil, huma.Error404NotFound(err.Error())
	}
	b := in.Body
	o := aggregate.Opportunity{
		ID: b.ID, Journey: j.ID, Kind: b.Kind, Touchpoint: b.Touchpoint, Department: b.Department, Action: b.Action, Due: b.Due, Baseline: b.Baseline,
		Target: journey.KPI{View: b.View, Metric: b.Metric, Filter: b.Filter, Better: b.Better},
	}
	if (b.KPI == "") == (b.View == "") {
		return nil, huma.Error400BadRequest("name the number to move: kpi, or view, metric, filter, target and better")
	}
	if b.KPI != "" {
		i := slices.IndexFunc(j.KPIs, func(k journey.KPI) bool { return k.ID == b.KPI })
		if i < 0 {
			return nil, huma.Error400BadRequest(fmt.Sprintf("the journey has no KPI %q", b.KPI))
		}
		o.Target = j.KPIs[i]
	}
	if b.Target != nil {
		o.Target.Target = b.Target
	}
	if o, err = s.writer.AddOpportunity(ctx, o); err != nil {
		return nil, s.apiError(ctx, err)
	}
	return s.stored(ctx, o, true)
}

// opportunityChange are the fields of an opportunity that can change; what is left out stays.
type opportunityChange struct {
	Revision   uint32   `json:"revision,omitempty" doc:"The revision that was read: if it has changed since, nothing is done and the answer is 409"`
	Touchpoint *string  `json:"touchpoint,omitempty"`
	Department *string  `json:"department,omitempty"`
	Action     *string  `json:"action,omitempty"`
	Due        *string  `json:"due,omitempty"`
	Target     *float64 `json:"target,omitempty"`
	Closed     *string  `json:"closed,omitempty" doc:"Why it is closed; an empty text opens it again"`
}

// set takes over a value that is there.
func set[V any](to *V, from *V) {
	if from != nil {
		*to = *from
	}
}

func (s *server) apiUpdateOpportunity(ctx context.Context, in *struct {
	ItemPath
	Body opportunityChange
},
) (*answer[storedOpportunity], error) {
	b := in.Body
	o, err := s.writer.UpdateOpportunity(ctx, in.Journey, in.ID, b.Revision, func(o *aggregate.Opportunity) {
		set(&o.Touchpoint, b.Touchpoint)
		set(&o.Department, b.Department)
		set(&o.Action, b.Action)
		set(&o.Due, b.Due)
		set(&o.Closed, b.Closed)
		if b.Target != nil {
			o.Target.Target = b.Target
		}
	})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return s.stored(ctx, o, b.Target != nil)
}

func (s *server) apiNotes(ctx context.Context, in *JourneyPath) (*answer[[]aggregate.Note], error) {
	list, err := s.store.Notes(ctx, in.Journey)
	return answerOf(ctx, s, append([]aggregate.Note{}, list...), err)
}

// noteBody is a note to be added or changed; of a change, what is left out stays.
type noteBody struct {
	Revision   uint32   `json:"revision,omitempty" doc:"Of a change: the revision that was read; 409 if it has changed since"`
	Kind       *string  `json:"kind,omitempty" enum:"interview,observation,idea" doc:"Default interview"`
	Stage      *string  `json:"stage,omitempty"`
	Touchpoint *string  `json:"touchpoint,omitempty"`
	Persona    *string  `json:"persona,omitempty"`
	Feeling    *float64 `json:"feeling,omitempty" minimum:"-2" maximum:"2" doc:"As the person put it; it is never part of a computed number"`
	Text       *string  `json:"text,omitempty"`
	By         *string  `json:"by,omitempty" doc:"Who wrote it down"`
	Day        *string  `json:"day,omitempty" example:"2026-03-03" doc:"When it was said; default today"`
}

func (b noteBody) apply(n *aggregate.Note) {
	set(&n.Kind, b.Kind)
	set(&n.Stage, b.Stage)
	set(&n.Touchpoint, b.Touchpoint)
	set(&n.Persona, b.Persona)
	set(&n.Text, b.Text)
	set(&n.By, b.By)
	set(&n.Day, b.Day)
	if b.Feeling != nil {
		n.Feeling = b.Feeling
	}
}

func (s *server) apiAddNote(ctx context.Context, in *struct {
	JourneyPath
	Body noteBody
},
) (*answer[aggregate.Note], error) {
	n := aggregate.Note{Journey: journey.JourneyID(in.Journey), Kind: "interview"}
	in.Body.apply(&n)
	n, err := s.writer.AddNote(ctx, n)
	return answerOf(ctx, s, n, err)
}

func (s *server) apiUpdateNote(ctx context.Context, in *struct {
	ItemPath
	Body noteBody
},
) (*answer[aggregate.Note], error) {
	n, err := s.writer.UpdateNote(ctx, in.Journey, in.ID, in.Body.Revision, in.Body.apply)
	return answerOf(ctx, s, n, err)
}

func (s *server) apiDeleteNote(ctx context.Context, in *ItemPath) (*struct{}, error) {
	if err := s.writer.DeleteNote(ctx, in.Journey, in.ID); err != nil {
		return nil, s.apiError(ctx, err)
	}
	return nil, nil //nolint:nilnil // 204
}

func (s *server) apiCorrections(ctx context.Context, _ *struct{}) (*answer[[]aggregate.Correction], error) {
	list, err := s.store.Corrections(ctx)
	return answerOf(ctx, s, append([]aggregate.Correction{}, list...), err)
}

type correctionBody struct {
	Origin  string `json:"origin" doc:"The system the interaction came from"`
	ID      string `json:"id" doc:"Its id there"`
	Label   string `json:"label" enum:"negative,neutral,positive,mixed"`
	Emotion string `json:"emotion,omitempty" enum:"none,satisfaction,impatience,enthusiasm,perplexity,confusion,disappointment,joy,frustration" doc:"Default: the scorer's, if it agrees on the label"`
	By      string `json:"by" minLength:"1" doc:"Who says so"`
	Note    string `json:"note,omitempty" doc:"Why"`
}

func (s *server) apiCorrect(ctx context.Context, in *struct{ Body correctionBody }) (*answer[aggregate.Correction], error) {
	b := in.Body
	c := aggregate.Correction{
		Origin: b.Origin, ID: b.ID, Label: b.Label, Emotion: b.Emotion, By: b.By, Note: b.Note, At: time.Now().UTC().Truncate(time.Millisecond),
	}
	return answerOf(ctx, s, c, s.writer.Correct(ctx, c))
}

type uncorrectInput struct {
	Origin string `query:"origin" required:"true"`
	ID     string `query:"id" required:"true"`
	By     string `query:"by" required:"true" minLength:"1" doc:"Who says so"`
}

func (s *server) apiUncorrect(ctx context.Context, in *uncorrectInput) (*struct{}, error) {
	found, err := s.writer.Uncorrect(ctx, in.Origin, in.ID, in.By, time.Now().UTC().Truncate(time.Millisecond))
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	if !found {
		return nil, huma.Error404NotFound("this interaction is not corrected")
	}
	return nil, nil //nolint:nilnil // 204
}
