package chdb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLexer(t *testing.T) {
	for sql, want := range map[string][]string{
		"":                        nil,
		" \n\t":                   nil,
		"SELECT 1":                {"SELECT", "1"},
		"a.b,c":                   {"a", ".", "b", ",", "c"},
		"'it''s' 'a\\'b' x":       {"it's", "a'b", "x"},
		"`a``b` \"c\\\"d\"":       {"a`b", "c\"d"},
		"a -- b\nc /* d */e #! f": {"a", "c", "e"},
		"a /* not closed":         {"a"},
		"'not closed":             {"not closed"},
		"'ends in \\":             {"ends in \\"},
		"$tag$ it's; $tag$ x":     {"$tag$ it's; $tag$", "x"},
		"$1 $":                    {"$", "1", "$"},
		"perché(x)":               {"perché", "(", "x", ")"},
		"x->y":                    {"x", "-", ">", "y"},
		"{n:UInt8}":               {"{", "n", ":", "UInt8", "}"},
		"5 - -3 --":               {"5", "-", "-", "3"},
	} {
		var got []string
		lex := lexer{sql: sql}
		for tok := lex.next(); tok.kind != end; tok = lex.next() {
			got = append(got, tok.text)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%q (-got, +want):\n%s", sql, diff)
		}
	}
}

func TestCutInsert(t *testing.T) {
	for sql, want := range map[string][3]string{ // head, format, data
		"INSERT INTO t FORMAT Native\n\n\x00":       {"INSERT INTO t ", "Native", "\n\x00"},
		"INSERT INTO t FORMAT TSV \t\r\n1":          {"INSERT INTO t ", "TSV", "1"},
		"insert into t values (1)":                  {"insert into t ", "Values", " (1)"},
		"INSERT INTO values VALUES (1)":             {"INSERT INTO values ", "Values", " (1)"},
		"INSERT INTO TABLE d.t (format) FORMAT CSV": {"INSERT INTO TABLE d.t (format) ", "CSV", ""},
		"INSERT INTO t SELECT 1 FORMAT CSV":         {},
		"INSERT INTO t (a) WITH 1 AS x SELECT x":    {},
		"SELECT 1 FORMAT CSV":                       {},
		"INSERT INTO t":                             {},
		"INSERT INTO t FORMAT":                      {},
		"":                                          {},
	} {
		head, format, offset, ok := cutInsert(sql)
		got := [3]string{head, format}
		if ok {
			got[2] = sql[offset:]
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%q (-got, +want):\n%s", sql, diff)
		}
	}
}

func TestSeveral(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT 1": false, "SELECT 1;": false, "SELECT 1 ; -- end": false, "SELECT ';'": false, "SELECT 1; SELECT 2": true, ";": false,
	} {
		if got := several(sql); got != want {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
	}
}

func TestParseException(t *testing.T) {
	for text, want := range map[string]exception{
		"Code: 60. DB::Exception: x. (UNKNOWN_TABLE)\n":         {60, "Code: 60. DB::Exception: x. (UNKNOWN_TABLE)"},
		"Code: 7. DB::Exception: Code: 7. DB::Exception: x (A)": {7, "Code: 7. DB::Exception: x (A)"},
		"INSERT does not support this":                          {48, "Code: 48. DB::Exception: INSERT does not support this (NOT_IMPLEMENTED)"},
		"something":                                             {1002, "Code: 1002. DB::Exception: something (UNKNOWN_EXCEPTION)"},
		"Code: 99999999999999999999. DB::Exception: x":          {1002, "Code: 1002. DB::Exception: Code: 99999999999999999999. DB::Exception: x (UNKNOWN_EXCEPTION)"},
	} {
		if got := parseException(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzLexer checks that any text is cut into tokens that lie in it in order, and that nothing that looks at tokens
// fails on it.
func FuzzLexer(f *testing.F) {
	for _, seed := range []string{"SELECT 'a' -- b", "INSERT INTO t FORMAT CSV\n1", "$a$ $a$", "`\\", "/**", "'", "((("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		lex := lexer{sql: sql}
		at := 0
		for tok := lex.next(); tok.kind != end; tok = lex.next() {
			if tok.start < at || tok.end <= tok.start || tok.end > len(sql) {
				t.Fatalf("token %+v after offset %d of %q", tok, at, sql)
			}
			at = tok.end
		}
		first(sql)
		several(sql)
		if head, format, offset, ok := cutInsert(sql); ok && (!strings.HasPrefix(sql, head) || format == "" || offset > len(sql)) {
			t.Fatalf("cutInsert of %q: %q, %q, %d", sql, head, format, offset)
		}
	})
}
