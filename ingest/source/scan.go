package source

import "bytes"

// rawMember returns the bytes of a member of the JSON object in b, as they stand there, or nil. b must be a valid
// JSON object whose member names are unique. fastjson does not tell where a value stood, and writing the value anew
// would change what the source said.
func rawMember(b []byte, name string) []byte {
	i := bytes.IndexByte(b, '{') + 1
	for {
		for i < len(b) && b[i] != '"' && b[i] != '}' {
			i++
		}
		if i >= len(b) || b[i] == '}' {
			return nil
		}
		end := skipString(b, i)
		key := b[i+1 : end-1]
		i = end
		for b[i] != ':' {
			i++
		}
		i++
		for b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n' {
			i++
		}
		end = skipValue(b, i)
		if sameName(key, name) {
			return b[i:end]
		}
		i = end
	}
}

// skipValue returns where the value that starts at i ends.
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ' ' && b[i] != '\n' && b[i] != '\r' && b[i] != '\t' {
		i++
	}
	return i
}

// skipString returns where the string that starts at i ends.
func skipString(b []byte, i int) int {
	start := i
	i++
	for {
		i += bytes.IndexByte(b[i:], '"')
		back := i - 1
		for back > start && b[back] == '\\' {
			back--
		}
		i++
		if (i-back)%2 == 0 { // an even number of backslashes before the quote
			return i
		}
	}
}

// sameName reports whether a member's name, as written, is name, which is plain ASCII. Escapes are resolved only
// where there are any.
func sameName(written []byte, name string) bool {
	if bytes.IndexByte(written, '\\') < 0 {
		return string(written) == name
	}
	return unescape(written) == name
}
