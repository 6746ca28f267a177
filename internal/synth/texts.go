package synth

import (
	"embed"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed texts/*.txt
var textFiles embed.FS

// texts are the fragments of one language, by kind, context and emotion.
type texts struct {
	parts    map[string][]string  // "open mail", "fact quote", "tail joy", …: everything that expresses nothing by itself
	feelings map[string][]feeling // by context: the emotions that there are kernels for
}

// feeling is an emotion in a context, with its kernels: the sentences that carry it.
type feeling struct {
	emotion string
	label   string
	kernels []string
}

// readTexts reads a language's file: sections of lines. The files are part of the program, so a mistake in them is one
// of ours and panics.
func readTexts(lang string) texts {
	data, err := textFiles.ReadFile("texts/" + lang + ".txt")
	if err != nil {
		panic(err)
	}
	t := texts{parts: map[string][]string{}, feelings: map[string][]feeling{}}
	var head []string
	for _, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			head = strings.Fields(strings.Trim(line, "[]"))
			if head[0] == "kernel" {
				t.feelings[head[1]] = append(t.feelings[head[1]], feeling{emotion: head[2], label: head[3]})
			}
		case head[0] == "kernel":
			of := t.feelings[head[1]]
			of[len(of)-1].kernels = append(of[len(of)-1].kernels, line)
		default:
			key := strings.Join(head, " ")
			t.parts[key] = append(t.parts[key], line)
		}
	}
	return t
}

// find returns a context's feeling of an emotion.
func (t texts) find(context, emotion string) feeling {
	for _, f := range t.feelings[context] {
		if f.emotion == emotion {
			return f
		}
	}
	panic(fmt.Sprintf("synth: no %s in %s", emotion, context))
}

// factsIn says which plain facts people state in which context.
var factsIn = map[string]string{
	"enquiry": "enquiry", "quote": "quote", "refusal": "quote", "accept": "quote", "delivery": "order", "payment": "invoice",
	"technical": "technical", "chase": "technical", "thanks": "technical",
}

// The kinds of text, which differ in how people begin and end them.
const (
	mail   = "mail"
	call   = "call"
	ticket = "ticket"
	plain  = "plain" // a form's message, a review, a line on an order
)

// written is what a customer wrote or said, and what it was meant to express.
type written struct {
	text    string
	lang    string
	emotion string
	label   string
	signed  bool // with the person's role, which reveals the persona
}

// compose writes a text: a beginning, perhaps a fact, the kernel, perhaps a second one and a sigh, an end.
func (s *story) compose(kind, context string, f feeling) written {
	t, r := s.w.texts[s.person.lang], s.r
	out := written{lang: s.person.lang, emotion: f.emotion, label: f.label}
	b := s.body(kind, context, f)
	body := strings.Join(b, " ")
	if kind == mail || kind == ticket {
		body = b[0]
		for _, sentence := range b[1:] {
			body += pick(r, []string{" ", " ", " ", "\n"}) + sentence
		}
	}
	if kind != call {
		body = s.slip(body, f)
	}
	switch kind {
	case mail:
		gap := pick(r, []string{"\n\n", "\n", " "})
		open := s.part(t, "open mail")
		if strings.HasSuffix(open, ",") && (gap == " " || r.Float64() < 0.3) {
			body = lower(body)
		}
		out.text = open + gap + body + "\n\n" + s.part(t, "close mail")
		out.text, out.signed = s.sign(out.text)
	case call:
		open := "open call"
		if f.emotion == "frustration" || f.emotion == "impatience" && r.Float64() < 0.3 {
			open = "open upset"
		}
		out.text = s.part(t, open) + " " + body + " " + s.part(t, "close call")
	case ticket:
		if r.Float64() < 0.6 {
			body = s.part(t, "open ticket") + " " + body
		}
		if r.Float64() < 0.4 {
			body += "\n" + s.part(t, "close ticket")
		}
		out.text = body
	default:
		out.text = body
	}
	return out
}

// body returns the sentences that say what the text is about.
func (s *story) body(kind, context string, f feeling) []string {
	t, r := s.w.texts[s.person.lang], s.r
	var out []string
	stated := -1
	fact := func(chance float64) {
		of := t.parts["fact "+factsIn[context]]
		if len(of) == 0 || r.Float64() >= chance {
			return
		}
		if i := r.IntN(len(of)); i != stated {
			out, stated = append(out, s.fill(of[i])), i
		}
	}
	first := r.IntN(len(f.kernels))
	facts := 0.5 // who is upset or happy comes to the point
	if f.label != "neutral" {
		facts = 0.25
	}
	fact(facts)
	kernel := s.fill(f.kernels[first])
	if kind == call && r.Float64() < 0.6 {
		kernel = s.part(t, "filler call") + " " + lower(kernel)
	}
	out = append(out, kernel)
	if len(f.kernels) > 3 && r.Float64() < 0.3 {
		out = append(out, s.fill(f.kernels[(first+1+r.IntN(len(f.kernels)-1))%len(f.kernels)]))
	}
	fact(facts / 2)
	if tail := t.parts["tail "+f.emotion]; len(tail) > 0 && context != "review" && r.Float64() < 0.3 {
		out = append(out, s.fill(pick(r, tail)))
	}
	if emoji := t.parts["emoji "+f.label]; kind != call && len(emoji) > 0 && r.Float64() < 0.09 {
		out[len(out)-1] += " " + pick(r, emoji)
	}
	return out
}

// part returns a filled fragment of t. Fragments with a plus, and those that name somebody, are for people who have
// been in touch before.
func (s *story) part(t texts, key string) string {
	for {
		fragment, met := strings.CutPrefix(pick(s.r, t.parts[key]), "+")
		if !s.fresh || !met && !strings.Contains(fragment, "{agent}") {
			return s.fill(fragment)
		}
	}
}

// sign puts a signature under a mail, mostly with the person's role.
func (s *story) sign(text string) (string, bool) {
	p, r := s.person, s.r
	switch x := r.Float64(); {
	case x < 0.15:
		return text + "\n" + p.first, false
	case x < 0.45:
		return text + "\n" + p.first + " " + p.last, false
	}
	role := roles[p.persona][p.lang]
	text += "\n-- \n" + p.first + " " + p.last + "\n" + strings.ReplaceAll(role, "{company}", p.company)
	if r.Float64() < 0.6 {
		text += "\n" + p.company + ", " + p.city + "\nTel. " + p.dialled
	}
	return text, true
}

// quote puts an earlier message under a mail, as mail programs do.
func (s *story) quote(text, from, earlier string) string {
	head := "On " + s.now.Format("2 Jan 2006") + ", " + from + " wrote:"
	if s.person.lang == "it" {
		head = "Il " + s.now.Format("02/01/2006") + " " + from + " ha scritto:"
	}
	return text + "\n\n" + head + "\n> " + strings.ReplaceAll(earlier, "\n", "\n> ")
}

// slips are what people type when they are in a hurry.
var slips = []*strings.Replacer{
	strings.NewReplacer("è ", "e' ", "perché", "perche", "più", "piu", "già", "gia", "così", "cosi", "però", "pero"),
	strings.NewReplacer("perché", "xké", "non ", "nn ", "comunque", "cmq"),
	strings.NewReplacer("é", "è", "you", "u", "please", "pls"),
	strings.NewReplacer(", ", ","),
	strings.NewReplacer("tt", "t"),
	strings.NewReplacer("'", "’"),
}

// slip makes a text as careless as some are.
func (s *story) slip(text string, f feeling) string {
	switch x := s.r.Float64(); {
	case x < 0.12:
		return pick(s.r, slips).Replace(text)
	case x < 0.16:
		return lower(text)
	case x < 0.19 && (f.emotion == "frustration" || f.emotion == "impatience"):
		return strings.ToUpper(text)
	case x < 0.23 && f.label == "negative":
		return strings.TrimRight(text, ".") + "!!"
	}
	return text
}

// fill puts the story's names and numbers into a fragment, and begins it with a capital.
func (s *story) fill(fragment string) string {
	var b strings.Builder
	rest := fragment
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		b.WriteString(s.value(name))
		rest = tail
	}
	return upper(b.String())
}

// value returns what stands for a placeholder.
func (s *story) value(name string) string {
	p, r, d := s.person, s.r, &s.deal
	switch name {
	case "name":
		return p.first + " " + p.last
	case "o": // the ending of what an Italian says of herself or himself
		if strings.HasSuffix(p.first, "a") && p.first != "Luca" && p.first != "Andrea" && p.first != "Nicola" {
			return "a"
		}
		return "o"
	case "company":
		return p.company
	case "city":
		return p.city
	case "prod":
		return p.product
	case "qty":
		return p.amount
	case "people":
		return fmt.Sprint(p.staff)
	case "agent":
		return s.agent
	case "m", "la", "una", "della", "alla", "sulla":
		return d.machine.form(p.lang, name)
	case "part":
		return d.part[p.lang]
	case "quote":
		return d.quote
	case "order":
		return d.order
	case "inv":
		return d.invoice
	case "serial":
		return d.serial
	case "price":
		return thousands(int(d.value), p.lang)
	case "err":
		return d.err
	case "days":
		return fmt.Sprint(3 + r.IntN(9))
	case "times":
		return fmt.Sprint(2 + r.IntN(4))
	case "hours":
		return fmt.Sprint(100 * (2 + r.IntN(40)))
	}
	panic("synth: placeholder {" + name + "}")
}

func thousands(n int, lang string) string {
	dot := "."
	if lang == "en" {
		dot = ","
	}
	return fmt.Sprintf("%d%s%03d", n/1000, dot, n%1000)
}

func upper(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// lower begins a text with a small letter, unless it begins with an abbreviation or the English I.
func lower(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[size:])
	if unicode.IsUpper(second) || second == '-' || first == 'I' && (second == '\'' || second == ' ') {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}
