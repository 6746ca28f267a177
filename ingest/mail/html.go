package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// htmlCharset returns the charset that a page declares in itself, or "".
func htmlCharset(b []byte) string {
	if _, name, certain := charset.DetermineEncoding(b[:min(len(b), 1024)], ""); certain || name != "windows-1252" {
		return name
	}
	return ""
}

// htmlText returns what a page reads like: paragraphs and lines as they are seen, no markup, no pictures. What quotes
// another message (a blockquote, unless it merely indents) gets "> " before each line, and what a mail program marks
// as signature gets the usual "-- " before it, so that HTML can be cut like plain text. A page whose hidden text never
// ends is read again with it.
func htmlText(page string) string {
	w := htmlReader{}
	if w.read(page) {
		w = htmlReader{seeHidden: true}
		w.read(page)
	}
	return strings.TrimSpace(w.out.String())
}

// htmlReader writes the text of a page. It looks at tags one by one and builds no tree: the tags of mails rarely nest
// as they should, and a tree of them can cost far more than their number.
type htmlReader struct {
	seeHidden bool
	out       strings.Builder
	lines     int    // line ends to be written before the next text
	blank     bool   // a blank is to be written before the next text
	begun     bool   // something was written on this line
	quote     int    // blockquotes that are open
	indent    []bool // open blockquotes; those that quote are true
	pre       int
	skip      string // the element whose content is skipped until it ends; "" is none
	nested    int    // elements of that name within it
	hidden    bool   // it is skipped for being hidden
}

// maxQuote is how deep quotes are marked.
const maxQuote = 8

// read writes the page's text, and tells whether it ended within hidden text.
func (w *htmlReader) read(page string) (unended bool) {
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.skip != "" && w.hidden
		case html.TextToken:
			if w.skip == "" {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
	}
}

// skipped are elements whose content nobody reads.
var skipped = map[string]bool{
	"script": true, "style": true, "head": true, "title": true, "template": true, "svg": true, "object": true, "select": true, "textarea": true,
}

// void are elements that have no content and no end.
var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true, "link": true, "meta": true, "wbr": true,
}

// apart says how many line ends stand around an element.
var apart = map[string]int{
	"p": 2, "h1": 2, "h2": 2, "h3": 2, "h4": 2, "h5": 2, "h6": 2, "ul": 2, "ol": 2, "dl": 2, "table": 1, "blockquote": 1, "pre": 2,
	"div": 1, "tr": 1, "li": 1, "dt": 1, "dd": 1, "section": 1, "article": 1, "header": 1, "footer": 1, "address": 1, "center": 1,
	"form": 1, "fieldset": 1, "caption": 1, "body": 1, "html": 1,
}

// start reads a tag that begins an element.
func (w *htmlReader) start(z *html.Tokenizer) {
	b, more := z.TagName()
	name := string(b)
	if w.skip != "" {
		switch {
		case name == w.skip:
			w.nested++
		case name == "body" && w.skip == "head": // a head that nobody ended
			w.skip = ""
		}
		if w.skip != "" {
			return
		}
	}
	var style, class, id string
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "style":
			style = squeeze(string(value))
		case "class":
			class = string(value)
		case "id":
			id = string(value)
		}
	}
	if skipped[name] || !w.seeHidden && hides(style) && !void[name] {
		w.skip, w.nested, w.hidden = name, 0, !skipped[name]
		return
	}
	w.breakLines(apart[name])
	switch name {
	case "br":
		w.lines++
	case "hr":
		w.breakLines(1)
		w.text("________________________________")
		w.breakLines(1)
	case "li":
		w.text("- ")
	case "td", "th":
		w.blank = w.begun
	case "pre":
		w.pre++
	case "blockquote":
		w.blockquote(style)
	}
	if signature(class, id) {
		w.breakLines(1)
		w.raw("-- ")
		w.breakLines(1)
	}
}

// hides tells that a style, squeezed, makes its element invisible.
func hides(style string) bool {
	return strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all") && strings.Contains(style, "max-height:0")
}

// squeeze makes a style comparable: lower case, no blanks.
func squeeze(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, s))
}

// signature tells that mail programs mark a signature so.
func signature(class, id string) bool {
	for c := range strings.FieldsSeq(class) {
		switch c {
		case "gmail_signature", "moz-signature", "protonmail_signature_block", "zmail_signature":
			return true
		}
	}
	switch id {
	case "AppleMailSignature", "Signature", "ms-outlook-mobile-signature", "lineBreakAtBeginningOfSignature":
		return true
	}
	return false
}

// blockquote opens a blockquote, which quotes unless it merely indents: Gmail indents with one without border.
func (w *htmlReader) blockquote(style string) {
	quotes := !strings.Contains(style, "border:none") && len(w.indent) < 10*maxQuote
	w.indent = append(w.indent, quotes)
	if quotes {
		w.quote++
	}
}

// end reads a tag that ends an element.
func (w *htmlReader) end(name string) {
	if w.skip != "" {
		if name != w.skip {
			return
		}
		if w.nested--; w.nested < 0 {
			w.skip = ""
		}
		return
	}
	w.breakLines(apart[name])
	switch name {
	case "pre":
		w.pre = max(0, w.pre-1)
	case "blockquote":
		if n := len(w.indent); n > 0 {
			if w.indent[n-1] {
				w.quote--
			}
			w.indent = w.indent[:n-1]
		}
	}
}

// breakLines asks for at least n line ends before the next text.
func (w *htmlReader) breakLines(n int) {
	if n == 1 && !w.begun {
		return
	}
	w.lines = max(w.lines, n)
	w.blank = false
}

// text writes text, its blanks as a page shows them.
func (w *htmlReader) text(s string) {
	if w.pre > 0 {
		for line := range strings.Lines(s) {
			w.raw(strings.TrimRight(line, "\r\n"))
			if strings.HasSuffix(line, "\n") {
				w.lines++
			}
		}
		return
	}
	if s == "" {
		return
	}
	first := true
	for word := range strings.FieldsFuncSeq(s, blankRune) {
		if !first || blankRune(rune(s[0])) {
			w.blank = true
		}
		first = false
		w.raw(strings.ReplaceAll(word, "\u00a0", " "))
	}
	w.blank = w.blank || blankRune(rune(s[len(s)-1]))
}

// blankRune tells that a page shows a character as a blank and joins it with others.
func blankRune(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' }

// raw writes text after what is owed before it: line ends, the marks of quotes, a blank.
func (w *htmlReader) raw(s string) {
	if s == "" {
		return
	}
	if w.lines > 0 && w.out.Len() > 0 {
		for range min(w.lines, 3) {
			w.out.WriteByte('\n')
		}
		w.begun = false
	}
	w.lines = 0
	if !w.begun {
		w.out.WriteString(strings.Repeat("> ", min(w.quote, maxQuote)))
	} else if w.blank {
		w.out.WriteByte(' ')
	}
	w.blank, w.begun = false, true
	w.out.WriteString(s)
}
