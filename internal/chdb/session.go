package chdb

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"unsafe"
)

// session is one connection to the engine. It runs one statement at a time and must not be used concurrently.
type session struct {
	lib  *library
	conn unsafe.Pointer // what chdb_connect gave; it points at the handle
}

// param is the value of a {name:Type} in the text of a statement, in ClickHouse's escaped text form.
type param struct{ name, value string }

// connect opens a session on the engine's directory with settings of its own, given as --name=value. It returns nil
// if the engine refuses one of them.
func (lib *library) connect(path string, settings ...string) *session {
	args := append([]string{"clickhouse", "--path=" + path}, settings...)
	argv := make([]*byte, len(args)+1)
	for i, a := range args {
		argv[i] = unsafe.SliceData(append([]byte(a), 0))
	}
	conn := lib.connectArgs(int32(len(args)), unsafe.Pointer(unsafe.SliceData(argv)))
	runtime.KeepAlive(argv)
	if conn == nil {
		return nil
	}
	return &session{lib: lib, conn: conn}
}

func (s *session) close() { s.lib.closeConn(s.conn) }

func (s *session) handle() unsafe.Pointer { return *(*unsafe.Pointer)(s.conn) }

// result is what a statement answered. Its bytes are the engine's memory, until free.
type result struct {
	lib *library
	ptr unsafe.Pointer
}

func (r result) bytes() []byte {
	n := r.lib.resultLength(r.ptr)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(r.lib.resultBuffer(r.ptr)), n)
}

func (r result) written() uint64 { return r.lib.resultWritten(r.ptr) }
func (r result) free()           { r.lib.resultFree(r.ptr) }

// take checks a result for an error, and frees it if there is one.
func (s *session) take(ptr unsafe.Pointer) (result, error) {
	if ptr == nil {
		return result{}, newException(codeUnknown, "the engine gave no result")
	}
	r := result{s.lib, ptr}
	if text := s.lib.resultError(ptr); text != "" {
		r.free()
		return result{}, parseException(text)
	}
	return r, nil
}

// run executes a statement and holds its whole result.
func (s *session) run(sql, format string, params []param) (result, error) {
	return s.take(s.call(s.lib.query, sql, format, params))
}

// exec executes a statement whose result does not matter.
func (s *session) exec(sql string) error {
	r, err := s.run(sql, "Null", nil)
	if err == nil {
		r.free()
	}
	return err
}

// column returns the set of values of a one-column query.
func (s *session) column(sql string) (map[string]struct{}, error) {
	r, err := s.run(sql, "TabSeparatedRaw", nil)
	if err != nil {
		return nil, err
	}
	defer r.free()
	set := map[string]struct{}{}
	for line := range strings.Lines(string(r.bytes())) {
		set[strings.TrimSuffix(line, "\n")] = struct{}{}
	}
	return set, nil
}

// stream executes a SELECT and hands out its result piece by piece, as the engine makes it. The bytes are valid only
// during the call of write. An error of write cancels the query and is returned as it is.
func (s *session) stream(sql, format string, params []param, write func([]byte) error) error {
	handle := s.handle()
	query, err := s.take(s.call(s.lib.streamQuery, sql, format, params))
	if err != nil {
		return err
	}
	defer query.free()
	for {
		chunk, err := s.take(s.lib.streamFetch(handle, query.ptr))
		if err != nil {
			return err
		}
		data := chunk.bytes()
		if len(data) == 0 {
			chunk.free()
			return nil
		}
		err = write(data)
		chunk.free()
		if err != nil {
			s.lib.streamCancel(handle, query.ptr)
			return err
		}
	}
}

// errBody wraps what went wrong reading the data of an insert, to tell it from what the engine says.
type errBody struct{ err error }

func (e errBody) Error() string { return "read data: " + e.err.Error() }
func (e errBody) Unwrap() error { return e.err }

// insert executes an INSERT, given without its FORMAT clause, with data in that format, read in pieces of a megabyte.
// It returns the number of rows written. If data fails, nothing of what the engine still held is committed.
func (s *session) insert(sql, format string, params []param, data io.Reader) (uint64, error) {
	stream := s.call(s.lib.insert, sql, format, params)
	if stream == nil {
		return 0, newException(codeUnknown, "the engine gave no insert stream")
	}
	defer s.lib.insertFree(stream)
	if text := s.lib.insertError(stream); text != "" {
		return 0, parseException(text)
	}
	buf := make([]byte, 1<<20)
	for more := true; more; {
		n, err := fill(data, buf)
		if err != nil && !errors.Is(err, io.EOF) {
			s.lib.insertCancel(stream)
			return 0, errBody{err}
		}
		more = err == nil
		if n > 0 && s.lib.insertAppend(stream, unsafe.Pointer(unsafe.SliceData(buf)), uintptr(n)) != 0 {
			return 0, parseException(s.lib.insertError(stream))
		}
	}
	done, err := s.take(s.lib.insertDone(stream))
	if err != nil {
		return 0, err
	}
	defer done.free()
	return done.written(), nil
}

// fill reads until buf is full, and returns the reader's own error: io.ReadFull would make an ordinary end look like
// that of a client that broke off, io.ErrUnexpectedEOF.
func fill(r io.Reader, buf []byte) (int, error) {
	n := 0
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

type callFunc = func(handle, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, formatLen uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer

// call marshals a statement for one of the three entry points that take parameters.
func (s *session) call(f callFunc, sql, format string, params []param) unsafe.Pointer {
	n := len(params)
	names, nameLens := make([]*byte, n+1), make([]uintptr, n+1)
	values, valueLens := make([]*byte, n+1), make([]uintptr, n+1)
	for i, p := range params {
		names[i], nameLens[i] = unsafe.StringData(p.name), uintptr(len(p.name))
		values[i], valueLens[i] = unsafe.StringData(p.value+"\x00"), uintptr(len(p.value))
	}
	ptr := f(s.handle(), stringPointer(sql), uintptr(len(sql)), stringPointer(format), uintptr(len(format)),
		unsafe.Pointer(unsafe.SliceData(names)), unsafe.Pointer(unsafe.SliceData(nameLens)),
		unsafe.Pointer(unsafe.SliceData(values)), unsafe.Pointer(unsafe.SliceData(valueLens)), uintptr(n))
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	runtime.KeepAlive(params)
	runtime.KeepAlive(names)
	runtime.KeepAlive(nameLens)
	runtime.KeepAlive(values)
	runtime.KeepAlive(valueLens)
	return ptr
}

func stringPointer(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

// analysis is chdb_query_analysis_v1.
type analysis struct {
	size, statements, flags, class uint32
}

// classes of statements, of enum chdb_query_class.
const (
	classReadOnly = 0
	classUnknown  = 4
)

// classify parses sql without running it. Text that does not parse is of classUnknown with 0 statements.
func (s *session) classify(sql string) (analysis, error) {
	out := &analysis{size: uint32(unsafe.Sizeof(analysis{}))}
	state := s.lib.classify(s.handle(), stringPointer(sql), uintptr(len(sql)), nil, 0, unsafe.Pointer(out))
	runtime.KeepAlive(sql)
	if state != 0 {
		return analysis{}, fmt.Errorf("classify: engine state %d", state)
	}
	return *out, nil
}
