package mapping

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"tappa/ingest/source"
	"tappa/journey"
)

// csvFormat is how a CSV file is written.
type csvFormat struct {
	delimiter  rune
	encoding   string
	skip       int
	columns    []string // nil: the first line has them
	lazyQuotes bool
}

var defaultCSV = csvFormat{delimiter: ',', encoding: "utf-8"}

// encodings lists the encodings of CSV files; nil is UTF-8, which is checked row by row instead.
var encodings = map[string]encoding.Encoding{
	"utf-8": nil, "latin1": charmap.ISO8859_1, "windows-1252": charmap.Windows1252,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
}

// CSV returns the events of a CSV file; name stands for it in errors. The file is read as the sequence is.
func (m *Mapping) CSV(name string, in io.Reader) iter.Seq2[source.Event, error] {
	return func(yield func(source.Event, error) bool) {
		rows, columns, err := m.openCSV(in)
		if err != nil {
			yield(source.Event{}, fmt.Errorf("%s: %w", name, err))
			return
		}
		r := newRow(name)
		for {
			record, err := rows.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				bad, broken := m.badRow(name, rows, record, columns, err)
				if broken != nil {
					yield(source.Event{}, broken)
					return
				}
				if !m.refuse(bad, yield) {
					return
				}
				continue
			}
			line, _ := rows.FieldPos(0)
			r.next(m.csv.skip + line)
			if p := fill(r, columns, record); p != nil {
				if !m.refuse(r.error(p), yield) {
					return
				}
				continue
			}
			if !m.mapRow(r, yield) {
				return
			}
		}
	}
}

// openCSV reads up to the header and checks that the file has the columns that the mapping names.
func (m *Mapping) openCSV(in io.Reader) (*csv.Reader, []string, error) {
	raw := bufio.NewReaderSize(in, 1<<16)
	if err := m.csv.checkEncoding(raw); err != nil {
		return nil, nil, err
	}
	buffered := raw
	if e := encodings[m.csv.encoding]; e != nil {
		buffered = bufio.NewReaderSize(transform.NewReader(raw, e.NewDecoder()), 1<<16)
	}
	if bom, err := buffered.Peek(3); err == nil && string(bom) == "\ufeff" {
		if _, err := buffered.Discard(3); err != nil {
			return nil, nil, err
		}
	}
	for range m.csv.skip {
		if _, err := buffered.ReadString('\n'); err != nil {
			return nil, nil, fmt.Errorf("skip %d lines: %w", m.csv.skip, err)
		}
	}
	rows := csv.NewReader(buffered)
	rows.Comma, rows.LazyQuotes, rows.ReuseRecord = m.csv.delimiter, m.csv.lazyQuotes, true
	columns := m.csv.columns
	if columns == nil {
		header, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil, nil, errors.New("the file is empty: its first line should name the columns (a file without such a line needs csv: columns in the mapping)")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the header: %w", err)
		}
		columns = append([]string(nil), header...)
	}
	rows.FieldsPerRecord = len(columns)
	return rows, columns, m.checkColumns(columns)
}

// checkEncoding reports a file whose beginning shows that it is written otherwise than the mapping says, where that would
// go unnoticed, or be a riddle.
func (f csvFormat) checkEncoding(in *bufio.Reader) error {
	start, _ := in.Peek(1 << 16) // a shorter file is no error, and one that cannot be read fails where it is read
	wide := bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff"))
	switch f.encoding {
	case "utf-16":
	case "utf-8":
		if wide {
			return errors.New("the file is UTF-16: say so in the mapping, csv: {encoding: utf-16}")
		}
	default:
		// Text in one of these that is UTF-8, too, and not plain ASCII, is not met: è alone is no UTF-8.
		if whole := trimRune(start); utf8.Valid(whole) && bytes.ContainsFunc(whole, func(r rune) bool { return r >= utf8.RuneSelf }) {
			return fmt.Errorf("the file is UTF-8, and the mapping says %s: leave csv: encoding out", f.encoding)
		}
	}
	return nil
}

// trimRune cuts a rune off of which only the beginning is there.
func trimRune(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// checkColumns reports columns that the mapping names and the file has not, before any row is read.
func (m *Mapping) checkColumns(columns []string) error {
	for _, c := range m.named {
		if !slices.Contains(columns, c.name) {
			return fmt.Errorf("no column %q, which %s reads%s", c.name, c.pos, journey.Suggest(c.name, columns))
		}
	}
	return m.checkTwins(columns)
}

// checkTwins reports a column that is there twice, of which only one could be read.
func (m *Mapping) checkTwins(columns []string) error {
	for i, name := range columns {
		first := slices.Index(columns, name)
		if first == i || strings.TrimSpace(name) == "" {
			continue
		}
		read := "keep: all"
		if at := slices.IndexFunc(m.named, func(c column) bool { return c.name == name }); at >= 0 {
			read = m.named[at].pos.String()
		} else if !m.keepAll {
			continue
		}
		return fmt.Errorf("columns %d and %d are both called %q, which %s reads: give all columns names of your own in csv: columns, and skip the header (csv: skip)",
			first+1, i+1, name, read)
	}
	return nil
}

// badRow makes a row error of what the CSV reader says; broken is set where reading cannot go on.
func (m *Mapping) badRow(name string, rows *csv.Reader, record, columns []string, err error) (bad *RowError, broken error) {
	var at *csv.ParseError
	if !errors.As(err, &at) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	reason := at.Err.Error()
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		reason = fmt.Sprintf("%d fields, expected %d", len(record), len(columns))
	case errors.Is(err, csv.ErrBareQuote):
		reason += "; csv: {lazy_quotes: true} takes it as it stands"
	case errors.Is(err, csv.ErrQuote) && at.Line > at.StartLine:
		reason = fmt.Sprintf("a quote that opens a field is not closed before line %d: whatever rows are up to there are lost; "+
			"close it, or write it twice if it belongs to the text", m.csv.skip+at.Line)
	}
	return &RowError{File: name, Line: m.csv.skip + at.StartLine, Reason: reason}, nil
}

// fill sets a row's values.
func fill(r *row, columns, record []string) *problem {
	for i, c := range columns {
		if !utf8.ValidString(record[i]) || strings.ContainsRune(record[i], 0) {
			return problemf(c, "not UTF-8; csv: encoding says how the file is written")
		}
		r.values[c] = record[i]
	}
	return nil
}
