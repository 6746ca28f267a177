package chdb

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
)

// peekSize is how much of a body is looked at for the INSERT … FORMAT at its start, and maxText how long a statement
// may be that is not an insert with data.
const (
	peekSize = 256 << 10
	maxText  = 64 << 20
)

// reserved are the parameters of ClickHouse's HTTP interface that are not settings. Those with true have no meaning
// here and are passed over: the listener is on loopback and has one user.
var reserved = map[string]bool{
	"query": false, "database": false, "default_format": false, "compress": false, "decompress": false,
	"wait_end_of_query": false, "session_id": false,
	"query_id": true, "quota_key": true, "user": true, "password": true, "client_protocol_version": true,
	"stacktrace": true, "role": true, "buffer_size": true, "close_session": true, "session_check": true,
	"session_timeout": true,
}

// readStatement turns a request into what is to be run. The statement's data, if it has any, are read from the body
// while it runs.
func readStatement(r *http.Request) (*statement, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil, newException(codeNotImplemented, "External tables are not supported by the embedded engine")
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, newException(codeBadRequest, "Cannot read the query string: %v", err)
	}
	if values.Get("session_id") != "" {
		return nil, newException(codeNotImplemented, "Sessions are not supported by the embedded engine: each query has its own")
	}
	st := &statement{
		database: firstOf(values.Get("database"), r.Header.Get("X-ClickHouse-Database")),
		format:   firstOf(values.Get("default_format"), r.Header.Get("X-ClickHouse-Format"), "TabSeparated"),
		whole:    isOn(values.Get("wait_end_of_query")),
	}
	for name, vs := range values {
		value := vs[len(vs)-1]
		if p, ok := strings.CutPrefix(name, "param_"); ok {
			st.params = append(st.params, param{p, value})
		} else if _, ok := reserved[name]; !ok {
			st.settings = append(st.settings, setting{name, value})
		}
	}
	body, err := decodeBody(r, isOn(values.Get("decompress")))
	if err != nil {
		return nil, err
	}
	return st, st.readText(values.Get("query"), body)
}

// readText finds the statement's text in the parameter query, in the body, or in both one after the other, and leaves
// the rest of the body as its data.
func (st *statement) readText(query string, body io.Reader) error {
	if query != "" && st.setInsert(query, body) {
		return nil
	}
	start, err := io.ReadAll(io.LimitReader(body, peekSize))
	if err != nil {
		return errBody{err}
	}
	text := query + string(start)
	// VALUES that stand in the text may hold expressions and parameters: the engine reads them with the statement.
	if _, format, _, ok := cutInsert(text); ok && format != "Values" && st.setInsert(text, body) {
		return nil
	}
	rest, err := io.ReadAll(io.LimitReader(body, maxText))
	switch {
	case err != nil:
		return errBody{err}
	case len(rest) == maxText:
		return newException(codeSyntax, "Query is longer than %d bytes", maxText)
	}
	st.sql = text + string(rest)
	if strings.TrimSpace(st.sql) == "" {
		return newException(codeSyntax, "Empty query")
	}
	return nil
}

// decodeBody undoes HTTP's compression of a body, and then ClickHouse's own.
func decodeBody(r *http.Request, blocks bool) (io.Reader, error) {
	var body io.Reader = r.Body
	var err error
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	case "br":
		body = brotli.NewReader(body)
	default:
		return nil, newException(codeNotImplemented, "Content-Encoding %s is not supported by the embedded engine", encoding)
	}
	if err != nil {
		return nil, newException(codeBadRequest, "Cannot decompress the body: %v", err)
	}
	if blocks {
		body = compress.NewReader(body)
	}
	return body, nil
}

// checkOrigin keeps browsers out: a page of some web site must not reach the engine through its visitor's browser,
// neither across origins nor by a name that it made resolve to loopback.
func checkOrigin(r *http.Request) error {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return errors.New("the engine is not for browsers")
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("host %q is not loopback", r.Host)
	}
	return nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func isOn(value string) bool { return value == "1" || strings.EqualFold(value, "true") }
