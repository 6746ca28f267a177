// Package dashboards shows the numbers: pages for people, an HTTP API for programs. It computes none of them: both ask
// the same views of package aggregate, so both show the same number. No page needs the network.
package dashboards

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

//go:embed ui/*.html ui/*.js ui/*.css ui/*.svg ui/vendor/*
var assets embed.FS

// Options says what the pages show.
type Options struct {
	Store    *aggregate.Store   // read-only is enough
	Journeys []*journey.Journey // in the order they are offered
	Logger   *slog.Logger

	// Explain returns the mood of a customer's text, and the words that spoke for it; nil explains nothing.
	Explain func(text string) (label string, words []string)

	Writer *aggregate.Store // what changes go through; nil: the API changes nothing
	Access Access           // who may change something
	Alerts Alerts           // nil: none are watched
}

// server answers pages and API.
type server struct {
	store    *aggregate.Store
	journeys []*journey.Journey
	logger   *slog.Logger
	explain  func(text string) (label string, words []string)
	writer   *aggregate.Store
	access   Access
	alerts   Alerts
	texts    catalogue
	pages    map[string]*template.Template
}

// pageNames are the templates of ui/, each read together with the layout.
var pageNames = []string{"map", "funnel", "report", "cases", "case", "people", "months", "error"}

// New returns the handler of pages, assets and API.
func New(opts Options) (http.Handler, error) {
	texts, err := loadCatalogue()
	if err != nil {
		return nil, err
	}
	s := &server{
		store: opts.Store, journeys: opts.Journeys, logger: opts.Logger, explain: opts.Explain, texts: texts,
		writer: opts.Writer, access: opts.Access, alerts: opts.Alerts,
	}
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	ui, err := fs.Sub(assets, "ui")
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", cached(http.FileServerFS(ui))))
	mux.Handle("GET /{$}", http.RedirectHandler("/map", http.StatusFound))
	mux.Handle("GET /map", s.page(s.mapPage))
	for _, format := range MapFormats {
		mux.Handle("GET /map."+format, s.mapFile(format))
	}
	mux.Handle("GET /funnel", s.page(s.funnelPage))
	mux.Handle("GET /waits", s.page(s.waitsPage))
	mux.Handle("GET /mood", s.page(s.moodPage))
	mux.Handle("GET /cases", s.page(s.casesPage))
	mux.Handle("GET /case/{id}", s.page(s.casePage))
	mux.Handle("GET /people", s.page(s.peoplePage))
	mux.Handle("GET /months", s.page(s.monthsPage))
	mux.Handle("GET /reports", s.page(s.reportsPage))
	mux.Handle("GET /reports/{name}", s.page(s.reportPage))
	s.routeAPI(mux)
	mux.Handle("/", s.page(func(*request) (string, any, error) {
		return "", nil, notFoundError{"error.notfound"}
	}))
	return secured(mux), nil
}

func parsePages() (map[string]*template.Template, error) {
	pages := map[string]*template.Template{}
	placeholder := template.FuncMap{"t": func(key string) string { return key }}
	for _, name := range pageNames {
		t, err := template.New(name).Funcs(placeholder).ParseFS(assets, "ui/layout.html", "ui/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		pages[name] = t
	}
	return pages, nil
}

// notFoundError carries the message key of what is not there.
type notFoundError struct{ key string }

func (e notFoundError) Error() string { return e.key }

// page turns a page function into a handler: it builds the request, renders what the function returns, and shows errors
// as pages too.
func (s *server) page(f func(*request) (name string, content any, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := chooseLanguage(r)
		if r.URL.Query().Get("lang") == lang {
			http.SetCookie(w, &http.Cookie{Name: "lang", Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, HttpOnly: true})
		}
		req, err := s.newRequest(r, lang)
		if err != nil {
			s.fail(w, r, lang, err)
			return
		}
		name, content, err := f(req)
		if err != nil {
			s.fail(w, r, lang, err)
			return
		}
		s.render(w, r, lang, http.StatusOK, name, content)
	})
}

// render executes a page wholly before the first byte is sent, so that a failing template is an error and not half a
// page.
func (s *server) render(w http.ResponseWriter, r *http.Request, lang string, code int, name string, content any) {
	t, err := s.pages[name].Clone()
	if err == nil {
		t.Funcs(template.FuncMap{"t": func(key string) string { return s.texts.text(lang, key) }})
		var body bytes.Buffer
		if err = t.ExecuteTemplate(&body, "layout", content); err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(code)
			_, _ = body.WriteTo(w)
			return
		}
	}
	s.logger.ErrorContext(r.Context(), "render page", "page", name, "error", err)
	http.Error(w, s.texts.text(lang, "error.title"), http.StatusInternalServerError)
}

// retryAfter is when to ask again while the database is away, in seconds.
const retryAfter = "10"

type errorContent struct {
	frame
	Message string
}

// fail shows an error as a page: what the user did wrong in the reader's words, anything else as it is, and logged.
func (s *server) fail(w http.ResponseWriter, r *http.Request, lang string, err error) {
	code, message := http.StatusInternalServerError, fmt.Sprintf(s.texts.text(lang, "error.internal"), err)
	var missing notFoundError
	var bad badRequestError
	var query *aggregate.BadQueryError
	var file *MapError
	switch {
	case errors.As(err, &missing):
		code, message = http.StatusNotFound, s.texts.text(lang, missing.key)
	case errors.As(err, &bad), errors.As(err, &query), errors.As(err, &file):
		code, message = http.StatusBadRequest, s.texts.mistake(lang, err)
	case r.Context().Err() != nil:
		return // nobody is listening any more
	case aggregate.Unreachable(err): // where the database is, the reader need not know
		code, message = http.StatusServiceUnavailable, s.texts.text(lang, "error.away")
		w.Header().Set("Retry-After", retryAfter)
		s.logger.ErrorContext(r.Context(), "answer page", "path", r.URL.Path, "error", err)
	default:
		s.logger.ErrorContext(r.Context(), "answer page", "path", r.URL.Path, "error", err)
	}
	s.render(w, r, lang, code, "error", errorContent{s.bareFrame(r, lang), message})
}

// secured adds the headers that keep a page to its own scripts and nobody else's frames.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// cached lets browsers keep assets for a while; they change only with the binary.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", fmt.Sprintf("max-age=%d", int((10*time.Minute).Seconds())))
		next.ServeHTTP(w, r)
	})
}
