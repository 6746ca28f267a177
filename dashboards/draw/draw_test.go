package draw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sheet makes one of so many columns, with every kind of block in each, and with labels as long as n says.
func sheet(columns, n int) *Sheet {
	long := strings.TrimSpace(strings.Repeat("Donaudampfschifffahrt und viel mehr ", n))
	s := &Sheet{
		Lang: "en", Title: "Map", Heading: "Journey map · " + long, Lines: [][]Run{{{Text: "Persona:", Style: Bold}, {Text: long}}},
		Columns: columns, More: "+ %d more", Legend: []Swatch{{Square, "#2a7f8e", "moved on"}, {StarSign, Ink, "star"}, {Dot, Accent, "dot"}, {Ring, Accent, long}, {Whisker, Soft, "interval"}},
		Foot: []string{"How: " + long},
	}
	first, curve, last := Row{Head: "Phase", Fill: "#e0f0f1"}, Row{Head: "Experience", Curve: &Curve{Min: -2, Max: 2, Ticks: []Tick{{-2, "−2"}, {0, "0"}, {2, "+2"}}}}, Row{Head: "Opportunity"}
	for i := range columns {
		first.Cells = append(first.Cells, []Block{
			{Words: []Run{{Text: long, Style: Title}}},
			{Words: []Run{{Text: "Drop-off", Style: Small}, {Text: "12.3 %", Style: Big}, {Text: "few", Style: Badge}, {Style: Break}, {Text: "n 1,234"}}},
			{Bar: []Part{{0.25, "#2a7f8e", "moved on: 1"}, {0.75, "#b3362c", "lost: 3"}}},
			{Facts: []Fact{{Name: long, Value: []Run{{Text: "1,234"}}, Mark: "#b3362c"}, {Name: "in hours", Value: []Run{{Text: "1 d 3 h · " + long}}}}},
		})
		value := float64(i%5) - 2
		low, high := value-0.4, value+0.4
		curve.Curve.Points = append(curve.Curve.Points, Point{Value: &value, Low: &low, High: &high, Label: fmt.Sprint(value), Hollow: i%2 == 0})
		curve.Cells = append(curve.Cells, []Block{{Words: []Run{{Text: "They said: 😡 " + long + " end of it"}}, Frame: Quote, Mark: "#b3362c"}})
		list := &List{More: 2}
		for range 7 {
			list.Items = append(list.Items, []Block{{Words: []Run{{Style: Star, Text: "star"}, {Text: long, Style: Badge}}}, {Tight: true, Facts: []Fact{{Name: "n", Value: []Run{{Text: "1"}}}}}})
		}
		last.Cells = append(last.Cells, []Block{{Frame: Note, Mark: "#fff8e1", Words: []Run{{Text: long}}}, {List: list}})
	}
	if columns > 2 {
		curve.Curve.Points[1] = Point{}
	}
	s.Rows = []Row{first, curve, last}
	return s
}

// TestFits lays out sheets of all kinds: everything is on the page, nothing is wider than its column, and what was cut is counted.
func TestFits(t *testing.T) {
	for _, page := range Pages {
		for _, columns := range []int{1, 6, 12, 30} {
			for _, n := range []int{0, 6} {
				f, err := loadFonts()
				if err != nil {
					t.Fatal(err)
				}
				s := sheet(columns, n)
				l := fit(s, page, f)
				if l.em > largest || l.em < 0.2 || l.spare < 0 || l.spare > 3 && l.em < largest*0.99 {
					t.Errorf("%s, %d columns, %d: letters of %.2f mm, %.1f of them spare", page.Name, columns, n, l.em, l.spare)
				}
				for _, row := range s.Rows {
					for _, cell := range row.Cells {
						checkBlocks(t, l, cell)
					}
				}
			}
		}
	}
}

func checkBlocks(t *testing.T, l *layout, blocks []Block) {
	t.Helper()
	width := l.column - 2*pad
	for _, b := range blocks {
		lines := l.words(b, width)
		for _, f := range b.Facts {
			placed := l.fact(f, width)
			lines = append(append(lines, placed.name...), placed.value...)
		}
		for _, line := range lines {
			if line.width > width+0.01 && len(line.words) > 1 {
				t.Errorf("a line of %.2f in a column of %.2f", line.width, width)
			}
		}
		if b.List == nil {
			continue
		}
		items := l.shown(b.List)
		rest := items[len(items)-1].Words[0].Text
		if want := fmt.Sprintf("+ %d more", len(b.List.Items)+b.List.More-(len(items)-1)/2); rest != want {
			t.Errorf("%d blocks are shown, and %q", len(items)-1, rest)
		}
	}
}

