package identity

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"tappa/journey"
)

// The longest local part and host that mail can carry, in bytes, and the longest text that is looked at: converting
// a host to ASCII takes time that grows with the square of its length.
const (
	maxLocal   = 64
	maxHost    = 253
	maxAddress = 1024
)

// Email returns the key of a mail address, or "" if it is none.
func Email(s string) journey.ContactKey {
	a := Address(s)
	if a == "" {
		return ""
	}
	return journey.ContactKey(KindEmail + ":" + a)
}

// Address returns the normalised bare address in s ("Anna <Anna@Example.com>" is "anna@example.com"), or "" if
// there is none. Quoted local parts and address literals (user@[192.0.2.1]) are no addresses of customers, and
// a host needs a dot.
func Address(s string) string {
	s = bare(s)
	at := strings.LastIndexByte(s, '@')
	if len(s) > maxAddress || at <= 0 || at == len(s)-1 {
		return ""
	}
	local, host := s[:at], s[at+1:]
	if !ascii(s) {
		if !utf8.ValidString(s) {
			return ""
		}
		if !ascii(host) {
			var err error
			if host, err = idna.Lookup.ToASCII(norm.NFC.String(host)); err != nil {
				return ""
			}
		}
		// Lower-casing can undo a composition and composing can undo a lower-casing, so compose on both sides.
		local = norm.NFC.String(strings.ToLower(norm.NFC.String(local)))
	}
	host = strings.TrimSuffix(host, ".")
	if !goodLocal(local) || !goodHost(host) {
		return ""
	}
	if at == len(local) && len(host) == len(s)-at-1 && lower(s) {
		return s
	}
	return strings.ToLower(local) + "@" + strings.ToLower(host)
}

// bare cuts a display name, before the address in angle brackets or behind it in round ones, quotes as Outlook puts around an
// address without a name, and "mailto:".
func bare(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '('); i > 0 && s[len(s)-1] == ')' && strings.IndexByte(s[:i], '<') < 0 {
		s = strings.TrimSpace(s[:i])
	}
	if strings.HasSuffix(s, ">") {
		if i := strings.LastIndexByte(s, '<'); i >= 0 {
			s = strings.TrimSpace(s[i+1 : len(s)-1])
		}
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if len(s) > 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		s = s[1 : len(s)-1]
	}
	return s
}

// goodLocal reports whether s is a local part without quotes: atoms joined by single dots.
func goodLocal(s string) bool {
	if s == "" || len(s) > maxLocal || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
		case c <= ' ' || c == 0x7f || strings.IndexByte(`"(),:;<>@[\]`, c) >= 0:
			return false
		}
	}
	return strings.IndexFunc(s, wide) < 0
}

// wide reports whether r is a blank or invisible character beyond ASCII, which only a mistake puts into an address.
func wide(r rune) bool {
	return r >= utf8.RuneSelf && (r == '\u00a0' || r == '\u3000' || r == '\ufeff' || r == '\ufffd' ||
		r >= '\u0080' && r <= '\u009f' || r >= '\u2000' && r <= '\u200f' || r >= '\u2028' && r <= '\u202f')
}

// goodHost reports whether s is a host name of at least two labels whose last is no number.
func goodHost(s string) bool {
	if s == "" || len(s) > maxHost {
		return false
	}
	labels, start := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			if c := s[i]; !alphanumeric(c) && c != '-' {
				return false
			}
			continue
		}
		label := s[start:i]
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		labels, start = labels+1, i+1
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	return labels > 1 && (last[0] < '0' || last[0] > '9')
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lower reports whether s is ASCII without capitals.
func lower(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}
