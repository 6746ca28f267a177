package dashboards

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"tappa/aggregate"
	"tappa/journey"
)

// frame is what every page has around its content.
type frame struct {
	Lang     string
	Title    string
	Heading  string
	Path     string
	Keep     string // the filters that go with the reader from page to page, as a query string
	Nav      []link
	Langs    []link
	Revision uint64
	Status   status
	Filters  filters
	Empty    string
	How      []string
}

type link struct {
	Label, Href string
	Current     bool
}

// status says how fresh and how complete the data is.
type status struct {
	AsOf, Interactions, Unmapped string
}

// filters is the form above a page's content.
type filters struct {
	Path     string
	Hidden   []pair
	Selects  []selectBox
	From, To string // where the address has a period of its own: days or instants, as asked for
	AsOf     string // likewise
}

type pair struct{ Name, Value string }

type selectBox struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Label string
	Selected     bool
}

var navigation = []struct{ path, key string }{
	{"/map", "nav.map"},
	{"/funnel", "nav.funnel"},
	{"/waits", "nav.waits"},
	{"/mood", "nav.mood"},
	{"/cases", "nav.cases"},
	{"/people", "nav.people"},
	{"/months", "nav.months"},
	{"/reports", "nav.reports"},
}

// frame builds what surrounds a page; hidden names filters of this page that the form has to carry along.
func (r *request) frame(titleKey string, hidden ...string) (frame, error) {
	totals, err := r.server.store.Totals(r.ctx)
	if err != nil {
		return frame{}, err
	}
	f := frame{
		Lang: r.lang, Title: r.text(titleKey), Heading: r.text(titleKey) + " · " + r.journey.Labels.In(r.lang),
		Path: r.path, Revision: totals.Revision,
		Status: status{
			AsOf: r.format.Time(r.query.AsOf), Interactions: r.format.Count(totals.Interactions),
			Unmapped: r.format.Count(totals.Unmapped),
		},
		Filters: r.filters(hidden),
	}
	r.lead(&f)
	f.Langs = r.langs()
	if f.Empty, err = r.empty(totals); err != nil {
		return frame{}, err
	}
	return f, nil
}

// lead adds the ways to the other pages, with the filters that the reader takes along.
func (r *request) lead(f *frame) {
	f.Keep = r.href("")
	for _, n := range navigation {
		f.Nav = append(f.Nav, link{Label: r.text(n.key), Href: r.href(n.path), Current: r.path == n.path})
	}
}

// langs are this very page in each language.
func (r *request) langs() (out []link) {
	for _, l := range languages {
		out = append(out, link{Label: l, Href: r.here("lang", l), Current: l == r.lang})
	}
	return out
}

// bareFrame is what surrounds a page of an error: what can be said without the database, which may be what is away. Of the filters, which may
// be what is wrong, the ways to other pages take only the journey along.
func (s *server) bareFrame(r *http.Request, lang string) frame {
	req := &request{server: s, path: r.URL.Path, lang: lang, values: url.Values{}}
	if j := r.URL.Query().Get("journey"); j != "" {
		if _, err := s.findJourney(j); err == nil {
			req.values.Set("journey", j)
		}
	}
	f := frame{Lang: lang, Title: req.text("error.title")}
	req.lead(&f)
	req.values = r.URL.Query()
	f.Langs = req.langs()
	return f
}

