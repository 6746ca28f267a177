package aggregate

import (
	_ "embed"
	"strings"
	"sync"
)

// reportColumns lists what the views answer, a line for each column: report, column, type. A test holds it against the engine;
// `go test ./aggregate -run ReportColumns -update` rewrites it.
//
//go:embed report_columns.txt
var reportColumns string

var columnsByReport = sync.OnceValue(func() map[string][]Column {
	out := map[string][]Column{}
	for line := range strings.Lines(reportColumns) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		out[f[0]] = append(out[f[0]], Column{Name: f[1], Type: f[2], Unit: unitOf(f[1])})
	}
	return out
})

// ColumnsOf gives a report's columns without asking the engine; nil is no report's name.
func ColumnsOf(report string) []Column { return columnsByReport()[report] }
