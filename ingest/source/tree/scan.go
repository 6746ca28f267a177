package tree

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// space returns where what follows the blanks at i begins.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// word reads one of the three words at i.
func word(b []byte, i int, w string) (end int, ok bool) {
	if len(b)-i < len(w) || string(b[i:i+len(w)]) != w {
		return i, false
	}
	return i + len(w), true
}

// number reads the number at i.
func number(b []byte, i int) (end int, ok bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return i, false
	case b[i] == '0':
		i++
	default:
		if i, ok = digits(b, i); !ok {
			return i, false
		}
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = digits(b, i+1); !ok {
			return i, false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i, true
}

// digits reads one digit or more.
func digits(b []byte, i int) (end int, ok bool) {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
		ok = true
	}
	return i, ok
}

// Eight bytes at a time: each byte is 1, and each has its highest bit only.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks, by their highest bits, the bytes of x that end a string's plain text: quotes, backslashes and control
// characters. Behind the first of them others may be marked wrongly.
func special(x uint64) uint64 {
	quote, slash := x^('"'*ones), x^('\\'*ones)
	return ((quote-ones)&^quote | (slash-ones)&^slash | (x-' '*ones)&^x) & highs
}

// str reads the string whose quote is at i, and tells whether a backslash is in it.
func str(b []byte, i int) (end int, escaped, ok bool) {
	i++
	for {
		for len(b)-i >= 8 {
			if marks := special(binary.LittleEndian.Uint64(b[i:])); marks != 0 {
				i += bits.TrailingZeros64(marks) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			return i, escaped, false
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, escaped, true
		case c < ' ':
			return i, escaped, false
		case c == '\\':
			escaped = true
			if i, ok = escape(b, i); !ok {
				return i, escaped, false
			}
		default:
			i++
		}
	}
}

// escape reads the escape at i. That of NUL is refused.
func escape(b []byte, i int) (end int, ok bool) {
	if len(b)-i < 2 {
		return i, false
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, true
	case 'u':
		if unit, ok := hex4(b[i+2:]); ok && unit != 0 {
			return i + 6, true
		}
	}
	return i, false
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// plain gives what each escape of one letter stands for.
var plain = [...]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// said returns the string that is written b, a half of a surrogate pair as U+FFFD. One with escapes goes into memory that is
// used again.
func said(b []byte, escaped bool, memory *[]byte) []byte {
	if !escaped {
		return b[:len(b):len(b)]
	}
	out := (*memory)[:0]
	for i := 0; i < len(b); {
		next := bytes.IndexByte(b[i:], '\\')
		if next < 0 {
			out = append(out, b[i:]...)
			break
		}
		out = append(out, b[i:i+next]...)
		i += next
		if b[i+1] != 'u' {
			out = append(out, plain[b[i+1]])
			i += 2
			continue
		}
		r, _ := hex4(b[i+2:])
		i += 6
		if utf16.IsSurrogate(r) {
			var low rune
			if len(b)-i >= 6 && b[i] == '\\' && b[i+1] == 'u' {
				low, _ = hex4(b[i+2:])
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				i += 6
			}
		}
		out = utf8.AppendRune(out, r)
	}
	*memory = out
	return out
}
