package vendor

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// blocks are the elements that begin a line.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Br: true, atom.Li: true, atom.Tr: true, atom.H1: true, atom.H2: true, atom.H3: true,
	atom.H4: true, atom.Blockquote: true, atom.Table: true, atom.Ul: true, atom.Ol: true, atom.Pre: true, atom.Hr: true,
}

// hidden are the elements whose text nobody sees.
var hidden = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true}

// plain returns what a person reads of a text that may be HTML: lines where the eye sees lines, quotations marked by ">".
func plain(text string) string {
	if !strings.ContainsAny(text, "<&") {
		return strings.TrimSpace(text)
	}
	var lines []string
	var line strings.Builder
	quoted, skipping := 0, 0
	end := func() {
		if s := strings.Join(strings.Fields(line.String()), " "); s != "" {
			lines = append(lines, strings.Repeat("> ", min(quoted, 3))+s)
		}
		line.Reset()
	}
	for z := html.NewTokenizer(strings.NewReader(text)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			end()
			return strings.Join(lines, "\n")
		}
		if kind == html.TextToken {
			if skipping == 0 {
				line.Write(z.Text()) // before Token, which would take it
			}
			continue
		}
		name, _ := z.TagName()
		a := atom.Lookup(name)
		if blocks[a] {
			end()
		}
		switch {
		case kind == html.StartTagToken && hidden[a]:
			skipping++
		case kind == html.EndTagToken && hidden[a]:
			skipping = max(0, skipping-1)
		case kind == html.StartTagToken && a == atom.Blockquote:
			quoted++
		case kind == html.EndTagToken && a == atom.Blockquote:
			quoted = max(0, quoted-1)
		}
	}
}
