package chdb

import "strings"

// kind of a token of SQL. The engine parses SQL; the lexer exists for the few things that must be known before.
type kind uint8

const (
	end     kind = iota
	word         // keyword, name or number
	quoted       // name in backticks or double quotes; text is without them
	literal      // string or heredoc
	sign         // any other character
)

type token struct {
	kind       kind
	text       string
	start, end int // offsets in the SQL
}

func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }
func (t token) sign(c byte) bool       { return t.kind == sign && t.text[0] == c }

// lexer cuts SQL into tokens, lazily, leaving out space and comments. Text that ends within a string or a comment
// ends there: the engine will say so.
type lexer struct {
	sql string
	pos int
}

func (l *lexer) next() token {
	l.skip()
	if l.pos >= len(l.sql) {
		return token{kind: end, start: l.pos, end: l.pos}
	}
	start, c := l.pos, l.sql[l.pos]
	switch {
	case c == '\'':
		return token{literal, l.quotedText(c), start, l.pos}
	case c == '`' || c == '"':
		return token{quoted, l.quotedText(c), start, l.pos}
	case c == '$' && l.heredoc():
		return token{literal, l.sql[start:l.pos], start, l.pos}
	case isWord(c):
		for l.pos < len(l.sql) && isWord(l.sql[l.pos]) {
			l.pos++
		}
		return token{word, l.sql[start:l.pos], start, l.pos}
	}
	l.pos++
	return token{sign, l.sql[start:l.pos], start, l.pos}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// skip passes over white space and the three kinds of comment.
func (l *lexer) skip() {
	for l.pos < len(l.sql) {
		rest := l.sql[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\v\f", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			l.passOver("\n", 0)
		case strings.HasPrefix(rest, "/*"):
			l.passOver("*/", 2)
		default:
			return
		}
	}
}

// passOver moves behind the next mark that is at least from ahead, or to the end.
func (l *lexer) passOver(mark string, from int) {
	i := strings.Index(l.sql[l.pos+from:], mark)
	if i < 0 {
		l.pos = len(l.sql)
		return
	}
	l.pos += from + i + len(mark)
}

// quotedText moves behind the closing quote, which backslash or doubling escape, and returns what was between.
func (l *lexer) quotedText(quote byte) string {
	var text strings.Builder
	for l.pos++; l.pos < len(l.sql); l.pos++ {
		c := l.sql[l.pos]
		switch {
		case c == '\\' && l.pos+1 < len(l.sql):
			l.pos++
		case c == quote && l.pos+1 < len(l.sql) && l.sql[l.pos+1] == quote:
			l.pos++
		case c == quote:
			l.pos++
			return text.String()
		}
		text.WriteByte(l.sql[l.pos])
	}
	return text.String()
}

// heredoc moves behind $tag$…$tag$ if one begins here.
func (l *lexer) heredoc() bool {
	i := strings.IndexByte(l.sql[l.pos+1:], '$')
	if i < 0 {
		return false
	}
	tag := l.sql[l.pos : l.pos+i+2]
	for _, c := range []byte(tag[1 : len(tag)-1]) {
		if !isWord(c) {
			return false
		}
	}
	if !strings.Contains(l.sql[l.pos+len(tag):], tag) {
		return false
	}
	l.passOver(tag, len(tag))
	return true
}
