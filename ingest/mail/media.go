package mail

import "strings"

// media is a Content-Type or Content-Disposition taken apart: its value in lower case, and its parameters.
type media struct {
	value  string
	params map[string]string
}

// maxParams is how many parameters of a value are read.
const maxParams = 100

// readMedia reads a value with parameters as far as there is one: quotes that never end, missing semicolons and
// repeated names (the first counts) are put up with. Parameters in pieces (RFC 2231) are joined.
func readMedia(s string) media {
	value, rest, _ := strings.Cut(s, ";")
	m := media{value: strings.ToLower(strings.Trim(value, " \t\"'")), params: map[string]string{}}
	if head, tail, ok := strings.Cut(m.value, " "); ok { // text/plain charset=utf-8
		m.value, rest = head, s[len(s)-len(tail)-len(rest):]
	}
	for n := 0; rest != "" && n < maxParams; n++ {
		var name, value string
		name, rest = paramName(rest)
		value, rest = paramValue(rest)
		base, piece, pieces := strings.Cut(name, "*")
		switch {
		case base == "":
		case pieces && piece != "" && piece[0] != '0':
			m.params[base] += value
		case m.params[base] == "":
			m.params[base] = value
		}
	}
	return m
}

// paramName returns a parameter's name in lower case and what follows its "=".
func paramName(s string) (name, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", ""
	}
	if s[end] == ';' {
		return "", s[end+1:]
	}
	return strings.ToLower(strings.Trim(s[:end], " \t;\"")), s[end+1:]
}

// paramValue returns a parameter's value, without quotes, and what follows it.
func paramValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	if s == "" || s[0] != '"' {
		value, rest, _ = strings.Cut(s, ";")
		return strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), strings.TrimLeft(s[i+1:], " \t;")
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
