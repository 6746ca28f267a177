package chdb

import (
	"bytes"
	"io"
	"strings"
)

// statement is one thing to run, with all that belongs to it.
type statement struct {
	sql      string
	format   string // of the result, unless sql says FORMAT
	database string // current database, "" for the engine's default
	settings []setting
	params   []param
	data     io.Reader // of an insert, nil if sql is complete
	input    string    // format of data
	mark     string    // unique while it runs
	readOnly bool
	whole    bool // hold the result until it is complete
}

// setting is a ClickHouse setting of one statement.
type setting struct{ name, value string }

// first returns the first keyword in upper case, behind any parentheses.
func first(sql string) string {
	lex := lexer{sql: sql}
	for {
		t := lex.next()
		if t.sign('(') {
			continue
		}
		return strings.ToUpper(t.text)
	}
}

// streams tells whether the engine can hand out the result of sql piece by piece. It can for what selects.
func streams(sql string) bool {
	switch first(sql) {
	case "SELECT", "WITH", "FROM", "VALUES":
		return true
	}
	return false
}

// several tells whether sql may hold more than one statement; the engine then decides.
func several(sql string) bool {
	lex := lexer{sql: sql}
	for t := lex.next(); t.kind != end; t = lex.next() {
		if t.sign(';') {
			return lex.next().kind != end
		}
	}
	return false
}

// cutInsert splits an INSERT whose data follow: head is the statement without FORMAT and data, format the data's, and
// data begins at offset. ok is false for everything else, among them INSERT … SELECT.
func cutInsert(sql string) (head, format string, offset int, ok bool) {
	lex := lexer{sql: sql}
	if !lex.next().is("INSERT") {
		return "", "", 0, false
	}
	t := lex.next()
	for t.is("INTO") || t.is("TABLE") || t.is("FUNCTION") {
		t = lex.next()
	}
	// t is (the beginning of) the table's name, whatever it looks like.
	depth := 0
	for t = lex.next(); t.kind != end; t = lex.next() {
		switch {
		case t.sign('('):
			depth++
		case t.sign(')'):
			depth--
		case depth > 0:
		case t.is("SELECT"), t.is("WITH"), t.is("FROM"):
			return "", "", 0, false
		case t.is("VALUES"):
			return sql[:t.start], "Values", t.end, true
		case t.is("FORMAT"):
			name := lex.next()
			if name.kind != word {
				return "", "", 0, false
			}
			return sql[:t.start], name.text, dataStart(sql, name.end), true
		}
	}
	return "", "", 0, false
}

// dataStart passes over the blanks and the one line end that may stand between FORMAT Name and its data.
func dataStart(sql string, at int) int {
	for at < len(sql) && (sql[at] == ' ' || sql[at] == '\t' || sql[at] == '\r') {
		at++
	}
	if at < len(sql) && sql[at] == '\n' {
		at++
	}
	return at
}

// setInsert makes sql, followed by body, the statement's text or its text and data. It returns false if sql with
// what was read of body is no INSERT that data follow.
func (st *statement) setInsert(sql string, body io.Reader) bool {
	head, format, offset, ok := cutInsert(sql)
	if !ok {
		return false
	}
	st.sql, st.input = head, format
	st.data = io.MultiReader(bytes.NewReader([]byte(sql[offset:])), body)
	return true
}
