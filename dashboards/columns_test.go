package dashboards

import (
	"slices"
	"strings"
	"testing"

	"tappa/aggregate"
)

// TestHeadingsTellExitsApart: stays are measured of those who moved on or completed, survival counts those who were lost, too.
func TestHeadingsTellExitsApart(t *testing.T) {
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range languages {
		measured, usual, left := c.text(lang, "col.stage_n"), c.text(lang, "col.usual_n"), c.text(lang, "col.left")
		if measured != usual || measured == left {
			t.Errorf("%s: stays of %q and %q, exits %q", lang, measured, usual, left)
		}
	}
}

// TestColumnsHaveHeadings holds the columns of tables, and of what a month's changes name, against the catalogue: without a text a page in
// Italian would show the column's English name.
func TestColumnsHaveHeadings(t *testing.T) {
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range aggregate.Reports() {
		var shown []string
		for _, column := range aggregate.ColumnsOf(info.Name) {
			shown = append(shown, column.Name)
		}
		for _, column := range shown {
			if slices.Contains([]string{"label", "label_it", "label_en", "key"}, column) { // named by what the table is split by
				continue
			}
			if _, ok := c["col."+strings.TrimSuffix(column, "_s")]; !ok {
				t.Errorf("report %s: column %s has no text col.%s", info.Name, column, strings.TrimSuffix(column, "_s"))
			}
		}
	}
}
