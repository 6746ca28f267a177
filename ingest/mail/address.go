package mail

import "strings"

// addresses returns the mailboxes of all fields of a name.
func (h header) addresses(name string) []Address {
	var list []Address
	for i := range h {
		if h[i].name == name {
			list = appendAddresses(list, string(h[i].value))
		}
	}
	return list
}

// appendAddresses takes an address list apart: "Anna Rossi <anna@example.com>, bob@example.com (Bob), Team: c@d.it;".
// It reads what people's programs write and not what the grammar allows: what has no @ is no address and is left out.
func appendAddresses(list []Address, s string) []Address {
	p := addressReader{text: s}
	for p.at < len(s) && len(list) < maxAddresses {
		p.next()
		if a, ok := p.address(); ok {
			list = append(list, a)
		}
	}
	return list
}

// addressReader reads one mailbox after another.
type addressReader struct {
	text    string
	at      int
	words   strings.Builder // what stands before the angle brackets
	inside  string          // what stands in them
	comment string          // what stands in parentheses
	angled  bool
}

// next reads up to the comma, semicolon or end that ends a mailbox.
func (p *addressReader) next() {
	p.words.Reset()
	p.inside, p.comment, p.angled = "", "", false
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch c {
		case ',', ';':
			return
		case ':':
			if p.group() {
				p.words.Reset() // the name of a group
				continue
			}
			p.words.WriteByte(c)
		case '"':
			p.quoted()
		case '(':
			p.parentheses()
		case '<':
			end := strings.IndexByte(p.text[p.at:], '>')
			if end < 0 {
				end = len(p.text) - p.at
			}
			if !p.angled { // the first counts, where a comma is missing
				p.inside, p.angled = p.text[p.at:p.at+end], true
			}
			p.at = min(p.at+end+1, len(p.text))
		default:
			p.words.WriteByte(c)
		}
	}
}

// group tells that the colon just read ends the name of a group and is no part of an address.
func (p *addressReader) group() bool {
	return !strings.Contains(p.words.String(), "@") && !p.angled && p.words.Len() < 200
}

// quoted reads a quoted text whose first quote was read.
func (p *addressReader) quoted() {
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			return
		case c == '\\' && p.at < len(p.text):
			c = p.text[p.at]
			p.at++
		}
		p.words.WriteByte(c)
	}
}

// parentheses reads a comment whose first parenthesis was read.
func (p *addressReader) parentheses() {
	depth, start := 1, p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch c {
		case '\\':
			p.at = min(p.at+1, len(p.text))
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.comment = p.text[start : p.at-1]
				return
			}
		}
	}
	p.comment = p.text[start:]
}

// address returns the mailbox that was read.
func (p *addressReader) address() (Address, bool) {
	words := strings.TrimSpace(p.words.String())
	email, name := words, p.comment
	if p.angled {
		email, name = p.inside, words
	}
	if i := strings.LastIndexByte(email, ':'); i >= 0 { // a route, or mailto:
		email = email[i+1:]
	}
	email = uncommented(email)
	if !p.angled && strings.Contains(email, " ") { // a name and an address, without brackets
		email = addressWord(email)
		name = strings.TrimSpace(strings.Replace(words, email, "", 1))
	}
	email = cleanID(email)
	if !strings.Contains(email, "@") {
		return Address{}, false
	}
	name = oneLine(decodeWords(name))
	if strings.EqualFold(cleanID(name), email) {
		name = ""
	}
	return Address{Name: name, Email: email}, true
}

// uncommented drops what stands in parentheses.
func uncommented(s string) string {
	before, rest, ok := strings.Cut(s, "(")
	if !ok {
		return s
	}
	var b strings.Builder
	for ok {
		b.WriteString(before)
		_, rest, _ = strings.Cut(rest, ")")
		before, rest, ok = strings.Cut(rest, "(")
	}
	return b.String() + before
}

// addressWord returns the first word that has an @, or the words joined where @ stands alone, as in "anna @ example.com".
func addressWord(s string) string {
	for w := range strings.FieldsSeq(s) {
		if at := strings.IndexByte(w, '@'); at > 0 && at < len(w)-1 {
			return w
		}
	}
	return s
}
