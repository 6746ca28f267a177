package identity

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"tappa/journey"
)

// Phone returns the key of a phone number in E.164, or "" if it is none: not a number, or one that the numbering
// plan of its country does not know. country (ISO 3166-1 alpha-2) reads national numbers; with "" only numbers with
// a prefix are keys. "00" counts as "+".
func (n *Normaliser) Phone(s, country string) journey.ContactKey {
	s = strings.TrimSpace(s)
	if len(s) < 4 || len(s) > 64 {
		return ""
	}
	written := s
	s = strings.TrimPrefix(s, "tel:")
	if digits, ok := strings.CutSuffix(s, ".0"); ok && strings.Trim(digits, "0123456789") == "" {
		s = digits // a spreadsheet took it for a number: the zero is none of its digits
	}
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	const begin = KindPhone + ":+"
	var room [len(begin) + 64]byte
	if p, all, national := plain(s, country, room[len(begin):len(begin)]); p != nil {
		if !p.valid(national) {
			return ""
		}
		copy(room[:], begin)
		return journey.ContactKey(room[:len(begin)+len(all)])
	}
	asked := phoneAsked{written, country}
	if key, ok := n.phones.get(written, asked); ok {
		return key
	}
	key := parsePhone(s, country)
	asked = phoneAsked{strings.Clone(written), strings.Clone(country)}
	n.phones.put(written, asked, key)
	return key
}

// phoneAsked is a number as written and the country it was read in.
type phoneAsked struct{ number, country string }

// parsePhone has the library make the key of a number.
func parsePhone(s, country string) journey.ContactKey {
	const extension = "interno" // of which the library knows the short form
	if i := strings.Index(strings.ToLower(s), extension); i > 0 && i+len(extension) <= len(s) {
		s = s[:i] + "int." + s[i+len(extension):]
	}
	number, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return ""
	}
	key := journey.ContactKey(KindPhone + ":" + phonenumbers.Format(number, phonenumbers.E164))
	if ext := number.GetExtension(); ext != "" {
		key += journey.ContactKey(";ext=" + ext)
	}
	return key
}
