package ingest

import "testing"

func TestStart(t *testing.T) {
	at := func(first, end, stored, committed int64, n note) place {
		return place{log: log{first, end}, ledger: true, stored: stored, committed: committed, note: n}
	}
	for name, test := range map[string]struct {
		place
		offset int64
		keep   note
		what   finding
	}{
		"new topic":                       {at(0, 0, -1, -1, noNote), 0, noNote, finding{}},
		"new group on an old topic":       {at(50, 90, -1, -1, noNote), 50, noNote, finding{}},
		"ledger leads":                    {at(0, 90, 40, 10, note{9, -1}), 41, note{40, -1}, finding{}},
		"ledger leads without commit":     {at(0, 90, 40, -1, noNote), 41, note{40, -1}, finding{}},
		"dead letters after the ledger":   {at(0, 90, 40, 60, note{40, -1}), 60, note{40, -1}, finding{}},
		"only dead letters":               {at(0, 90, -1, 60, note{-1, -1}), 60, noNote, finding{}},
		"commit of another program":       {at(0, 90, 40, 60, noNote), 41, note{40, -1}, finding{}},
		"commit moved by hand":            {at(0, 90, -1, 60, noNote), 60, noNote, finding{}},
		"rows lost":                       {at(0, 90, 40, 60, note{59, -1}), 41, note{40, -1}, finding{lost: 19}},
		"all rows lost":                   {at(0, 90, -1, 60, note{59, -1}), 0, noNote, finding{lost: 60}},
		"gap":                             {at(50, 90, 40, 41, note{40, -1}), 50, note{40, -1}, finding{gap: 9}},
		"gap up to the end":               {at(90, 90, 40, 41, note{40, -1}), 90, note{40, -1}, finding{gap: 49}},
		"recreated":                       {at(0, 10, 40, 41, note{40, -1}), 0, note{-1, 40}, finding{recreated: true}},
		"recreated, going on":             {at(0, 10, 40, 5, note{4, 40}), 5, note{4, 40}, finding{}},
		"recreated, grown past":           {at(0, 90, 40, 5, note{4, 40}), 5, note{4, 40}, finding{}},
		"recreated, ledger grown past":    {at(0, 90, 60, 5, note{4, 40}), 61, note{60, 40}, finding{}},
		"without ledger":                  {place{log: log{0, 90}, stored: -1, committed: 20, note: noNote}, 20, noNote, finding{}},
		"without ledger, new":             {place{log: log{7, 90}, stored: -1, committed: -1, note: noNote}, 7, noNote, finding{}},
		"without ledger, topic recreated": {place{log: log{0, 10}, stored: -1, committed: 20, note: noNote}, 0, noNote, finding{recreated: true}},
	} {
		t.Run(name, func(t *testing.T) {
			offset, keep, what := test.place.start()
			if offset != test.offset || keep != test.keep || what != test.what {
				t.Errorf("start of %+v:\n got %d %+v %+v\nwant %d %+v %+v", test.place, offset, keep, what, test.offset, test.keep, test.what)
			}
		})
	}
}

func TestNote(t *testing.T) {
	for _, n := range []note{noNote, {0, -1}, {41, 17}} {
		if got, ok := readNote(n.String()); got != n || !ok {
			t.Errorf("readNote(%q) = %+v, %v", n, got, ok)
		}
	}
	for _, s := range []string{"", "stored=", "stored=4", "stored=x old=1", "someone else's"} {
		if got, ok := readNote(s); got != noNote || ok {
			t.Errorf("readNote(%q) = %+v, %v, want none", s, got, ok)
		}
	}
}
