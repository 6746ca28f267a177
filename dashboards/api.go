package dashboards

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tappa/aggregate"
)

// apiBase is where the HTTP API stands; its OpenAPI description is at apiBase/openapi.json and .yaml.
const apiBase = "/api/v1"

// FilterParams are the query parameters every report takes.
type FilterParams struct {
	Journey    string `path:"journey" doc:"Journey id"`
	From       string `query:"from" doc:"Entered from: a day in the journey's time zone, or RFC 3339" example:"2026-01-01"`
	To         string `query:"to" doc:"Entered before"`
	Period     string `query:"period" enum:"all,12m,6m,3m,1m" doc:"Months before as_of, where from is not given"`
	AsOf       string `query:"as_of" doc:"Instant everything is computed as of (a day means its end); default: the newest interaction, never later than now"`
	Persona    string `query:"persona"`
	Channel    string `query:"channel"`
	Touchpoint string `query:"touchpoint"`
	Department string `query:"department"`
	Stage      string `query:"stage"`
	Account    string `query:"account" doc:"- is nobody's, + any account's, or an account"`
	Customer   string `query:"customer" enum:"new,existing" doc:"existing: an earlier case of the same customer was completed"`
	ValueMin   string `query:"value_min" doc:"The case had shown at least this value by then"`
	ValueMax   string `query:"value_max" doc:"The case had shown no more than this value by then"`
	CaseID     string `query:"case_id" doc:"Of the timeline: the case"`
	State      string `query:"state" doc:"State of a visit or case at as_of, e.g. in_progress, lost, lost_silent"`
	Lang       string `query:"lang" enum:"it,en" doc:"Language in which is said how the numbers came about; default: en"`
	By         string `query:"by" enum:"stage,touchpoint,department,persona,channel" doc:"What timing and mood are split by"`
}

func (p FilterParams) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"from": p.From, "to": p.To, "period": p.Period, "as_of": p.AsOf, "persona": p.Persona, "channel": p.Channel,
		"touchpoint": p.Touchpoint, "department": p.Department, "stage": p.Stage, "account": p.Account, "customer": p.Customer,
		"value_min": p.ValueMin, "value_max": p.ValueMax, "case_id": p.CaseID, "state": p.State, "by": p.By,
	} {
		v.Set(name, value)
	}
	return v
}

// routeAPI adds the HTTP API to mux.
func (s *server) routeAPI(mux *http.ServeMux) {
	config := huma.DefaultConfig("tappa", "1")
	config.Info.Description = "Customer journeys computed from what customers did. The numbers are those of the SQL views of the same name."
	config.OpenAPIPath = apiBase + "/openapi"
	config.SchemasPath = ""
	config.DocsPath = "" // the usual documentation page loads scripts from elsewhere
	config.CreateHooks = nil
	config.RejectUnknownQueryParameters = true // a filter that is misspelt would leave in what it was to leave out
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	api := humago.New(mux, config)

	huma.Register(api, get("status", "/status", "How much data there is, and how fresh it is"), s.apiStatus)
	huma.Register(api, get("list-journeys", "/journeys", "The journeys and their stages"), s.apiJourneys)
	huma.Register(api, get("list-reports", "/reports", "The reports there are"), s.apiReports)
	huma.Register(api, get("report", "/journeys/{journey}/reports/{name}", "Any report"), s.apiReport)
	huma.Register(api, get("report-file", "/journeys/{journey}/reports/{name}/{format}", "Any report as a file: csv, xlsx, parquet"), s.apiReportFile)
	huma.Register(api, get("snapshot-file", "/journeys/{journey}/snapshots/{month}/{format}", "A snapshot's numbers as a file: csv, xlsx, parquet"), s.apiSnapshotFile)
	s.routeLoop(api)
	s.routeAlerts(api)
	huma.Register(api, get("case", "/journeys/{journey}/cases/{id}", "One case: visits, waits, timeline; texts are masked"), s.apiCase)
	s.routePeople(api)
}

func get(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: apiBase + path, Summary: summary}
}

// shownRefreshes is how many runs the status lists.
const shownRefreshes = 10

type statusBody struct {
	Interactions int64     `json:"interactions" doc:"Distinct interactions stored"`
	Unmapped     int64     `json:"unmapped" doc:"Of these, matched by no rule"`
	Revision     uint64    `json:"revision" doc:"Changes whenever a number may have changed"`
	AsOf         time.Time `json:"as_of" doc:"Default as-of instant"`

	Refreshes []aggregate.RefreshRun `json:"refreshes" doc:"The newest runs that froze a month, failed ones too, newest first"`
}

func (s *server) apiStatus(ctx context.Context, _ *struct{}) (*struct{ Body statusBody }, error) {
	totals, err := s.store.Totals(ctx)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	newest, err := s.store.NewestWalked(ctx)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	runs, err := s.store.RefreshRuns(ctx, shownRefreshes)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body statusBody }{statusBody{totals.Interactions, totals.Unmapped, totals.Revision, newest, runs}}, nil
}

type journeyBody struct {
	ID       string            `json:"id"`
	Labels   map[string]string `json:"labels"`
	Version  string            `json:"version" doc:"Hash of the definition"`
	TimeZone string            `json:"time_zone"`
	Stages   []namedBody       `json:"stages"`
	Personas []namedBody       `json:"personas"`
}

