package dashboards

import (
	"context"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// request is what a page needs to know about who asks for what.
type request struct {
	server  *server
	ctx     context.Context
	path    string
	values  url.Values
	id      string // path value {id} or {name}
	lang    string
	journey *journey.Journey
	query   aggregate.Query
	format  format
}

// badRequestError says what in the address is wrong: the key of a text, and what it is about.
type badRequestError struct {
	key  string
	args []any
}

func badRequest(key string, args ...any) badRequestError { return badRequestError{key, args} }

// Error is the text in English, as programs read it; pages say it in the reader's language.
func (e badRequestError) Error() string { return english(e.key, e.args) }

func (e badRequestError) words() (key string, args []any) { return e.key, e.args }

// periods are the choices of how far back entries are looked at, in months before the as-of instant; 0 is all.
var periods = []struct {
	key    string
	months int
}{{"all", 0}, {"12m", 12}, {"6m", 6}, {"3m", 3}, {"1m", 1}}

// parameters are what an address may say. Another one is a mistake: what it was to leave out would be shown, and counted.
var parameters = []string{
	"account", "after", "all", "as_of", "at", "before", "by", "case", "case_id", "channel", "customer", "department", "from", "journey", "kind",
	"lang", "page", "period", "persona", "q", "rows", "stage", "state", "to", "touched", "touchpoint", "value_max", "value_min", "wide",
}

// checkParameters refuses a parameter that there is not, and one that is given two values, of which one would count.
func checkParameters(v url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if !slices.Contains(parameters, name) {
			return badRequest("wrong.parameter", name, strings.Join(parameters, ", "))
		}
		for _, other := range v[name][1:] {
			if other != v[name][0] {
				return badRequest("wrong.twice", name, v[name][0], other)
			}
		}
	}
	if lang := v.Get("lang"); lang != "" && !slices.Contains(languages, lang) {
		return badRequest("wrong.language", lang, strings.Join(languages, ", "))
	}
	return nil
}

func (s *server) newRequest(r *http.Request, lang string) (*request, error) {
	req := &request{server: s, ctx: r.Context(), path: r.URL.Path, values: r.URL.Query(), lang: lang}
	if req.id = r.PathValue("id"); req.id == "" {
		req.id = r.PathValue("name")
	}
	if len(s.journeys) == 0 {
		return nil, notFoundError{"empty.journey"}
	}
	if err := checkParameters(req.values); err != nil {
		return nil, err
	}
	var err error
	if req.journey, err = s.findJourney(req.values.Get("journey")); err != nil {
		return nil, err
	}
	req.format = newFormat(lang, req.journey.Location, s.texts)
	if req.query, err = s.parseQuery(req.ctx, req.journey, req.values); err != nil {
		return nil, err
	}
	req.query.Lang, req.query.Name = lang, req.named
	return req, nil
}

func (s *server) findJourney(id string) (*journey.Journey, error) {
	if id == "" {
		return s.journeys[0], nil
	}
	for _, j := range s.journeys {
		if string(j.ID) == id {
			return j, nil
		}
	}
	return nil, badRequest("wrong.journey", id)
}

// parseQuery reads the filters of an address. as_of (or at, see behind) is a day (its end counts) or an instant; from and to likewise, a
// day being its beginning; period counts months back from as_of and gives way to from.
func (s *server) parseQuery(ctx context.Context, j *journey.Journey, v url.Values) (aggregate.Query, error) {
	q := aggregate.Query{
		Journey: string(j.ID), Persona: v.Get("persona"), Channel: v.Get("channel"), Touchpoint: v.Get("touchpoint"),
		Department: v.Get("department"), Stage: v.Get("stage"), State: v.Get("state"), By: v.Get("by"),
		Account: v.Get("account"), Customer: v.Get("customer"), Case: v.Get("case_id"),
	}
	var err error
	if q.ValueMin, err = parseAmount(v.Get("value_min")); err != nil {
		return q, err
	}
	if q.ValueMax, err = parseAmount(v.Get("value_max")); err != nil {
		return q, err
	}
	asOf := v.Get("as_of")
	if asOf == "" {
		asOf = v.Get("at")
	}
	if q.AsOf, err = parseInstant(asOf, j.Location, 24*time.Hour-time.Millisecond); err != nil {
		return q, err
	}
	if q.AsOf.IsZero() {
		if q.AsOf, err = s.store.NewestWalked(ctx); err != nil {
			return q, err
		}
	}
	if q.From, err = parseInstant(v.Get("from"), j.Location, 0); err != nil {
		return q, err
	}
	if q.To, err = parseInstant(v.Get("to"), j.Location, 0); err != nil {
		return q, err
	}
	months, err := parsePeriod(v.Get("period"))
	if months > 0 && q.From.IsZero() {
		q.From = q.AsOf.In(j.Location).AddDate(0, -months, 0)
	}
	return q, err
}

// parsePeriod gives how many months back a period goes; 0 is all time.
func parsePeriod(s string) (months int, err error) {
	var known []string
	for _, p := range periods {
		if p.key == s || s == "" {
			return p.months, nil // of none, the first: all
		}
		known = append(known, p.key)
	}
	return 0, badRequest("wrong.period", s, strings.Join(known, ", "))
}

// parseAmount reads a number; "" is 0.
func parseAmount(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, badRequest("wrong.amount", s)
	}
	return f, nil
}

// parseInstant reads RFC 3339, or a day in loc to which endOfDay is added; "" is the zero time.
func parseInstant(s string, loc *time.Location, endOfDay time.Duration) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, s, loc)
	if err != nil {
		return time.Time{}, badRequest("wrong.date", s)
	}
	return day.Add(endOfDay).UTC(), nil
}

func (r *request) text(key string) string { return r.server.texts.text(r.lang, key) }

// filterNames are the parameters of an address by which its numbers are filtered. They go along from page to page.
var filterNames = []string{
	"persona", "channel", "touchpoint", "department", "account", "customer", "value_min", "value_max", "period", "from", "to", "as_of",
}

// href returns path with the address's lasting filters (journey, persona, period, as-of), changed by pairs of name and
// value; an empty value takes a filter away.
func (r *request) href(path string, pairs ...string) string {
	v := url.Values{}
	for _, name := range append([]string{"journey"}, filterNames...) {
		if value := r.values.Get(name); value != "" {
			v.Set(name, value)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
			continue
		}
		v.Set(pairs[i], pairs[i+1])
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// behind is the address of what stands behind a number: it pins the instant the number was computed as of, so that the
// list is as long as the number says, however much has come in meanwhile. The pin does not go on to other pages.
func (r *request) behind(path string, pairs ...string) string {
	return r.href(path, append(pairs, "at", r.query.AsOf.UTC().Format(time.RFC3339Nano))...)
}
