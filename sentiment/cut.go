package sentiment

import "strings"

// Bounds of what Cut looks at, which keep it linear in the length of the text.
const (
	longLine     = 400 // bytes; a longer line is prose, never a header or closing
	headerLines  = 6   // lines that the header block of a quoted message may have
	wroteLines   = 3   // lines that "On … wrote:" may be folded over
	looseLines   = 6   // the same where the first of them stands alone
	closingLines = 10  // lines that may follow a closing: name, role, company, telephone …
	closingWords = 7   // words of a closing line
	blockLines   = 6   // lines of a signature that nothing announces
	blockLength  = 70  // bytes of each of them
	ruleLines    = 10  // lines that may follow a rule of dashes that begins a signature
)

// Cut returns what the writer of a message wrote, without the messages it quotes, the signature, the closing
// formula and legal notices. It knows the marks of the common mail programs in Italian and English, and those of
// quoted messages in French, German and Spanish. Of a call or chat that is written down with the speakers' names it
// returns what the customer said. A text without such marks is returned as it is.
func Cut(text string) string {
	if strings.IndexByte(text, '\n') < 0 && !strings.HasPrefix(text, ">") {
		return text
	}
	if said, ok := customerTurns(text); ok {
		return said
	}
	c := cutter{text: text}
	c.run()
	if !c.dropped {
		return unsigned(text)
	}
	return strings.TrimSpace(unsigned(strings.TrimSpace(c.kept())))
}

// cutter walks the lines of a text once; at is where the next line begins. Lines that are kept in a row are one
// stretch of the text, and a text of which one stretch is left is not copied.
type cutter struct {
	text     string
	at       int
	from, to int // stretch that is kept at present
	out      strings.Builder
	dropped  bool
	wrote    bool // some line that is not blank was kept
	apart    bool // the line before was blank
	looked   int  // bytes looked at, which the tests hold to be linear in the length of the text
}

func (c *cutter) run() {
	for c.at < len(c.text) {
		begin := c.at
		line, next := c.line(begin)
		switch c.judge(line, next) {
		case lineEnds:
			c.dropped = true
			return
		case lineDropped:
			c.dropped = true
		case lineKept:
			c.keep(begin, next)
			c.wrote = c.wrote || line != ""
		}
		c.apart = line == ""
		c.at = max(c.at, next)
	}
}

// keep adds a stretch of the text to what is kept.
func (c *cutter) keep(from, to int) {
	if from == c.to {
		c.to = to
		return
	}
	c.out.WriteString(c.text[c.from:c.to])
	c.from, c.to = from, to
}

// kept returns all that was kept.
func (c *cutter) kept() string {
	if c.out.Len() == 0 {
		return c.text[c.from:c.to]
	}
	c.out.WriteString(c.text[c.from:c.to])
	return c.out.String()
}

// line is lineAt of the text, and counts.
func (c *cutter) line(at int) (line string, next int) {
	line, next = lineAt(c.text, at)
	c.looked += next - at
	return line, next
}

// verdict is what happens to a line.
type verdict uint8

const (
	lineKept    verdict = iota
	lineDropped         // this line alone
	lineEnds            // this line and all that follow
)

// judge decides on a line, trimmed of blanks; next is where the line after it begins. It may move c.at past lines
// that belong to this one.
func (c *cutter) judge(line string, next int) verdict {
	switch {
	case line == "":
		return lineKept
	case line[0] == '>', len(line) > 1 && line[1] == '>' && line[0] >= 'A' && line[0] <= 'Z':
		return lineDropped
	case len(line) > longLine:
		if c.notice(line, next) {
			return lineEnds
		}
		return lineKept
	}
	switch line[0] {
	case '-', '_', '=', '*', '~', '+':
		if v := c.rule(line, next); v != lineKept {
			return v
		}
	}
	key := strings.TrimLeft(line, "*_-<( \u00a0")
	switch {
	case matches(forwarded, key):
		return lineEnds
	case device(key):
		return lineDropped
	case c.header(key, next):
		return lineEnds
	}
	if end := c.attribution(line, next); end > 0 {
		return c.quoted(end)
	}
	if c.closing(key, next) || c.notice(key, next) {
		return lineEnds
	}
	return lineKept
}

// device tells whether a line says from what the message was sent. "Sent from my desk, which is easier." is prose.
func device(line string) bool {
	if !matches(devices, line) || len(line) > 120 {
		return false
	}
	return line[len(line)-1] != '.' || !strings.Contains(line, ", is ") && !strings.Contains(line, ", è ")
}

// quoted decides on what follows an attribution that ends at end: quoted lines are dropped one by one, and the
// writer may go on below them; a message quoted without marks runs to the end of the text, unless nothing was
// written above it.
func (c *cutter) quoted(end int) verdict {
	c.at = end
	for at := end; at < len(c.text); {
		line, next := c.line(at)
		if line != "" {
			if line[0] == '>' || !c.wrote {
				return lineDropped
			}
			return lineEnds
		}
		at = next
	}
	return lineEnds
}

