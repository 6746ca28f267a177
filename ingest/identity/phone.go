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
	asked := phoneAsked{s, country}
	if key, ok := n.phones.get(s, asked); ok {
		return key
	}
	key := parsePhone(s, country)
	n.phones.put(s, phoneAsked{strings.Clone(s), strings.Clone(country)}, key)
	return key
}

// phoneAsked is a number as written and the country it was read in.
type phoneAsked struct{ number, country string }

func parsePhone(s, country string) journey.ContactKey {
	if rest, ok := strings.CutPrefix(s, "tel:"); ok {
		s = rest
	}
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
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
