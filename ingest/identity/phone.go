package identity

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/protobuf/proto"

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
	number := plainItalian(s, country)
	if number == nil {
		var err error
		if number, err = phonenumbers.Parse(s, country); err != nil {
			return ""
		}
	}
	if !phonenumbers.IsValidNumber(number) {
		return ""
	}
	key := journey.ContactKey(KindPhone + ":" + phonenumbers.Format(number, phonenumbers.E164))
	if ext := number.GetExtension(); ext != "" {
		key += journey.ContactKey(";ext=" + ext)
	}
	return key
}

const italy, italyCode = "IT", 39

// plainItalian takes a number of Italy apart that is written in digits and separators only, or returns nil. It comes to what
// phonenumbers.Parse comes to, which tries some ten regular expressions on every number. That is easy for Italy alone, where
// no digit is ever dialled in the country and not from abroad. Whether the number exists is not looked at.
func plainItalian(s, country string) *phonenumbers.PhoneNumber {
	rest, abroad := strings.CutPrefix(s, "+39")
	if !abroad && (country != italy || strings.HasPrefix(s, "+")) {
		return nil
	}
	var value uint64
	digits, zeros, begin := 0, 0, uint64(0) // begin is the number of the first two digits
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			if c == '0' && zeros == digits {
				zeros++
			}
			digits++
			if value = value*10 + uint64(c-'0'); digits == 2 {
				begin = value
			}
		case strings.IndexByte(" -./", c) < 0 || !abroad && i == 0:
			return nil
		}
	}
	switch {
	case digits < 6 || digits > 12 || zeros > 1: // nothing Italian, or nearly: let the library say
		return nil
	case !abroad && begin == italyCode:
		return nil // that may be the country's code
	}
	number := &phonenumbers.PhoneNumber{CountryCode: proto.Int32(italyCode), NationalNumber: proto.Uint64(value)}
	if zeros == 1 {
		number.ItalianLeadingZero = proto.Bool(true)
	}
	return number
}