// rule decides on a line of dashes or the like: "--" is the mark of a signature, a longer one begins a signature
// or quoted message when little follows.
func (c *cutter) rule(line string, next int) verdict {
	if matches(originals, strings.TrimLeft(line, "-_* ")) && line[0] != '#' {
		return lineEnds
	}
	if strings.Trim(line, line[:1]) != "" {
		if c.dashedName(line, next) {
			return lineEnds
		}
		return lineKept
	}
	if line == "--" || len(line) >= 3 && c.wrote && c.follows(next) <= ruleLines {
		return lineEnds
	}
	for i := 0; i < 2 && next < len(c.text); i++ {
		var after string
		after, next = c.line(next)
		if after != "" {
			if c.header(strings.TrimLeft(after, "*_ "), next) {
				return lineEnds
			}
			break
		}
	}
	return lineKept
}

// dashedName tells that a line is a name after a dash, and no item of a list, with little behind it.
func (c *cutter) dashedName(line string, next int) bool {
	rest := strings.TrimLeft(line, "-")
	if line[0] != '-' || !c.wrote || !c.apart || !name(rest) || rest[0] == ' ' || !strings.Contains(rest, " ") {
		return false
	}
	after, _ := c.line(next)
	return after == "" && c.follows(next) <= closingLines
}

// follows counts the lines from at on that are not blank, and stops counting past what any caller asks.
func (c *cutter) follows(at int) int {
	n := 0
	for at < len(c.text) && n <= closingLines {
		var line string
		line, at = c.line(at)
		if strings.HasPrefix(line, ">") || strings.HasPrefix(line, "--") || c.attribution(line, at) > 0 {
			return n
		}
		if line != "" {
			n++
			if c.header(strings.TrimLeft(line, "*_ "), at) {
				return n - 1
			}
		}
	}
	return n
}

// header tells whether line opens the header block of a quoted message: From, then at least two of the others.
func (c *cutter) header(line string, next int) bool {
	if !matches(headerFrom, line) {
		return false
	}
	found, seen := 0, 0
	for next < len(c.text) && seen < headerLines {
		line, next = c.line(next)
		if line == "" {
			if found > 0 {
				break
			}
			continue
		}
		seen++
		if matches(headerOther, strings.TrimLeft(line, "*_ ")) {
			found++
		}
	}
	return found >= 2
}

// attribution returns where "On … wrote:" ends, which may be folded over lines, or 0 when line begins none.
func (c *cutter) attribution(line string, next int) int {
	if line == "" || len(line) > longLine {
		return 0
	}
	if dated(line) {
		return c.datedEnd(line, next)
	}
	opens := matches(attributions, line)
	if !opens && !strings.Contains(line, "@") {
		return 0
	}
	named, digit, verb := false, false, false
	limit := wroteLines
	for i := 0; i < limit; i++ {
		named = named || strings.Contains(line, "@")
		digit = digit || strings.ContainsAny(line, "0123456789")
		verb = verb || says(line)
		if verb && (strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：")) {
			if opens && digit || named {
				return next
			}
			return 0
		}
		if next >= len(c.text) {
			return 0
		}
		line, next = c.line(next)
		if line == "" && opens && digit && i == 0 {
			limit = looseLines
			continue
		}
		if line == "" || len(line) > longLine || strings.HasPrefix(line, "> ") && !says(line) {
			return 0
		}
	}
	return 0
}

// dated tells that a line begins with a day, year first, and names a sender or time zone: the attribution of some
// programs has no verb.
func dated(line string) bool {
	if len(line) < 10 || line[0] != '2' || line[1] != '0' || line[4] != '-' && line[4] != '/' {
		return false
	}
	return strings.Contains(line, " GMT") || strings.Contains(line, "<") && strings.Contains(line, "@")
}

// datedEnd returns where an attribution that begins with a day ends: the line itself, or the next if it is folded.
func (c *cutter) datedEnd(line string, next int) int {
	if !strings.HasSuffix(line, "<") {
		return next
	}
	if after, end := c.line(next); strings.HasSuffix(after, ":") {
		return end
	}
	return next
}

// says tells that a line has a verb of writing.
func says(line string) bool { return hasAny(line, wrote[:]) }

// hasAny tells whether text has one of some words in lower case, whatever its own case.
func hasAny(text string, words []string) bool {
	for i := range len(text) {
		for _, w := range words {
			if text[i]|0x20 == w[0]|0x20 && len(text)-i >= len(w) && strings.EqualFold(text[i:i+len(w)], w) {
				return true
			}
		}
	}
	return false
}

