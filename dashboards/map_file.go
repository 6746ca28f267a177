package dashboards

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"tappa/aggregate"
	"tappa/dashboards/draw"
	"tappa/journey"
)

// MapFormats are the formats a journey map can be written in.
var MapFormats = []string{"pdf", "svg", "png", "html"}

// MapPages are the sizes of paper, the default first.
var MapPages = []string{"a3", "a4"}

var mapMedia = map[string]string{
	"pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png", "html": "text/html; charset=utf-8",
}

// MapFile says which journey map to write as a file.
type MapFile struct {
	Store   *aggregate.Store
	Journey *journey.Journey
	Query   aggregate.Query // its filters; Journey and Lang are set by those here, AsOf is by default the newest interaction
	Lang    string          // it or en
	Format  string          // one of MapFormats
	Page    string          // one of MapPages
}

// MapError says what was asked for that there is not. Its text is for the asker.
type MapError struct {
	key  string
	args []any
}

func (e *MapError) Error() string { return english(e.key, e.args) }

func (e *MapError) words() (key string, args []any) { return e.key, e.args }

// Write writes the map that the page /map shows, on one page. The same data give the same bytes.
func (m MapFile) Write(ctx context.Context, w io.Writer) error {
	texts, err := loadCatalogue()
	if err != nil {
		return err
	}
	if !slices.Contains(languages, m.Lang) {
		return &MapError{"wrong.language", []any{m.Lang, strings.Join(languages, ", ")}}
	}
	q := m.Query
	q.Journey, q.Lang = string(m.Journey.ID), m.Lang
	if q.AsOf.IsZero() {
		if q.AsOf, err = m.Store.NewestWalked(ctx); err != nil {
			return err
		}
	}
	r := &request{
		server: &server{store: m.Store, journeys: []*journey.Journey{m.Journey}, texts: texts},
		ctx:    ctx, path: "/map", lang: m.Lang, journey: m.Journey, query: q, format: newFormat(m.Lang, m.Journey.Location, texts),
	}
	r.query.Name = r.named
	err = r.writeMap(w, m.Format, m.Page)
	if missing := (notFoundError{}); errors.As(err, &missing) {
		return fmt.Errorf("journey %q: %s", m.Journey.ID, texts.text("en", missing.key))
	}
	return err
}

// writeMap writes the map as a file.
func (r *request) writeMap(w io.Writer, format, page string) error {
	paper, ok := draw.Pages[page]
	if !ok {
		return &MapError{"wrong.page", []any{page, strings.Join(MapPages, ", ")}}
	}
	if err := r.checkPersona(); err != nil {
		return err
	}
	c, err := r.mapContent()
	if err != nil {
		return err
	}
	if !c.anybody() {
		return notFoundError{"map.nobody"}
	}
	return draw.Write(w, r.mapSheet(c), paper, format)
}

// checkPersona refuses a persona that does not exist: on paper nobody sees that an empty map comes of a slip.
func (r *request) checkPersona() error {
	known := []string{"-"}
	for _, p := range r.journey.Personas {
		known = append(known, string(p.ID))
	}
	if id := r.query.Persona; id != "" && !slices.Contains(known, id) {
		return &MapError{"wrong.persona", []any{id, r.journey.ID, strings.Join(append(known[1:], "-"), ", ")}}
	}
	return nil
}

// anybody says whether somebody entered a stage.
func (c mapContent) anybody() bool {
	for _, stage := range c.Stages {
		if stage.Anybody {
			return true
		}
	}
	return false
}

// mapFile answers with the map as a file, made wholly before the first byte is sent.
func (s *server) mapFile(format string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := chooseLanguage(r)
		req, err := s.newRequest(r, lang)
		var b bytes.Buffer
		if err == nil {
			page := req.values.Get("page")
			if page == "" {
				page = MapPages[0]
			}
			err = req.writeMap(&b, format, page)
		}
		if err != nil {
			s.fail(w, r, lang, err)
			return
		}
		w.Header().Set("Content-Type", mapMedia[format])
		w.Header().Set("Content-Disposition", `inline; filename="`+string(req.journey.ID)+"."+format+`"`)
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'")
		w.Header().Set("Cache-Control", "no-store")
		if _, err := b.WriteTo(w); err != nil {
			s.logger.DebugContext(r.Context(), "write map", "format", format, "error", err) // who asked has gone
		}
	})
}

// mapFiles links the same map as files: as of the instant that the page shows.
func (r *request) mapFiles() []link {
	var out []link
	for _, format := range MapFormats {
		out = append(out, link{Label: strings.ToUpper(format), Href: r.behind("/map."+format, "lang", r.lang)})
	}
	return out
}
