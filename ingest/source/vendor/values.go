package vendor

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"tappa/ingest/source"
)

// Bounds of a posted form, so that nobody makes one that is dear to read.
const (
	maxFields    = 2000
	maxFieldSize = 1 << 20
)

// readValues reads a posted form, urlencoded or multipart. Files are left out; the names they were sent under are told.
func readValues(raw source.Raw) (values url.Values, files []string, err error) {
	media, params, err := mime.ParseMediaType(contentType(raw))
	if err == nil && media == "multipart/form-data" {
		return readMultipart(raw.Value, params["boundary"])
	}
	values, err = url.ParseQuery(string(bytes.TrimRight(raw.Value, "\r\n")))
	if err != nil {
		return nil, nil, source.Malformed("expected a posted form: %v", err)
	}
	for _, all := range values {
		for i, text := range all {
			all[i] = FormText(text)
		}
	}
	return values, nil, nil
}

// FormText returns what was typed into a form. Pages that are not written in UTF-8 post what they are written in, and say
// nothing of it: what is no UTF-8 is read as Windows-1252, of which Latin 1 is a part.
func FormText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return text
}

func readMultipart(body []byte, boundary string) (url.Values, []string, error) {
	if boundary == "" {
		return nil, nil, source.Malformed("a multipart form without boundary")
	}
	values, files := url.Values{}, []string(nil)
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxFields {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return values, files, nil
		}
		if err != nil {
			return nil, nil, source.Malformed("expected a multipart form: %v", err)
		}
		if part.FileName() != "" {
			files = append(files, part.FormName())
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, maxFieldSize))
		if err != nil {
			return nil, nil, source.Malformed("expected a multipart form: %v", err)
		}
		values.Add(part.FormName(), FormText(string(text)))
	}
	return nil, nil, source.Malformed("a form of more than %d fields", maxFields)
}

// contentType returns what the sender called the value.
func contentType(raw source.Raw) string { return headerOf(raw, "content-type") }

// headerOf returns a header of the record, whatever case it is written in.
func headerOf(raw source.Raw, name string) string {
	for _, h := range raw.Headers {
		if strings.EqualFold(h.Key, name) {
			return string(h.Value)
		}
	}
	return ""
}

// isJSON says whether a value is a JSON object or list, by what it is called and, where it is not, by how it begins.
func isJSON(raw source.Raw) bool {
	if media, _, err := mime.ParseMediaType(contentType(raw)); err == nil {
		return media == "application/json" || strings.HasSuffix(media, "+json")
	}
	b := bytes.TrimLeft(raw.Value, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

// fieldsOf is a form as a JSON object, one text a field.
func fieldsOf(v url.Values) json.RawMessage {
	m := make(map[string]string, len(v))
	for name, all := range v {
		m[name] = strings.Join(all, ", ")
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return b
}
