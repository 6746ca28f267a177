package mail

import "strings"

// text returns what there is to read in a part, at most MaxText bytes.
func (p *part) text() string {
	return strings.TrimRight(clipText(p.read(MaxText), MaxText), " \t\n")
}

// read returns a part's text, of which no more than about most bytes are wanted.
func (p *part) read(most int) string {
	switch {
	case most <= 0:
		return ""
	case !p.multi():
		if !p.readable() {
			return ""
		}
		return p.readLeaf(most)
	case p.kind.value == "multipart/alternative":
		return p.readAlternative(most)
	}
	var texts []string
	for _, q := range p.parts {
		if s := q.read(most); strings.TrimSpace(s) != "" {
			texts = append(texts, strings.Trim(s, "\n"))
			most -= len(s)
		}
	}
	return strings.Join(texts, "\n\n")
}

// readAlternative returns the plain text of several forms of one text, or what another form reads like if there is
// none or it is blank.
func (p *part) readAlternative(most int) string {
	for _, plain := range []bool{true, false} {
		for i := range p.parts {
			q := p.parts[i]
			if !plain {
				q = p.parts[len(p.parts)-1-i] // the last form is the richest
			}
			if plain && q.kind.value != "text/plain" {
				continue
			}
			if s := q.read(most); strings.TrimSpace(s) != "" {
				return s
			}
		}
	}
	return ""
}

// readLeaf returns the text of a leaf.
func (p *part) readLeaf(most int) string {
	b := p.content()
	if len(b) > 4*most { // markup and encodings take their share
		b = b[:4*most]
	}
	label := p.kind.params["charset"]
	if p.kind.value == "text/html" {
		if label == "" {
			label = htmlCharset(b)
		}
		return clean(htmlText(toUTF8(b, label)))
	}
	s := clean(toUTF8(b, label))
	if p.kind.value == "text/enriched" {
		return htmlText(strings.ReplaceAll(s, "\n", "<br>"))
	}
	if strings.EqualFold(p.kind.params["format"], "flowed") {
		return unflow(s, strings.EqualFold(p.kind.params["delsp"], "yes"))
	}
	return s
}

// unflow joins the lines of a paragraph that were broken for the line length (RFC 3676): those that end in a blank and
// are quoted as deep as the next. "-- " is the mark of a signature and stays alone.
func unflow(s string, dropBlank bool) string {
	var out strings.Builder
	out.Grow(len(s))
	before, flowing := 0, false
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		depth := len(line) - len(strings.TrimLeft(line, ">"))
		rest := strings.TrimPrefix(line[depth:], " ")
		switch {
		case flowing && depth == before && rest != "-- ":
		case out.Len() > 0 || flowing:
			out.WriteByte('\n')
			fallthrough
		default:
			if depth > 0 {
				out.WriteString(line[:depth] + " ")
			}
		}
		before, flowing = depth, strings.HasSuffix(rest, " ") && rest != "-- "
		if flowing && dropBlank {
			rest = rest[:len(rest)-1]
		}
		out.WriteString(rest)
	}
	return out.String()
}