func TestWrap(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	lines := f.wrap([]Run{{Text: "one two \U0001F621 three"}, {Style: Break}, {Text: strings.Repeat("x", 50)}, {Text: "quite a long badge", Style: Badge}}, 5)
	var got []string
	for _, line := range lines {
		var words []string
		for _, w := range line.words {
			words = append(words, w.text)
		}
		got = append(got, strings.Join(words, " "))
		if line.width > 5 {
			t.Errorf("%q is %.2f wide", got[len(got)-1], line.width)
		}
	}
	all := strings.Join(got, "|")
	if !strings.HasPrefix(all, "one two|three|xxxxxxx") || strings.Count(all, "x") != 50 || !strings.HasSuffix(all, "quite a long|badge") {
		t.Errorf("got %s", all)
	}
	if clamped := f.clamp(lines, 2, 5); len(clamped) != 2 || clamped[1].words[1].text != "…" || clamped[1].width > 5 {
		t.Errorf("clamped: %+v", clamped)
	}
	if got := f.clean("  caffè\u200b\ufe0f\t😡 − 5 € · ½  "); got != "caffè − 5 € · ½" {
		t.Errorf("clean: %q", got)
	}
}

// TestFiles writes a sheet of twelve columns in every format, in two time zones: the files are sound, and the same.
func TestFiles(t *testing.T) {
	defer func(zone *time.Location) { time.Local = zone }(time.Local)
	for name, page := range Pages {
		for _, format := range []string{"svg", "pdf", "png", "html"} {
			time.Local = time.UTC
			first := written(t, sheet(12, 2), page, format)
			time.Local = time.FixedZone("elsewhere", 3600)
			if again := written(t, sheet(12, 2), page, format); !bytes.Equal(again, first) {
				t.Errorf("%s on %s: not the same bytes again", format, name)
			}
			switch format {
			case "pdf":
				checkPDF(t, first)
			case "png":
				if img, err := png.Decode(bytes.NewReader(first)); err != nil || img.Bounds().Dx() != PixelsWide {
					t.Errorf("png: %v", err)
				}
			case "svg":
				checkInside(t, first, page)
			}
		}
	}
	if err := Write(io.Discard, sheet(1, 1), Pages["a4"], "gif"); err == nil {
		t.Error("gif: no error")
	}
}

func written(t *testing.T, s *Sheet, page Page, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, s, page, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkPDF finds every object where the file says that it is.
func checkPDF(t *testing.T, doc []byte) {
	t.Helper()
	places := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(doc, -1)
	for i, place := range places {
		at, err := strconv.Atoi(string(place[1]))
		if err != nil || !bytes.HasPrefix(doc[at:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
			t.Errorf("pdf: object %d is not where it should be", i+1)
		}
	}
	pages := regexp.MustCompile(`/Type\s*/Page\b`).FindAll(doc, -1)
	if !bytes.HasPrefix(doc, []byte("%PDF")) || len(pages) != 1 || len(places) != firstFont-1+2*fontObjects {
		t.Errorf("pdf: %d pages, %d objects", len(pages), len(places))
	}
}

// checkInside finds every place a drawing names on the page.
func checkInside(t *testing.T, doc []byte, page Page) {
	t.Helper()
	place := regexp.MustCompile(`^translate\(([0-9.]+) ([0-9.]+)\)`)
	for d := xml.NewDecoder(bytes.NewReader(doc)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		element, _ := token.(xml.StartElement)
		for _, a := range element.Attr {
			if a.Name.Local != "transform" {
				continue
			}
			var x, y float64
			m := place.FindStringSubmatch(a.Value)
			if m == nil {
				t.Fatalf("svg: %s is left of the page or above it", a.Value)
			}
			if _, err := fmt.Sscan(m[1]+" "+m[2], &x, &y); err != nil || x > page.Width-page.margin || y > page.Height-page.margin {
				t.Errorf("svg: %s is beside the page", a.Value)
			}
		}
	}
}

// TestPaintBesideTheImage fills what reaches beyond every edge.
func TestPaintBesideTheImage(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 10, 10))
	paint(img, polygon(point{-3.5, -3.5}, point{20, -3.5}, point{20, 20}, point{-3.5, 20}), 1, "#102030")
	for _, at := range []image.Point{{0, 0}, {9, 0}, {0, 9}, {9, 9}} {
		if got := img.RGBAAt(at.X, at.Y); got != (color.RGBA{0x10, 0x20, 0x30, 0xff}) {
			t.Errorf("%v is %v", at, got)
		}
	}
}

func TestNoClockToTakeOut(t *testing.T) {
	if err := timelessFont(make([]byte, 100)); err == nil {
		t.Error("a font of zeros: no error")
	}
}
