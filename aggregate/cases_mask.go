package aggregate

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is taken out of texts, in this order: what is longer and surer first.
var maskPatterns = []struct {
	pattern *regexp.Regexp
	with    string
	accept  func(string) bool // nil: all
}{
	{regexp.MustCompile(`(?i)[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}`), "[email]", nil},
	{regexp.MustCompile(`(?i)\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b`), "[iban]", manyDigits},
	{regexp.MustCompile(`(?i)\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b`), "[tax code]", nil},
	{regexp.MustCompile(`\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}\b`), "[card]", nil},
}

var phonePattern = regexp.MustCompile(`(?:\+|\b00|\(|\b)\d[\d ./()-]{5,18}\d\b`)

// maskPhones takes phone numbers out of a text, not the numbers of documents: P-20260412.
func maskPhones(text string) string {
	var out strings.Builder
	for done := 0; ; {
		at := phonePattern.FindStringIndex(text[done:])
		if at == nil {
			out.WriteString(text[done:])
			return out.String()
		}
		from, to := done+at[0], done+at[1]
		found := text[from:to]
		switch number := documentNumber(text[:from], found); {
		case number != "":
			to = from + len(number)
			out.WriteString(text[done:to])
		case phoneLike(found):
			out.WriteString(text[done:from] + "[phone]")
		default:
			out.WriteString(text[done:to])
		}
		done = to
	}
}

var (
	// What stands before a document's number: a few letters, perhaps digits, and a dash or slash.
	documentPrefix = regexp.MustCompile(`(?:^|[^\p{L}\p{N}])(\p{L}{1,4})\d*[-/]$`)
	documentDigits = regexp.MustCompile(`^\d+(?:[-/]\d+)*`)
	documentPiece  = regexp.MustCompile(`[-/]?\d+`)
	// Italian mobile and land lines, and numbers with the prefix of a country.
	italianPhone = regexp.MustCompile(`^(?:3\d{8,9}|0[1-9]\d{5,9}|00\d{8,})$`)
)

// How many digits the number of a document has: fewer are rather a prefix, more a phone number.
const (
	shortestDocument = 5
	longestDocument  = 10
)

// phoneWords are short words that a phone number stands behind.
var phoneWords = map[string]bool{
	"tel": true, "tlf": true, "cel": true, "cell": true, "mob": true, "fax": true, "ph": true, "wa": true, "fisso": true, "fon": true,
	"n": true, "nr": true, "no": true, "num": true, "nro": true, "uff": true, "casa": true, "home": true, "work": true, "call": true,
	"sms": true, "dial": true, "fone": true, "int": true, "ext": true, "abit": true,
}

// documentNumber gives what at the beginning of found is the number of a document, since a letter or two and a dash or slash stand
// before it; "" if nothing is. What could be an Italian phone number is none.
func documentNumber(before, found string) string {
	prefix := documentPrefix.FindStringSubmatch(before[max(0, len(before)-40):])
	if prefix == nil || phoneWords[strings.ToLower(prefix[1])] {
		return ""
	}
	number, digits := "", ""
	for _, piece := range documentPiece.FindAllString(documentDigits.FindString(found), -1) {
		more := strings.Trim(piece, "-/")
		if len(digits)+len(more) > longestDocument || italianPhone.MatchString(more) {
			break
		}
		number, digits = number+piece, digits+more
	}
	if len(digits) < shortestDocument || italianPhone.MatchString(digits) {
		return ""
	}
	return number
}

// manyDigits tells an IBAN from capital letters that look like one.
func manyDigits(s string) bool {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n >= 10
}

var (
	dateLike   = regexp.MustCompile(`^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))(\D.*)?$`)
	amountLike = regexp.MustCompile(`^\d{1,3}(\.\d{3})+$`)
)

// phoneLike tells a phone number from a date or an amount written with separators.
func phoneLike(s string) bool {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n >= 7 && n <= 15 && !dateLike.MatchString(s) && !amountLike.MatchString(s)
}

// Mask takes e-mail addresses, phone numbers, IBANs, card numbers and Italian tax codes out of a text, and leaves what
// kind each was: "[email]". It would rather take out too much than too little.
func Mask(text string) string {
	for _, m := range maskPatterns {
		text = m.pattern.ReplaceAllStringFunc(text, func(found string) string {
			if m.accept != nil && !m.accept(found) {
				return found
			}
			return m.with
		})
	}
	return maskPhones(text)
}

// MaskKey shortens a contact key so that whoever knows the person recognises it and nobody else does:
// "email:a…@example.com", "phone:+39…567". Other keys name a record, not a person, and stay.
func MaskKey(key string) string {
	kind, value, ok := strings.Cut(key, ":")
	if !ok {
		return Mask(key)
	}
	switch kind {
	case "email":
		local, domain, ok := strings.Cut(value, "@")
		if !ok {
			return key // a conversation's id
		}
		_, size := utf8.DecodeRuneInString(local)
		return kind + ":" + local[:size] + "…@" + domain
	case "phone":
		if len(value) < 8 {
			return kind + ":…"
		}
		return kind + ":" + value[:3] + "…" + value[len(value)-3:]
	}
	return key
}

// nameSet collects words that name a person of a case.
type nameSet struct{ words map[string]struct{} }