type namedBody struct {
	ID     string            `json:"id"`
	Labels map[string]string `json:"labels"`
}

func (s *server) apiJourneys(context.Context, *struct{}) (*struct{ Body []journeyBody }, error) {
	out := &struct{ Body []journeyBody }{Body: []journeyBody{}}
	for _, j := range s.journeys {
		body := journeyBody{
			ID: string(j.ID), Labels: j.Labels, Version: j.Version, TimeZone: j.Location.String(),
			Stages: []namedBody{}, Personas: []namedBody{},
		}
		for _, stage := range j.Stages {
			body.Stages = append(body.Stages, namedBody{string(stage.ID), stage.Labels})
		}
		for _, p := range j.Personas {
			body.Personas = append(body.Personas, namedBody{string(p.ID), p.Labels})
		}
		out.Body = append(out.Body, body)
	}
	return out, nil
}

type reportInfoBody struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

func (s *server) apiReports(context.Context, *struct{}) (*struct{ Body []reportInfoBody }, error) {
	out := &struct{ Body []reportInfoBody }{}
	for _, info := range aggregate.Reports() {
		out.Body = append(out.Body, reportInfoBody{info.Name, info.About})
	}
	return out, nil
}

type reportInput struct {
	FilterParams
	Name string `path:"name" doc:"Report name, e.g. dropoff"`
}

type reportBody struct {
	Name    string           `json:"name"`
	AsOf    time.Time        `json:"as_of"`
	How     string           `json:"how" doc:"How the numbers were computed"`
	Columns []columnBody     `json:"columns"`
	Rows    []map[string]any `json:"rows"`
}

type columnBody struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty" doc:"s is seconds, share a fraction of 1"`
}

func (s *server) apiReport(ctx context.Context, in *reportInput) (*struct{ Body reportBody }, error) {
	report, err := s.apiAsk(ctx, in)
	if err != nil {
		return nil, err
	}
	out := reportBody{Name: report.Name, AsOf: report.AsOf, How: report.How, Rows: []map[string]any{}}
	for _, c := range report.Columns {
		out.Columns = append(out.Columns, columnBody{c.Name, c.Unit})
	}
	for _, values := range report.Rows {
		row := map[string]any{}
		for i, c := range report.Columns {
			row[c.Name] = values[i]
		}
		out.Rows = append(out.Rows, row)
	}
	return &struct{ Body reportBody }{out}, nil
}

func (s *server) apiAsk(ctx context.Context, in *reportInput) (aggregate.Report, error) {
	j, err := s.findJourney(in.Journey)
	if err != nil {
		return aggregate.Report{}, huma.Error404NotFound(err.Error())
	}
	known := false
	for _, info := range aggregate.Reports() {
		known = known || info.Name == in.Name
	}
	if !known {
		return aggregate.Report{}, huma.Error404NotFound("there is no report \"" + in.Name + "\"; " + apiBase + "/reports lists them")
	}
	q, err := s.parseQuery(ctx, j, in.values())
	if err != nil {
		return aggregate.Report{}, s.apiError(ctx, err)
	}
	if in.Lang != "" {
		q.Lang, q.Name = in.Lang, (&request{server: s, lang: in.Lang, journey: j}).named
	}
	report, err := s.store.Report(ctx, in.Name, q)
	if err != nil {
		return aggregate.Report{}, s.apiError(ctx, err)
	}
	return report, nil
}

type caseInput struct {
	Journey string `path:"journey"`
	ID      string `path:"id" doc:"Case id"`
	AsOf    string `query:"as_of"`
}

func (s *server) apiCase(ctx context.Context, in *caseInput) (*struct{ Body aggregate.CaseDetail }, error) {
	j, err := s.findJourney(in.Journey)
	if err != nil {
		return nil, huma.Error404NotFound(err.Error())
	}
	q, err := s.parseQuery(ctx, j, url.Values{"as_of": {in.AsOf}})
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	detail, err := s.store.Case(ctx, string(j.ID), in.ID, q.AsOf)
	if errors.Is(err, aggregate.ErrNoCase) {
		return nil, huma.Error404NotFound("there is no case \"" + in.ID + "\"")
	}
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body aggregate.CaseDetail }{detail}, nil
}

// apiError turns what the caller did wrong into 400, a database that is away into 503, and anything else into 500; the last two are logged.
func (s *server) apiError(ctx context.Context, err error) error {
	var bad badRequestError
	if errors.As(err, &bad) {
		return huma.Error400BadRequest(bad.Error())
	}
	var query *aggregate.BadQueryError
	if errors.As(err, &query) {
		return huma.Error400BadRequest(query.Error())
	}
	for _, missing := range []error{aggregate.ErrNoOpportunity, aggregate.ErrNoNote, aggregate.ErrNoSnapshot, aggregate.ErrNoText} {
		if errors.Is(err, missing) {
			return huma.Error404NotFound(err.Error())
		}
	}
	if errors.Is(err, aggregate.ErrChanged) {
		return huma.Error409Conflict(err.Error())
	}
	s.logger.ErrorContext(ctx, "answer api", "error", err)
	if aggregate.Unreachable(err) {
		away := huma.Error503ServiceUnavailable("the database does not answer; nothing is lost, try again in a moment")
		return huma.ErrorWithHeaders(away, http.Header{"Retry-After": {retryAfter}})
	}
	return huma.Error500InternalServerError(err.Error())
}
