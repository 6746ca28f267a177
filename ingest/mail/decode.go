package mail

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
)

// maxWord is the longest encoded word that is decoded, in bytes; RFC 2047 allows 75, and programs exceed it.
const maxWord = 2048

// decodeWords decodes the encoded words of a header (RFC 2047). Neighbours of one charset are decoded together, since
// programs split characters between them. What cannot be decoded stays as it is written.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return toUTF8([]byte(s), "")
	}
	var out strings.Builder
	var held []byte // decoded bytes of the words before, in charset set
	set, written := "", 0
	flush := func() {
		out.WriteString(toUTF8(held, set))
		held = held[:0]
	}
	for i := 0; i < len(s); {
		next := strings.Index(s[i:], "=?")
		if next < 0 {
			break
		}
		i += next
		label, content, end, ok := encodedWord(s, i)
		if !ok {
			i += 2
			continue
		}
		between := s[written:i]
		if blank := strings.TrimSpace(between) == ""; !blank || len(held) == 0 || !strings.EqualFold(label, set) {
			flush()
			if !blank || written == 0 {
				out.WriteString(toUTF8([]byte(between), ""))
			}
		}
		held, set = append(held, content...), label
		i, written = end, end
	}
	flush()
	out.WriteString(toUTF8([]byte(s[written:]), ""))
	return out.String()
}

// encodedWord decodes the word that begins at i, and returns where it ends.
func encodedWord(s string, i int) (label string, content []byte, end int, ok bool) {
	word := s[i+2 : min(len(s), i+maxWord)]
	label, rest, ok := strings.Cut(word, "?")
	if !ok || len(label) > 60 || len(rest) < 2 || rest[1] != '?' {
		return "", nil, 0, false
	}
	text, _, ok := strings.Cut(rest[2:], "?=")
	if !ok {
		return "", nil, 0, false
	}
	label, _, _ = strings.Cut(label, "*") // a language (RFC 2231)
	switch rest[0] | 0x20 {
	case 'q':
		content = unquote([]byte(text), true)
	case 'b':
		content = unbase64([]byte(text))
	default:
		return "", nil, 0, false
	}
	return label, content, len(s) - len(s[i+2:]) + (len(word) - len(rest)) + 2 + len(text) + 2, true
}

// transfer undoes a Content-Transfer-Encoding.
func transfer(b []byte, how string) []byte {
	how, _, _ = strings.Cut(how, ";")
	switch strings.ToLower(strings.Trim(how, " \t\"'")) {
	case "quoted-printable":
		return unquote(b, false)
	case "base64":
		return unbase64(b)
	}
	return b
}

// unquote undoes quoted-printable, or the Q encoding of headers; what is no escape stays as it is.
func unquote(b []byte, inHeader bool) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '_' && inHeader:
			out = append(out, ' ')
		case c != '=':
			out = append(out, c)
		case i+2 < len(b) && hexDigit(b[i+1]) >= 0 && hexDigit(b[i+2]) >= 0:
			out = append(out, byte(hexDigit(b[i+1])<<4|hexDigit(b[i+2])))
			i += 2
		default:
			end := i + 1
			for end < len(b) && (b[end] == ' ' || b[end] == '\t' || b[end] == '\r') {
				end++
			}
			if end < len(b) && b[end] == '\n' || end == len(b) { // a soft line break
				i = end
			} else {
				out = append(out, c)
			}
		}
	}
	return out
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// unbase64 undoes base64 as far as it goes: other characters are skipped, a cut group gives what it has.
func unbase64(b []byte) []byte {
	in := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			in = append(in, c)
		case c == '=':
			if len(in)%4 != 0 {
				for len(in)%4 != 0 { // the end of one of several texts that were joined
					in = append(in, '=')
				}
			}
		}
	}
	if len(in)%4 == 1 {
		in = in[:len(in)-1]
	}
	for len(in)%4 != 0 {
		in = append(in, '=')
	}
	out := make([]byte, 0, len(in)/4*3)
	var group [3]byte
	for i := 0; i+4 <= len(in); i += 4 {
		n, _ := base64.StdEncoding.Decode(group[:], in[i:i+4])
		out = append(out, group[:n]...)
	}
	return out
}

// toUTF8 decodes text of a charset. An unknown or missing one is UTF-8 where the text is, else Windows-1252, which is
// what programs that do not say have mostly meant.
func toUTF8(b []byte, label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	if label == "" || label == "utf-8" || label == "utf8" || strings.HasSuffix(label, "ascii") || label == "unknown-8bit" || label == "default" {
		return guess(b)
	}
	enc := encodingOf(label)
	if enc == nil {
		return guess(b)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return guess(b)
	}
	return string(out)
}

// encodingOf returns a charset's decoder, or nil.
func encodingOf(label string) encoding.Encoding {
	if enc, name := charset.Lookup(label); enc != nil && name != "replacement" {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(label); err == nil && enc != nil {
		return enc
	}
	if digits := strings.TrimPrefix(strings.TrimPrefix(label, "cp"), "windows"); digits != label {
		if enc, _ := charset.Lookup("windows-" + strings.Trim(digits, "-_")); enc != nil {
			return enc
		}
	}
	return nil
}

// guess decodes text whose charset is not known.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	// UTF-8 with a few broken bytes, where a text was cut or mixed.
	if s := string(bytes.ToValidUTF8(b, []byte("\ufffd"))); strings.Count(s, "\ufffd")*20 < countHigh(b) {
		return s
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(out)
}

// countHigh counts the bytes beyond ASCII.
func countHigh(b []byte) int {
	n := 0
	for _, c := range b {
		if c >= utf8.RuneSelf {
			n++
		}
	}
	return n
}

// clean drops the characters that no text has: control characters but tab and line feed, and what is not UTF-8. Line
// ends become line feeds.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if strings.IndexFunc(s, unwanted) < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case unwanted(r):
			return -1
		}
		return r
	}, s)
}

func unwanted(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\ufeff' || r == '\u200b'
}

// clipText cuts a text to at most n bytes, between characters.
func clipText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
