package chdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// handler speaks ClickHouse's HTTP interface, as far as clickhouse-go and a person with curl use it.
type handler struct {
	engine   *Engine
	readOnly bool
}

// ServeHTTP answers one statement.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := checkOrigin(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet, http.MethodHead:
		if !r.URL.Query().Has("query") {
			fmt.Fprintln(w, "Ok.")
			return
		}
	default:
		http.Error(w, "GET or POST a query", http.StatusMethodNotAllowed)
		return
	}
	begun := time.Now()
	res := newResponse(w, isOn(r.URL.Query().Get("compress")))
	st, err := readStatement(r)
	if err == nil {
		res.format = st.format
		st.readOnly = h.readOnly || r.Method != http.MethodPost
		err = h.answer(r, st, res)
	}
	if st != nil {
		h.engine.log.Debug("chdb: query", "sql", shorten(st.sql), "took", time.Since(begun), "error", err)
	}
	if err != nil {
		res.fail(err)
	}
}

func (h *handler) answer(r *http.Request, st *statement, res *response) error {
	if strings.TrimSpace(st.sql) == hello {
		return h.hello(r, res)
	}
	ctx := r.Context()
	if st.data != nil {
		// An insert whose data have come goes on although the client may be gone, as on a server; only Close ends it.
		ctx = context.WithoutCancel(ctx)
	}
	written, err := h.engine.execute(ctx, st, res.write)
	if err != nil {
		return err
	}
	res.written = written
	return res.finish()
}

// hello is what clickhouse-go asks first, to learn whom it speaks to.
const hello = "SELECT displayName(), version(), revision(), timezone()"

// hello answers in the protocol revision that the client decodes this one answer with, which is newer than what the
// engine writes, and tells it revision 0, which is the one of everything that the engine writes and reads.
func (h *handler) hello(r *http.Request, res *response) error {
	revision, err := strconv.Atoi(r.URL.Query().Get("client_protocol_version"))
	if err != nil {
		revision = 0
	}
	text := func(value string) *proto.ColStr {
		column := new(proto.ColStr)
		column.Append(value)
		return column
	}
	columns := []proto.InputColumn{
		{Name: "displayName()", Data: text("tappa")},
		{Name: "version()", Data: text(h.engine.version)},
		{Name: "revision()", Data: &proto.ColUInt32{0}},
		{Name: "timezone()", Data: text("UTC")},
	}
	var buf proto.Buffer
	if err := (proto.Block{Columns: len(columns), Rows: 1}).EncodeBlock(&buf, revision, columns); err != nil {
		return err
	}
	if err := res.write(buf.Buf); err != nil {
		return err
	}
	return res.finish()
}

// response writes a result, or an error in the way that fits what was already written.
type response struct {
	w       http.ResponseWriter
	blocks  *compress.Writer // ClickHouse's own compression, nil for none
	format  string
	tag     string
	begun   bool
	written uint64
}

func newResponse(w http.ResponseWriter, compressed bool) *response {
	res := &response{w: w, tag: strings.ToLower(rand.Text()[:16])}
	if compressed {
		res.blocks = compress.NewWriter(compress.LevelZero, compress.LZ4)
	}
	return res
}

// begin writes the head of a response that will be a result. The tag lets a client tell an error that comes later
// from data that look like one.
func (res *response) begin() {
	res.begun = true
	head := res.w.Header()
	head.Set("Content-Type", "application/octet-stream")
	head.Set("X-ClickHouse-Server-Display-Name", "tappa")
	head.Set("X-ClickHouse-Format", res.format)
	head.Set("X-ClickHouse-Timezone", "UTC")
	head.Set("X-ClickHouse-Exception-Tag", res.tag)
	head.Set("X-ClickHouse-Summary", fmt.Sprintf(`{"written_rows":"%d"}`, res.written))
	res.w.WriteHeader(http.StatusOK)
}

// errGone says that the client does not take its result.
var errGone = errors.New("client is gone")

func (res *response) write(data []byte) error {
	if !res.begun {
		res.begin()
	}
	const frame = 1 << 20
	for len(data) > 0 {
		piece := data[:min(frame, len(data))]
		data = data[len(piece):]
		if res.blocks != nil {
			if err := res.blocks.Compress(piece); err != nil {
				return err
			}
			piece = res.blocks.Data
		}
		if _, err := res.w.Write(piece); err != nil {
			return fmt.Errorf("%w: %w", errGone, err)
		}
	}
	return nil
}

// finish ends a response that is complete, also one without a byte.
func (res *response) finish() error {
	if !res.begun {
		res.w.Header().Set("Content-Length", "0")
		res.begin()
	}
	return nil
}

// fail answers with an error. Before the first byte that is a status and the text. After it, the text goes into the
// body, framed as ClickHouse frames it, and the connection is broken, so that a client that knows nothing of frames
// does not take half a result for a whole one.
func (res *response) fail(err error) {
	var body errBody
	if errors.Is(err, errGone) || errors.As(err, &body) && errors.Is(body.err, io.ErrUnexpectedEOF) {
		panic(http.ErrAbortHandler)
	}
	var ex exception
	if !errors.As(err, &ex) {
		ex = newException(codeUnknown, "%v", err)
	}
	if !res.begun {
		head := res.w.Header()
		head.Set("Content-Type", "text/plain; charset=UTF-8")
		head.Set("X-ClickHouse-Server-Display-Name", "tappa")
		head.Set("X-ClickHouse-Exception-Code", strconv.Itoa(ex.code))
		res.w.WriteHeader(ex.status())
		fmt.Fprintln(res.w, ex.text)
		return
	}
	const limit = 16 << 10 // of the whole frame, as clients expect
	text := ex.text
	if len(text) > limit-128 {
		text = text[:limit-128]
	}
	frame := fmt.Sprintf("\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", res.tag, text, len(text)+1, res.tag)
	if res.write([]byte(frame)) == nil {
		_ = http.NewResponseController(res.w).Flush()
	}
	panic(http.ErrAbortHandler)
}

// shorten makes a statement fit a line of a log.
func shorten(sql string) string {
	sql = strings.Join(strings.Fields(sql[:min(len(sql), 1000)]), " ")
	if len(sql) > 200 {
		sql = sql[:200] + "…"
	}
	return sql
}
