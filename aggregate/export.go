package aggregate

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// maxSheetRows is how many rows a sheet can have, the head included.
const maxSheetRows = 1 << 20

// WriteXLSX writes a workbook: the rows as numbers, dates and texts on one sheet, how they were computed on another. Times are
// in the report's zone, since cells have none, and show its offset; durations stay seconds, shares fractions.
func (r Report) WriteXLSX(w io.Writer) (err error) {
	if len(r.Rows) >= maxSheetRows {
		return fmt.Errorf("write report %s: %d rows, a sheet has room for %d: export csv instead", r.Name, len(r.Rows), maxSheetRows-1)
	}
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.SetSheetName("Sheet1", "data"); err != nil {
		return fmt.Errorf("write report %s: %w", r.Name, err)
	}
	if err := r.fillSheet(f); err != nil {
		return fmt.Errorf("write report %s: %w", r.Name, err)
	}
	if _, err := f.NewSheet("how"); err != nil {
		return fmt.Errorf("write report %s: %w", r.Name, err)
	}
	notes := [][2]any{{"report", r.Name}, {"how", r.How}, {"as of", r.AsOf.UTC().Format(time.RFC3339Nano)}, {"times in", r.Zone.String()}}
	for i, line := range notes {
		if err := f.SetSheetRow("how", "A"+strconv.Itoa(i+1), &[]any{line[0], line[1]}); err != nil {
			return fmt.Errorf("write report %s: %w", r.Name, err)
		}
	}
	if err := f.SetColWidth("how", "A", "A", 12); err != nil {
		return fmt.Errorf("write report %s: %w", r.Name, err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write report %s: %w", r.Name, err)
	}
	return nil
}

// sheetFormats are how cells of a unit are shown: the numbers behind them stay fractions and seconds, to be computed with.
var sheetFormats = map[string]string{"share": "0.0 %", "s": `[<10]0.0 "s";#,##0 "s"`, "mood": "0.00"}

// measuredRows is how many rows say how wide the columns are to be, and widest how wide one may become.
const (
	measuredRows = 1000
	widest       = 60
)

// sheetStyles are the styles of a workbook's cells, made when first needed.
type sheetStyles struct {
	file *excelize.File
	ids  map[string]int
}

func (s sheetStyles) of(format string) (int, error) {
	if id, ok := s.ids[format]; ok {
		return id, nil
	}
	id, err := s.file.NewStyle(&excelize.Style{CustomNumFmt: &format})
	s.ids[format] = id
	return id, err
}

// cell is a value as a workbook holds and shows it.
func (s sheetStyles) cell(c Column, zone *time.Location, value any) (any, error) {
	format := sheetFormats[c.Unit]
	switch v := value.(type) {
	case nil:
		return nil, nil
	case time.Time:
		// A cell's date has no zone: what the clock on the wall showed is what it is to show, and from what offset.
		local := v.In(zone)
		_, offset := local.Zone()
		id, err := s.of(`yyyy-mm-dd hh:mm:ss "` + local.Format("-07:00") + `"`)
		return excelize.Cell{StyleID: id, Value: v.UTC().Add(time.Duration(offset) * time.Second)}, err
	case float64, int64, uint64:
		if format != "" {
			id, err := s.of(format)
			return excelize.Cell{StyleID: id, Value: v}, err
		}
	}
	return value, nil
}

// sheetWidth is how wide a column has to be for its name and values, in letters.
func (r Report) sheetWidth(i int) float64 {
	c := r.Columns[i]
	width := utf8.RuneCountInString(c.Name)
	for _, row := range r.Rows[:min(len(r.Rows), measuredRows)] {
		switch v := row[i].(type) {
		case time.Time:
			width = max(width, len("2006-01-02 15:04:05 +00:00"))
		case float64:
			width = max(width, 10)
		case nil:
		default:
			width = max(width, utf8.RuneCountInString(fmt.Sprint(v)))
		}
	}
	return float64(min(width, widest) + 2)
}

// headSheet sets what comes before the rows: widths, and names of columns that stay in sight.
func (r Report) headSheet(f *excelize.File, sheet *excelize.StreamWriter) error {
	if err := sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	head := make([]any, len(r.Columns))
	for i, c := range r.Columns {
		head[i] = excelize.Cell{StyleID: bold, Value: c.Name}
		if err := sheet.SetColWidth(i+1, i+1, r.sheetWidth(i)); err != nil {
			return err
		}
	}
	return sheet.SetRow("A1", head)
}

func (r Report) fillSheet(f *excelize.File) error {
	sheet, err := f.NewStreamWriter("data")
	if err != nil {
		return err
	}
	if err := r.headSheet(f, sheet); err != nil {
		return err
	}
	styles := sheetStyles{f, map[string]int{}}
	for n, row := range r.Rows {
		cells := make([]any, len(row))
		for i, v := range row {
			if cells[i], err = styles.cell(r.Columns[i], r.Zone, v); err != nil {
				return err
			}
		}
		if err := sheet.SetRow("A"+strconv.Itoa(n+2), cells); err != nil {
			return err
		}
	}
	return sheet.Flush()
}

// xesAttributes are what an event of an exported log says, by column of the report steps. The first two are what every
// tool for event logs looks for.
var xesAttributes = [][2]string{
	{"activity", "concept:name"},
	{"occurred_at", "time:timestamp"},
	{"department", "org:group"},
	{"origin", "origin"},
	{"id", "id"},
	{"type", "type"},
	{"direction", "direction"},
	{"stage", "stage"},
	{"touchpoint", "touchpoint"},
	{"channel", "channel"},
	{"mood_label", "mood"},
}

// WriteXES writes the report steps as an event log (IEEE 1849): a trace for each case, in the order in which cases began,
// its interactions in total order.
func (r Report) WriteXES(w io.Writer) error {
	at := map[string]int{}
	for i, c := range r.Columns {
		at[c.Name] = i
	}
	for _, name := range []string{"case_id", "activity", "occurred_at", "persona"} {
		if _, ok := at[name]; !ok {
			return fmt.Errorf("write log: report %s has no column %s; export report steps", r.Name, name)
		}
	}
	var order []string
	traces := map[string][][]any{}
	for _, row := range r.Rows {
		id, _ := row[at["case_id"]].(string)
		if traces[id] == nil {
			order = append(order, id)
		}
		traces[id] = append(traces[id], row)
	}
	out := &xesWriter{w: bufio.NewWriter(w)}
	out.print(xesHead)
	for _, id := range order {
		out.print("  <trace>\n")
		out.text("    ", "concept:name", id)
		if persona, _ := traces[id][0][at["persona"]].(string); persona != "" {
			out.text("    ", "persona", persona)
		}
		for _, row := range traces[id] {
			out.print("    <event>\n")
			out.event(row, at)
			out.print("    </event>\n")
		}
		out.print("  </trace>\n")
	}
	out.print("</log>\n")
	if err := errors.Join(out.err, out.w.Flush()); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}

const xesHead = `<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
    <string key="lifecycle:transition" value="complete"/>
  </global>
  <classifier name="Activity" keys="concept:name"/>
`

// xesWriter keeps the first error, which is the one that matters.
type xesWriter struct {
	w   *bufio.Writer
	err error
}

func (x *xesWriter) print(s string) {
	if x.err == nil {
		_, x.err = x.w.WriteString(s)
	}
}

func (x *xesWriter) text(indent, key, value string) { x.attribute(indent, "string", key, value) }

func (x *xesWriter) attribute(indent, kind, key, value string) {
	x.print(indent + "<" + kind + ` key="` + key + `" value="`)
	if x.err == nil {
		x.err = xml.EscapeText(x.w, []byte(value))
	}
	x.print("\"/>\n")
}

func (x *xesWriter) event(row []any, at map[string]int) {
	for _, a := range xesAttributes {
		i, ok := at[a[0]]
		if !ok {
			continue
		}
		switch v := row[i].(type) {
		case time.Time:
			x.attribute("      ", "date", a[1], v.UTC().Format("2006-01-02T15:04:05.000+00:00"))
		case string:
			if v != "" {
				x.text("      ", a[1], v)
			}
		}
	}
	x.text("      ", "lifecycle:transition", "complete")
}
