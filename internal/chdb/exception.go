package chdb

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Codes of ClickHouse's errors that this package gives or looks at.
const (
	codeUnknownTable    = 60
	codeSyntax          = 62
	codeUnknownSetting  = 115
	codeTimeout         = 159
	codeReadOnly        = 164
	codeNotImplemented  = 48
	codeUnknownDatabase = 81
	codeCancelled       = 394
	codeDenied          = 497
	codeBadRequest      = 36
	codeUnknown         = 1002
)

// exception is an error as ClickHouse tells it: `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`.
type exception struct {
	code int
	text string // complete, with code and name
}

func (e exception) Error() string { return e.text }

// names of the codes that this package gives by itself.
var names = map[int]string{
	codeSyntax: "SYNTAX_ERROR", codeUnknownSetting: "UNKNOWN_SETTING", codeReadOnly: "READONLY",
	codeNotImplemented: "NOT_IMPLEMENTED", codeCancelled: "QUERY_WAS_CANCELLED", codeDenied: "ACCESS_DENIED",
	codeBadRequest: "BAD_ARGUMENTS", codeUnknown: "UNKNOWN_EXCEPTION",
}

func newException(code int, format string, args ...any) exception {
	return exception{code, fmt.Sprintf("Code: %d. DB::Exception: %s (%s)", code, fmt.Sprintf(format, args...), names[code])}
}

var codePrefix = regexp.MustCompile(`^Code: (\d+)\. DB::Exception: `)

// parseException reads the engine's error text. The engine sometimes repeats the prefix; one is enough.
func parseException(text string) exception {
	text = strings.TrimSpace(text)
	m := codePrefix.FindStringSubmatch(text)
	if m == nil {
		if strings.Contains(text, "not support") {
			return newException(codeNotImplemented, "%s", text)
		}
		return newException(codeUnknown, "%s", text)
	}
	for strings.HasPrefix(text[len(m[0]):], m[0]) {
		text = text[len(m[0]):]
	}
	code, err := strconv.Atoi(m[1])
	if err != nil {
		return newException(codeUnknown, "%s", text)
	}
	return exception{code, text}
}

// status is the HTTP status for the error, as a ClickHouse server would choose it for the codes that callers meet.
func (e exception) status() int {
	switch e.code {
	case codeUnknownTable, codeUnknownDatabase, 16, 46, 47, codeUnknownSetting: // unknown column, function, identifier
		return http.StatusNotFound
	case codeSyntax, codeBadRequest, 6, 27, 41, 42, 43, 53, 69, 70, 72, 73, 117, 457: // cannot parse, bad types and arguments
		return http.StatusBadRequest
	case codeDenied, codeReadOnly:
		return http.StatusForbidden
	case codeTimeout:
		return http.StatusRequestTimeout
	case codeNotImplemented:
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}
