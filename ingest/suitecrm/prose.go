package suitecrm

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/atom"

	markup "golang.org/x/net/html"
)

// tags tells HTML from a text in which somebody merely wrote "<".
var tags = regexp.MustCompile(`(?i)<(p|br|div|span|html|body|table|tbody|tr|td|ul|ol|li|a|b|i|u|strong|em|font|img|blockquote|h[1-6]|style|head)\b[^>]*>`)

// plain returns what people wrote as text. SuiteCRM stores texts with their special characters as entities, and mails and
// case updates as HTML besides.
func plain(s string) string {
	if strings.ContainsRune(s, '&') {
		s = html.UnescapeString(s)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if tags.MatchString(s) {
		s = fromHTML(s)
	}
	return strings.TrimSpace(s)
}

// fromHTML returns the text of HTML: blocks on lines of their own, quotations behind ">" as in plain mails, so that they
// are cut before anybody scores the mood.
func fromHTML(s string) string {
	var w textWriter
	t := markup.NewTokenizer(strings.NewReader(s))
	for {
		switch t.Next() {
		case markup.ErrorToken:
			return w.String()
		case markup.TextToken:
			if w.hidden == 0 {
				w.write(string(t.Text()))
			}
		case markup.StartTagToken:
			w.tag(t, 1)
		case markup.EndTagToken:
			w.tag(t, -1)
		case markup.SelfClosingTagToken:
			w.tag(t, 0)
		}
	}
}

// textWriter puts text onto lines.
type textWriter struct {
	lines  []string
	line   strings.Builder
	quoted int // depth of quotation
	hidden int // depth of what no reader sees
}

func (w *textWriter) tag(t *markup.Tokenizer, depth int) {
	name, _ := t.TagName()
	switch atom.Lookup(name) {
	case atom.Style, atom.Script, atom.Head, atom.Title:
		w.hidden = max(0, w.hidden+depth)
	case atom.Br:
		w.end(true)
	case atom.P, atom.Div, atom.Tr, atom.Li, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr:
		w.end(false)
	case atom.Td, atom.Th:
		w.write(" ")
	case atom.Blockquote:
		w.end(false)
		w.quoted = max(0, w.quoted+depth)
	}
}

// write adds text; white space is one blank, as browsers show it.
func (w *textWriter) write(s string) {
	for i, word := range strings.Fields(s) {
		if w.line.Len() > 0 && (i > 0 || strings.TrimLeft(s, " \t\n\u00a0") != s) {
			w.line.WriteByte(' ')
		}
		w.line.WriteString(word)
	}
	if strings.TrimRight(s, " \t\n\u00a0") != s && w.line.Len() > 0 {
		w.line.WriteByte(' ')
	}
}

// end ends the line; one that is empty only where it was asked for.
func (w *textWriter) end(even bool) {
	line := strings.Join(strings.Fields(w.line.String()), " ")
	w.line.Reset()
	if line == "" && !even {
		return
	}
	if w.quoted > 0 {
		line = strings.TrimSpace(strings.Repeat(">", w.quoted) + " " + line)
	}
	w.lines = append(w.lines, line)
}

func (w *textWriter) String() string {
	w.end(false)
	return strings.Join(w.lines, "\n")
}

// maxText is the longest text that is passed on, in bytes: a longer one is a machine's, and Kafka takes a megabyte.
const maxText = 100_000

// cut shortens a text to at most so many bytes, at the border of a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// addresses takes a list of mail addresses apart: "Anna <a@b.it>, c@d.it; e@f.it".
func addresses(s string) []string {
	var list []string
	quoted, angle, start := false, false, 0
	add := func(end int) {
		if one := strings.TrimSpace(s[start:end]); one != "" {
			list = append(list, one)
		}
		start = end + 1
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case (c == ',' || c == ';' || c == '\n') && !angle:
			add(i)
		}
	}
	if start < len(s) {
		add(len(s))
	}
	return list
}
