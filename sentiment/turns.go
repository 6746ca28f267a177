package sentiment

import "strings"

// Bounds of telling who speaks.
const (
	labelLength = 48 // bytes of a line that may hold "[10:32] Operatore Marco:"
	turnWords   = 5  // words of a turn that says something; fields of a form are shorter
)

// Who speaks, by a word of the label before the colon. A company's word decides: "servizio clienti" is the company.
var (
	companySpeaks = wordSet("operatore operatrice agente agent operator operatori assistenza supporto support servizio service " +
		"care helpdesk desk consulente advisor bot chatbot assistente assistant sistema system staff rep representative addetto " +
		"addetta centralino centralinista receptionist reception tecnico technician commerciale venditore sales azienda company " +
		"ufficio team admin risponditore ivr")
	customerSpeaks = wordSet("cliente customer client utente user visitatore visitor chiamante caller ospite guest acquirente " +
		"buyer consumer consumatore richiedente requester")
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

type speaker uint8

const (
	byNobody speaker = iota // the line opens no turn
	byCustomer
	byCompany
	byOther // a name, or any other label
)

// turn is what one speaker says: the lines from one label to the next.
type turn struct {
	who      speaker
	name     string // the label, of byOther
	from, to int    // bytes of the text
	words    int
}

// customerTurns returns what the customer says in a conversation that is written down with a label before every turn:
// "Operatore: …", "[10:32] Cliente: …", "Agent: …", "Anna: …". ok is false when the text is none. The labels stay, as
// they mean nothing to the scorer.
//
// A text is a conversation when it begins with a label and both sides say something. Who is called by a name is the
// customer beside a company, and the company beside a customer.
func customerTurns(text string) (said string, ok bool) {
	var room [64]turn
	turns := split(text, room[:0])
	var filled, count [byOther + 1]int
	other, mixed := "", false // labels that differ are fields of a form
	for _, t := range turns {
		count[t.who]++
		if t.words >= turnWords {
			filled[t.who]++
		}
		if t.who == byOther {
			mixed = mixed || other != "" && other != t.name
			other = t.name
		}
	}
	theirs, ours := byCustomer, byCompany
	switch {
	case count[byCustomer] == 0:
		theirs = byOther
	case count[byCompany] == 0:
		ours = byOther
	default:
		mixed = false
	}
	if mixed || filled[theirs] == 0 || filled[ours] == 0 {
		return "", false
	}
	return join(text, turns, theirs), true
}

// join puts the turns of one speaker together.
func join(text string, turns []turn, who speaker) string {
	var b strings.Builder
	for _, t := range turns {
		if t.who == who {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(strings.TrimSpace(text[t.from:t.to]))
		}
	}
	return b.String()
}

// split finds the turns of a text. One that does not begin with a turn has none: fields in the middle of a message, or
// in a signature, are no conversation.
func split(text string, turns []turn) []turn {
	for at := 0; at < len(text); {
		line, next := lineAt(text, at)
		who, name, rest := speaks(line)
		switch {
		case who != byNobody:
			turns = append(turns, turn{who: who, name: name, from: at, to: next, words: fields(rest)})
		case len(turns) == 0 && line != "":
			return nil
		case len(turns) > 0:
			last := &turns[len(turns)-1]
			last.to = next
			last.words += fields(line)
		}
		at = next
	}
	return turns
}

// speaks tells who a line gives the word to, by which name, and what follows.
func speaks(line string) (who speaker, name, rest string) {
	line = line[clock(line):]
	n := strings.IndexByte(line[:min(len(line), labelLength)], ':')
	if n <= 0 || n+1 < len(line) && line[n+1] != ' ' && line[n+1] != '\t' {
		return byNobody, "", ""
	}
	name, rest = line[:n], line[n+1:]
	who = byOther
	words := 0
	for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return strings.ContainsRune(" ()[]<>-_*0123456789#", r) }) {
		words++
		w = strings.ToLower(w)
		switch {
		case companySpeaks[w]:
			who = byCompany
		case customerSpeaks[w] && who != byCompany:
			who = byCustomer
		}
	}
	if words == 0 || words > 4 || strings.ContainsAny(name, ",;.!?/@") {
		return byNobody, "", ""
	}
	return who, name, rest
}

// clock returns the length of a time that stands before a label: "[10:32] ", "10:32:05 - ", "(00:12) ".
func clock(line string) int {
	n, digits := 0, 0
	for n < len(line) && n < 24 && strings.IndexByte("0123456789:.[]() -/", line[n]) >= 0 {
		if line[n] >= '0' && line[n] <= '9' {
			digits++
		}
		n++
	}
	if digits < 3 {
		return 0
	}
	return n
}
