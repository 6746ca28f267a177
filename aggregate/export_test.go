package aggregate

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
)

type xesLog struct {
	Traces []struct {
		Attributes []xesAttribute `xml:"string"`
		Events     []struct {
			Strings []xesAttribute `xml:"string"`
			Dates   []xesAttribute `xml:"date"`
		} `xml:"event"`
	} `xml:"trace"`
}

type xesAttribute struct {
	Key   string `xml:"key,attr"`
	Value string `xml:"value,attr"`
}

// TestXESHoldsTheLog reads the log back with an XML parser: every case is a trace, every interaction an event.
func TestXESHoldsTheLog(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	odd := &world{journey: "shop", steps: []worldStep{{
		Subject: "p5", Attempt: 1, Number: 1, CaseID: "case-p5", OccurredAt: time.Date(2025, 1, 5, 9, 0, 0, 0, time.UTC), Origin: "o", ID: "1",
		Activity: "says <\"quoted\"> & \x01odd",
	}}}
	odd.again(t, s, 1)
	r, err := s.Report(t.Context(), "steps", Query{})
	must(t, err)
	var b bytes.Buffer
	must(t, r.WriteXES(&b))
	var log xesLog
	must(t, xml.Unmarshal(b.Bytes(), &log))
	got := map[string][]string{}
	for _, trace := range log.Traces {
		for _, e := range trace.Events {
			got[trace.Attributes[0].Value] = append(got[trace.Attributes[0].Value], e.Strings[0].Value+" "+e.Dates[0].Value)
		}
	}
	want := map[string][]string{
		"case-p1": {"asked 2025-01-01T09:00:00.000+00:00", "called 2025-01-03T09:00:00.500+00:00"},
		"case-p2": {"asked 2025-01-02T09:00:00.000+00:00"},
		"case-p3": {"asked 2025-01-03T09:00:00.000+00:00", "called 2025-01-04T09:00:00.000+00:00"},
		"case-p4": {"asked 2025-01-14T09:00:00.000+00:00"},
		"case-p5": {"says <\"quoted\"> & \uFFFDodd 2025-01-05T09:00:00.000+00:00"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("log (-got, +want):\n%s", diff)
	}
	cases, err := s.Report(t.Context(), "cases", Query{})
	must(t, err)
	if err := cases.WriteXES(&b); err == nil {
		t.Error("the report of cases was written as a log")
	}
}

func TestWorkbookHoldsTheReport(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	r, err := s.Report(t.Context(), "cases", Query{AsOf: mid})
	must(t, err)
	var b bytes.Buffer
	must(t, r.WriteXLSX(&b))
	f, err := excelize.OpenReader(&b)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	rows, err := f.GetRows("data")
	must(t, err)
	raws, err := f.GetRows("data", excelize.Options{RawCellValue: true})
	must(t, err)
	if len(rows) != 1+len(r.Rows) || len(rows[0]) != len(r.Columns) {
		t.Fatalf("got %d rows of %d columns, want %d of %d", len(rows), len(rows[0]), 1+len(r.Rows), len(r.Columns))
	}
	for i, c := range r.Columns {
		if rows[0][i] != c.Name {
			t.Errorf("column %d: got %s, want %s", i, rows[0][i], c.Name)
		}
		for n, row := range r.Rows {
			got, want := "", ""
			if i < len(rows[n+1]) {
				got = rows[n+1][i]
			}
			switch v := row[i].(type) {
			case nil:
			case time.Time:
				want = v.In(r.Zone).Format("2006-01-02 15:04:05")
				got, _, _ = strings.Cut(got, " +")
			default:
				want = fmt.Sprint(v)
				if c.Unit != "" {
					got = raws[n+1][i]
				}
			}
			if got != want {
				t.Errorf("row %d, %s: got %q, want %q", n, c.Name, got, want)
			}
		}
	}
	if how, err := f.GetCellValue("how", "B2"); err != nil || how != r.How {
		t.Errorf("how: got %q, %v", how, err)
	}
}

// sheetFormat is how a cell is shown. That the library shows it otherwise than spreadsheets do is its own affair.
func sheetFormat(t *testing.T, f *excelize.File, cell string) string {
	t.Helper()
	id, err := f.GetCellStyle("data", cell)
	must(t, err)
	style, err := f.GetStyle(id)
	must(t, err)
	if style.CustomNumFmt == nil {
		return ""
	}
	return *style.CustomNumFmt
}

// TestWorkbookIsToBeReadAndComputedWith: numbers are shown by their unit and stay what they are, columns are as wide as their names, which stay in
// sight, and a time shows its offset: two instants of the hour that comes twice are told apart.
func TestWorkbookIsToBeReadAndComputedWith(t *testing.T) {
	t.Parallel()
	rome, err := time.LoadLocation("Europe/Rome")
	must(t, err)
	summer := time.Date(2025, 10, 26, 0, 30, 0, 0, time.UTC)
	r := Report{
		Name: "test", Zone: rome,
		Columns: []Column{{Name: "at"}, {Name: "completed_share", Unit: "share"}, {Name: "stay_s", Unit: "s"}, {Name: "n_of_a_long_name_indeed"}},
		Rows:    [][]any{{summer, 0.65731, 93784.5, int64(7)}, {summer.Add(time.Hour), nil, 0.35, int64(8)}},
	}
	var b bytes.Buffer
	must(t, r.WriteXLSX(&b))
	f, err := excelize.OpenReader(&b)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	for cell, want := range map[string][2]string{
		"A2": {"45956.104166666664", `yyyy-mm-dd hh:mm:ss "+02:00"`}, "A3": {"45956.104166666664", `yyyy-mm-dd hh:mm:ss "+01:00"`},
		"B2": {"0.65731", "0.0 %"}, "B3": {"", ""}, "C2": {"93784.5", `[<10]0.0 "s";#,##0 "s"`}, "D2": {"7", ""},
	} {
		if got, err := f.GetCellValue("data", cell, excelize.Options{RawCellValue: true}); err != nil || got != want[0] {
			t.Errorf("%s: got %q, %v, want %q", cell, got, err, want[0])
		}
		if got := sheetFormat(t, f, cell); got != want[1] {
			t.Errorf("%s: is shown as %q, want %q", cell, got, want[1])
		}
	}
	if panes, err := f.GetPanes("data"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes: got %+v, %v", panes, err)
	}
	for column, least := range map[string]float64{"A": 26, "D": 23} {
		if width, err := f.GetColWidth("data", column); err != nil || width < least {
			t.Errorf("column %s is %g wide, want %g at least: %v", column, width, least, err)
		}
	}
}

// TestParquetHoldsTheReport reads every cell of every report back, as the file has it and as ClickHouse reads it.
func TestParquetHoldsTheReport(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	for _, name := range []string{"cases", "steps", "dropoff", "timing"} {
		r, err := s.Report(t.Context(), name, Query{AsOf: mid})
		must(t, err)
		var b bytes.Buffer
		must(t, r.WriteParquet(&b))
		f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
		must(t, err)
		if how, _ := f.Lookup("how"); how != r.How || f.NumRows() != int64(len(r.Rows)) {
			t.Errorf("%s: got %d rows, how %q", name, f.NumRows(), how)
		}
		for i, c := range f.Schema().Columns() {
			if c[0] != r.Columns[i].Name {
				t.Errorf("%s: column %d is %s, want %s", name, i, c[0], r.Columns[i].Name)
			}
		}
		rows := make([]parquet.Row, len(r.Rows))
		reader := parquet.NewReader(f)
		for i := range rows {
			one := make([]parquet.Row, 1)
			if n, err := reader.ReadRows(one); n != 1 {
				t.Fatalf("%s: row %d: %v", name, i, err)
			}
			for k, v := range one[0] {
				want := r.Rows[i][k]
				switch w := want.(type) {
				case nil:
					if !v.IsNull() {
						t.Errorf("%s, row %d, %s: got %v, want null", name, i, r.Columns[k].Name, v)
					}
					continue
				case time.Time:
					want = w.UnixMilli()
				}
				if got := v.String(); got != fmt.Sprint(want) {
					t.Errorf("%s, row %d, %s: got %s, want %v", name, i, r.Columns[k].Name, got, want)
				}
			}
		}
		must(t, reader.Close())
	}
}

// TestParquetIsWhatOthersRead has ClickHouse read a file.
func TestParquetIsWhatOthersRead(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	r, err := s.Report(t.Context(), "cases", Query{AsOf: mid})
	must(t, err)
	var b bytes.Buffer
	must(t, r.WriteParquet(&b))
	file := filepath.Join(t.TempDir(), "cases.parquet")
	must(t, os.WriteFile(file, b.Bytes(), 0o600))
	got := dump(t, s, "SELECT case_id, toTypeName(opened_at), toUnixTimestamp64Milli(assumeNotNull(opened_at)) FROM file('"+file+"', 'Parquet') ORDER BY case_id LIMIT 1")
	var want string
	for _, row := range r.Rows {
		columns := rowOf(columnNames(r.Columns), row)
		if id := columns["case_id"].(string); want == "" || id < want {
			want = id
		}
	}
	if !strings.HasPrefix(got, want+"\tNullable(DateTime64(3") {
		t.Errorf("ClickHouse reads %q, want case %s", got, want)
	}
}

// TestSnapshotAsTable has as many numbers as the view.
func TestSnapshotAsTable(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.PutJourney(t.Context(), loopJourney(t)))
	snap, _ := refreshed(t, s, "loop", "2026-01")
	r, err := snap.Report()
	must(t, err)
	if n := dump(t, s, "SELECT count() FROM snapshot_numbers(journey = 'loop')"); n != fmt.Sprintln(len(r.Rows)) || len(r.Rows) == 0 {
		t.Errorf("%d rows, the view has %s", len(r.Rows), n)
	}
	var b bytes.Buffer
	must(t, r.WriteCSV(&b))
	must(t, r.WriteXLSX(&b))
	must(t, r.WriteParquet(&b))
}
