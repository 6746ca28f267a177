package chdb

import (
	"strconv"
	"strings"
)

// harmless are the table functions that neither leave the database nor read files. All others that the engine knows
// are refused on the read-only listener, so one that a newer engine brings is refused until it is looked at.
var harmless = map[string]struct{}{
	"numbers": {}, "numbers_mt": {}, "zeros": {}, "zeros_mt": {}, "generateseries": {}, "generate_series": {},
	"primes": {}, "values": {}, "null": {}, "view": {}, "viewexplain": {}, "viewifpermitted": {}, "format": {},
	"merge": {}, "mergetreeindex": {}, "mergetreeprojection": {}, "mergetreeanalyzeindexes": {}, "generaterandom": {},
}

// guard refuses what the read-only listener must not run. The engine itself, with readonly=1, refuses every change
// of data, schema and settings and every source that needs a grant; guard adds what readonly=1 lets through: reading
// files by scalar functions or DESCRIBE, INTO OUTFILE, KILL, USE, the settings of a subquery.
func (e *Engine) guard(s *session, st *statement) error {
	switch first(st.sql) {
	case "SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS":
	default:
		return newException(codeReadOnly, "Only SELECT, SHOW, DESCRIBE, EXPLAIN and WITH may be asked here, not %.40q", first(st.sql))
	}
	found, err := s.classify(st.sql)
	if err != nil {
		return err
	}
	if found.class != classReadOnly && found.class != classUnknown || found.statements > 1 {
		return newException(codeReadOnly, "Only one statement that reads may be asked here")
	}
	return e.scan(st.sql)
}

// scan looks through the tokens of sql for functions that reach outside the database, and for SETTINGS: the engine
// refuses those of the statement but takes those of a subquery.
func (e *Engine) scan(sql string) error {
	lex := lexer{sql: sql}
	var before, prev token
	for t := lex.next(); t.kind != end; t = lex.next() {
		if _, bad := e.sources[strings.ToLower(prev.text)]; bad && t.sign('(') && (prev.kind == word || prev.kind == quoted) {
			return newException(codeDenied, "Function %s reaches outside the database and may not be used here", prev.text)
		}
		if before.is("SETTINGS") && t.sign('=') {
			return newException(codeReadOnly, "Cannot modify '%s' setting in readonly mode.", prev.text)
		}
		before, prev = prev, t
	}
	return nil
}

// bound replaces the settings of a request by those that the read-only listener allows: limits are never above its
// own, and readonly itself comes last, since nothing can be set after it.
func (l Limits) bound(asked []setting) ([]setting, error) {
	caps := []struct {
		name string
		most uint64
	}{
		{"max_execution_time", uint64(l.Time.Seconds())},
		{"max_result_rows", l.Rows},
		{"max_result_bytes", l.Bytes},
		{"max_memory_usage", l.Memory},
	}
	var out []setting
	for _, s := range asked {
		switch s.name {
		case "readonly", "allow_ddl", "allow_introspection_functions":
			return nil, newException(codeReadOnly, "Cannot modify '%s' setting in readonly mode.", s.name)
		case "timeout_overflow_mode", "result_overflow_mode":
			return nil, newException(codeReadOnly, "Cannot modify '%s' here: a cut result would look complete.", s.name)
		}
		isCap := false
		for i, c := range caps {
			if c.name != s.name {
				continue
			}
			isCap = true
			if v, err := strconv.ParseFloat(s.value, 64); err == nil && v >= 1 && v < float64(c.most) {
				caps[i].most = uint64(v)
			}
		}
		if !isCap {
			out = append(out, s)
		}
	}
	for _, c := range caps {
		out = append(out, setting{c.name, strconv.FormatUint(max(c.most, 1), 10)})
	}
	return append(out, setting{"readonly", "1"}), nil
}