// empty says why there is nothing to show: nothing is stored, or nothing had happened by the instant asked for.
func (r *request) empty(totals aggregate.Totals) (string, error) {
	if totals.Interactions == 0 {
		return r.text("empty.text"), nil
	}
	if r.values.Get("as_of") == "" && r.values.Get("at") == "" {
		return "", nil
	}
	if any, err := r.server.store.AnyBy(r.ctx, r.query.AsOf); err != nil || any {
		return "", err
	}
	oldest, err := r.server.store.Oldest(r.ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(r.text("empty.before"), r.format.Time(r.query.AsOf), r.format.Time(oldest)), nil
}

// here is the address of this very page with one value changed.
func (r *request) here(name, value string) string {
	v := url.Values{}
	for k, values := range r.values {
		v[k] = values
	}
	v.Set(name, value)
	return r.path + "?" + v.Encode()
}

func (r *request) filters(hidden []string) filters {
	f := filters{Path: r.path, From: r.values.Get("from"), To: r.values.Get("to"), AsOf: r.values.Get("as_of")}
	for _, name := range append([]string{"value_min", "value_max"}, hidden...) {
		if v := r.values.Get(name); v != "" {
			f.Hidden = append(f.Hidden, pair{name, v})
		}
	}
	if len(r.server.journeys) > 1 {
		box := selectBox{Name: "journey", Label: r.text("filter.journey")}
		for _, j := range r.server.journeys {
			box.Options = append(box.Options, option{string(j.ID), j.Labels.In(r.lang), j == r.journey})
		}
		f.Selects = append(f.Selects, box)
	}
	if len(r.journey.Personas) > 0 {
		f.Selects = append(f.Selects, r.choice("persona", "filter.persona", personaOptions(r.journey, r.lang)))
	}
	f.Selects = append(f.Selects, r.choice("channel", "filter.channel", channelOptions(r.journey, r.lang)))
	f.Selects = append(f.Selects,
		r.choice("customer", "filter.customer", []option{{Value: "new", Label: r.text("customer.new")}, {Value: "existing", Label: r.text("customer.existing")}}),
		r.choice("account", "filter.account", []option{{Value: "+", Label: r.text("account.with")}, {Value: "-", Label: r.text("account.without")}}))
	f.Selects = append(f.Selects, r.asked()...)
	var months []option
	for _, p := range periods[1:] {
		months = append(months, option{Value: p.key, Label: r.text("period." + p.key)})
	}
	f.Selects = append(f.Selects, r.choice("period", "filter.period", months))
	return f
}

// asked are select boxes of filters that stand in the form only where the address has them.
func (r *request) asked() (boxes []selectBox) {
	for _, kind := range []string{"touchpoint", "department"} {
		if r.values.Get(kind) == "" {
			continue
		}
		var options []option
		for _, id := range r.journey.Names(kind) {
			options = append(options, option{Value: id, Label: r.journey.Label(kind, id, r.lang)})
		}
		boxes = append(boxes, r.choice(kind, "by."+kind, options))
	}
	return boxes
}

// choice is a select box whose first option takes the filter away. What the address asks for is among the options, whatever it is.
func (r *request) choice(name, key string, options []option) selectBox {
	all := r.text("filter.all")
	if own := "filter.all." + name; r.text(own) != own {
		all = r.text(own)
	}
	box := selectBox{Name: name, Label: r.text(key), Options: append([]option{{Label: all}}, options...)}
	asked := r.values.Get(name)
	if !slices.ContainsFunc(box.Options, func(o option) bool { return o.Value == asked }) {
		label := asked
		if asked == "-" {
			label = r.text("filter.none")
		}
		box.Options = append(box.Options, option{Value: asked, Label: label})
	}
	for i := range box.Options {
		box.Options[i].Selected = box.Options[i].Value == r.values.Get(name)
	}
	return box
}

func personaOptions(j *journey.Journey, lang string) []option {
	var out []option
	for _, p := range j.Personas {
		out = append(out, option{Value: string(p.ID), Label: p.Labels.In(lang)})
	}
	return out
}

func channelOptions(j *journey.Journey, lang string) []option {
	var out []option
	seen := map[string]bool{}
	for _, t := range j.Touchpoints {
		for _, c := range t.Channels {
			if !seen[c] {
				seen[c] = true
				out = append(out, option{Value: c, Label: j.ChannelLabel(c, lang)})
			}
		}
	}
	return out
}