// roles are local parts of addresses that name nobody.
var roles = map[string]bool{
	"info": true, "sales": true, "support": true, "admin": true, "office": true, "mail": true, "contact": true,
	"assistenza": true, "vendite": true, "ufficio": true, "commerciale": true, "amministrazione": true, "acquisti": true,
	"ordini": true, "service": true, "servizio": true, "clienti": true, "noreply": true, "reply": true, "marketing": true,
	"email": true, "phone": true, "crm": true, "account": true, "cookie": true, "ticket": true, "agent": true, "team": true,
}

// addPerson takes the words of a display name and of an address's local part, not of its domain.
func (n nameSet) addPerson(s string) {
	for _, field := range strings.Fields(s) {
		local, _, isAddress := strings.Cut(strings.Trim(field, `<>"',;()`), "@")
		if kind, rest, ok := strings.Cut(local, ":"); ok {
			if kind != "email" && !isAddress {
				continue // another kind of key
			}
			local = rest
		}
		n.addWords(local)
	}
}

func (n nameSet) addWords(s string) {
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
		w = strings.ToLower(w)
		if utf8.RuneCountInString(w) >= 3 && !roles[w] {
			n.words[w] = struct{}{}
		}
	}
}

// nameFields are what sources call the fields that hold a person's name.
var nameFields = map[string]bool{
	"name": true, "first_name": true, "last_name": true, "firstname": true, "lastname": true, "full_name": true,
	"fullname": true, "nome": true, "cognome": true, "nome_cognome": true, "surname": true, "contact_name": true,
	"agent_name": true, "requester_name": true, "customer_name": true, "author": true,
}

// addPayload takes the names that a source's own data holds, at any depth.
func (n nameSet) addPayload(payload string) {
	var data any
	if json.Unmarshal([]byte(payload), &data) == nil {
		n.addData(data)
	}
}

func (n nameSet) addData(data any) {
	switch v := data.(type) {
	case map[string]any:
		for key, value := range v {
			if s, ok := value.(string); ok && nameFields[strings.ToLower(key)] {
				n.addWords(s)
				continue
			}
			n.addData(value)
		}
	case []any:
		for _, value := range v {
			n.addData(value)
		}
	}
}

// Whom a letter is addressed to, and what is left of a signature of which the set knew one word.
var (
	salutation = regexp.MustCompile(`(?m)^(\s*(?i:ciao|car[oa]|gentile|gentilissim[oa]|egregi[oa]|gent\.m[oa]|buongiorno|buonasera|salve|dear|hi|hello|hey|good morning)` +
		`(?: (?i:sig\.?|sig\.ra|sig\.na|signora?|dott\.?|dott\.ssa|ing\.|mr\.?|mrs\.?|ms\.?))?) (\p{Lu}[\p{L}'’]+(?: \p{Lu}[\p{L}'’]+){0,2})(\s*[,;:!.]|\s*$)`)
	halfSigned = regexp.MustCompile(`\n(\p{Lu}\p{L}+ \[name\]|\[name\] \p{Lu}\p{L}+)\s*$`)
)

// greeted are words that a salutation names instead of a person.
var greeted = map[string]bool{
	"sirs": true, "sir": true, "madam": true, "all": true, "everyone": true, "tutti": true, "signori": true, "cliente": true,
	"direttore": true, "responsabile": true, "customer": true, "staff": true, "azienda": true, "ditta": true,
}

// maskGreeted takes the name out of a salutation, unless it is a role or a company's team.
func maskGreeted(text string) string {
	return salutation.ReplaceAllStringFunc(text, func(found string) string {
		part := salutation.FindStringSubmatch(found)
		for w := range strings.FieldsSeq(strings.ToLower(part[2])) {
			if greeted[w] || roles[w] {
				return found
			}
		}
		return part[1] + " [name]" + part[3]
	})
}

// mask is Mask, and "[name]" for whom a salutation names and for the words of the set, whatever their case.
func (n nameSet) mask(text string) string {
	text = maskGreeted(Mask(text))
	if len(n.words) == 0 {
		return text
	}
	return halfSigned.ReplaceAllString(n.maskWords(text), "\n[name]")
}

// maskWords puts "[name]" for the words of the set.
func (n nameSet) maskWords(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		end := strings.IndexFunc(text, unicode.IsLetter)
		if end < 0 {
			end = len(text)
		}
		inMark := end > 0 && text[end-1] == '['
		b.WriteString(text[:end])
		text = text[end:]
		end = strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
		if end < 0 {
			end = len(text)
		}
		word := text[:end]
		if _, named := n.words[strings.ToLower(word)]; named && !inMark {
			word = "[name]"
		}
		b.WriteString(word)
		text = text[end:]
	}
	return b.String()
}

var quoteHead = regexp.MustCompile(`(?i)^(il|in data|on) .{4,80}(ha scritto|wrote):?\s*$|^-{2,}\s*(original message|messaggio originale).*$|^(from|da): .+@`)

// ownWords leaves what the customer wrote: no quoted lines, no signature, and no empty lines around.
func ownWords(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \r\n\t")
		if line == "--" || quoteHead.MatchString(line) {
			break
		}
		if !strings.HasPrefix(line, ">") {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
