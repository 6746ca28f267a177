package aggregate

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every example of docs/sql.md runs as it stands, also from another database by the view's full name, and no view
// lacks one.
func TestDocumentedQueries(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	doc, err := os.ReadFile("../docs/sql.md")
	must(t, err)
	examples := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	elsewhere := openDriver(t, s.opts)
	seen := map[string]bool{}
	for _, example := range examples {
		call := regexp.MustCompile(`FROM (\w+)\(`).FindStringSubmatch(example[1])
		if call == nil {
			t.Errorf("no view in\n%s", example[1])
			continue
		}
		seen[call[1]] = true
		if err := s.conn.Exec(t.Context(), example[1]); err != nil {
			t.Errorf("%s: %v", call[1], err)
		}
		qualified := strings.Replace(example[1], "FROM "+call[1], "FROM "+s.opts.Database+"."+call[1], 1)
		if err := elsewhere.Exec(t.Context(), qualified); err != nil {
			t.Errorf("%s from another database: %v", call[1], err)
		}
	}
	for _, info := range Reports() {
		if !seen[info.View] {
			t.Errorf("docs/sql.md has no example of %s", info.View)
		}
	}
}

// The list of columns that files are checked by is what the engine answers.
func TestReportColumns(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var got strings.Builder
	for _, info := range Reports() {
		by := slices.Concat(info.By, groupings)[0]
		q := Query{Journey: "none", AsOf: latestInstant, From: earliestInstant, To: latestInstant, By: by}
		rows, err := s.conn.Query(withQuery(t.Context(), q), "DESCRIBE (SELECT * FROM "+info.call()+")")
		must(t, err)
		_, columns, err := readTable(rows, true)
		must(t, errors.Join(err, rows.Close()))
		for _, c := range columns {
			fmt.Fprintf(&got, "%s %v %v\n", info.Name, c[0], c[1])
		}
	}
	if *update {
		must(t, os.WriteFile("report_columns.txt", []byte(got.String()), 0o644))
	} else if d := cmp.Diff(reportColumns, got.String()); d != "" {
		t.Errorf("report_columns.txt does not list what the engine answers: run this test with -update (-list, +engine):\n%s", d)
	}
}