// closing tells whether line is a closing formula and only a signature follows.
func (c *cutter) closing(line string, next int) bool {
	if !c.wrote || len(line) > 90 || fields(line) > closingWords {
		return false
	}
	return matches(closings, line) && c.follows(next) <= closingLines ||
		matches(softClosings, line) && !strings.ContainsAny(line, "!?") && !strings.Contains(line, " da ") && c.signs(next)
}

// signs tells that what follows to the end, or to a quoted message, is a signature: a few short lines, none of
// them a sentence, the first of them a name.
func (c *cutter) signs(at int) bool {
	n := 0
	for at < len(c.text) {
		var line string
		line, at = c.line(at)
		switch {
		case line == "":
			continue
		case line[0] == '>' || strings.HasPrefix(line, "--"):
			return n > 0
		}
		n++
		last := line[len(line)-1]
		if n > blockLines || len(line) > blockLength || last == '.' || last == '?' || last == '!' || n == 1 && !name(line) {
			return false
		}
	}
	return n > 0
}

// notice tells whether line begins a legal notice.
func (c *cutter) notice(line string, next int) bool {
	if !c.wrote || !matches(notices, line) {
		return false
	}
	end := next
	for i := 0; i < 4 && end < len(c.text); i++ {
		_, end = c.line(end)
	}
	at := max(0, next-len(line)-2)
	return hasAny(c.text[at:min(end, at+4*longLine)], legal[:])
}

// unsigned returns text without a signature that nothing announces: a last paragraph of a few short lines of which one
// is a telephone number or address, or a name alone.
func unsigned(text string) string {
	body := strings.TrimRight(text, " \t\r\n\u00a0")
	at := lastParagraph(body)
	if at <= 0 {
		return text
	}
	lines, contact, names := 0, false, 0
	for rest := strings.TrimLeft(body[at:], " \t\r\n\u00a0"); rest != ""; {
		line, next := lineAt(rest, 0)
		rest = rest[next:]
		lines++
		if lines > blockLines || len(line) > blockLength || strings.ContainsAny(line, "?!") || fields(line) > closingWords {
			return text
		}
		contact = contact || reaches(line)
		if name(line) && strings.Contains(line, " ") {
			names++
		}
	}
	if contact && lines > 1 || lines == 1 && names == 1 {
		return strings.TrimSpace(body[:at])
	}
	return text
}

// lastParagraph returns where the last paragraph of text begins if others come before it, else 0. It looks no
// further back than a signature is long.
func lastParagraph(text string) int {
	from := max(0, len(text)-(blockLines+1)*(blockLength+2))
	at := len(text)
	for at > from {
		begin := strings.LastIndexByte(text[from:at], '\n')
		if begin < 0 {
			return 0
		}
		if strings.TrimSpace(text[from+begin:at]) == "" {
			return at
		}
		at = from + begin
	}
	return 0
}

// reaches tells that a line has a telephone number, a mail address or a web address.
func reaches(line string) bool {
	digits := 0
	for i := range len(line) {
		if line[i] >= '0' && line[i] <= '9' {
			digits++
		}
	}
	return digits >= 7 && digits*2 > len(line)/2 || strings.Contains(line, "@") || strings.Contains(line, "www.") || strings.Contains(line, "://")
}

// name tells that a line is one to three words that begin with a capital, and nothing else.
func name(line string) bool {
	words := 0
	for w := range strings.FieldsSeq(line) {
		if words++; words > 3 || w[0] < 'A' || w[0] > 'Z' || len(w) < 2 || !letter(w[len(w)-1]) || w[1] >= 'A' && w[1] <= 'Z' {
			return false
		}
	}
	return words > 0
}

// lineAt returns the line at an offset, without the blanks around it, and where the next begins.
func lineAt(text string, at int) (line string, next int) {
	n := strings.IndexByte(text[at:], '\n')
	if n < 0 {
		return strings.TrimSpace(text[at:]), len(text)
	}
	return strings.TrimSpace(text[at : at+n]), at + n + 1
}

// phraseList is a list of phrases by the first byte, in lower case.
type phraseList [256][]string

func phrases(list ...string) *phraseList {
	var p phraseList
	for _, s := range list {
		p[s[0]] = append(p[s[0]], s)
	}
	return &p
}

// matches tells whether line begins with one of the phrases, whatever its case; a phrase that ends with a letter
// must end a word.
func matches(list *phraseList, line string) bool {
	if line == "" {
		return false
	}
	for _, p := range list[line[0]|0x20] {
		if len(line) < len(p) || !strings.EqualFold(line[:len(p)], p) {
			continue
		}
		last := p[len(p)-1]
		if len(line) == len(p) || last < 'a' || last > 'z' || !letter(line[len(p)]) {
			return true
		}
	}
	return false
}

// fields counts the words of a line.
func fields(line string) int {
	n := 0
	for range strings.FieldsSeq(line) {
		n++
	}
	return n
}

func letter(b byte) bool { return b >= 0x80 || b|0x20 >= 'a' && b|0x20 <= 'z' }
