package draw

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
)

//go:embed sheet.html
var sheetHTML string

// printSafety makes printed letters a little smaller than those that just fit: browsers break lines elsewhere.
const printSafety = 0.96

// narrowest is a column's least width on a screen, in letters' sizes; narrower ones scroll.
const narrowest = 13

// classes are the names of styles and frames in the file's style sheet.
var (
	styleClasses = map[Style]string{Bold: "bold", Small: "small", Title: "title", Big: "big", Badge: "badge", Star: "star", Break: "break"}
	frameClasses = map[Frame]string{Quote: "quote", Note: "note"}
)

// String is the style's class.
func (s Style) String() string { return styleClasses[s] }

// String is the frame's class.
func (f Frame) String() string { return frameClasses[f] }

// htmlSheet is what the template shows.
type htmlSheet struct {
	*Sheet
	Page              Page
	Margin            float64
	PrintSize, Narrow string
	CurveHeight       string
	Regular, Bold     template.URL
	Colours           map[string]Colour
}

// writeHTML writes one file that needs no other, and that prints on one page like the drawing does: with its letters, cut as
// it is.
func writeHTML(w io.Writer, l *layout) error {
	t, err := template.New("sheet").Funcs(template.FuncMap{
		"clean": l.fonts.clean, "shown": l.shown, "clamp": l.clamped, "curve": l.htmlCurve,
		"percent": func(share float64) string { return number(100 * share) },
		"frame":   frameStyle,
		"style":   l.htmlStyle,
		"beside":  func(f Fact) bool { return l.fact(f, l.column-2*pad).beside },
		"isBar":   func(b Block) bool { return b.Bar != nil }, // also one without parts
		"label":   barLabel,
	}).Parse(sheetHTML)
	if err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	page := htmlSheet{
		Sheet: l.sheet, Page: l.page, Margin: l.page.margin,
		PrintSize: number(l.em * printSafety), Narrow: number(narrowest), CurveHeight: number(curveHeight),
		Colours: map[string]Colour{"Ink": Ink, "Soft": Soft, "Line": Line, "Paper": Paper, "Head": Head, "HeadOn": HeadOn},
	}
	// Which letters the file needs is known when it is written: once for the letters, once with them.
	var b bytes.Buffer
	if err := t.Execute(&b, page); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	for bold, url := range map[bool]*template.URL{false: &page.Regular, true: &page.Bold} {
		f, err := small(bold, b.String())
		if err != nil {
			return fmt.Errorf("write html: %w", err)
		}
		*url = template.URL("data:font/ttf;base64," + base64.StdEncoding.EncodeToString(f.data)) //nolint:gosec // base64
	}
	b.Reset()
	if err := t.Execute(&b, page); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	_, err = b.WriteTo(w)
	return err
}

// number writes what CSS reads.
func number(x float64) string { return fmt.Sprintf("%.4g", math.Round(x*1000)/1000) }

func frameStyle(b Block) template.CSS {
	switch b.Frame {
	case Quote:
		return template.CSS("border-color: " + b.Mark) //nolint:gosec // the program's own colours
	case Note:
		return template.CSS("background: " + b.Mark) //nolint:gosec // likewise
	}
	return ""
}

// htmlStyle is a run's style: of a badge too long for its column, that of small words.
func (l *layout) htmlStyle(run Run) Style {
	if run.Style == Badge && l.fonts.word(l.fonts.clean(run.Text), run).width > l.column-2*pad {
		return Small
	}
	return run.Style
}

func barLabel(parts []Part) string {
	var labels []string
	for _, p := range parts {
		labels = append(labels, p.Label)
	}
	return strings.Join(labels, ", ")
}

// clamped gives a block's words; where the drawing shortens them, those that it leaves. A quote's lines are the browser's to break.
func (l *layout) clamped(b Block) []Run {
	lines := l.words(b, l.column-2*pad)
	last := len(lines) - 1
	if last < 0 || lines[last].words[len(lines[last].words)-1].text != ellipsis {
		return b.Words
	}
	var out []Run
	for i, line := range lines {
		if i > 0 && b.Frame != Quote {
			out = append(out, Run{Style: Break})
		}
		for _, w := range line.words {
			out = append(out, Run{Text: w.text, Style: w.style, Ink: w.ink})
		}
	}
	return out
}

// htmlCurve is a curve with its places: across in percent, down in letters' sizes.
type htmlCurve struct {
	Label               string
	Soft, Paper, Accent Colour
	Ticks               []htmlTick
	Segments            []htmlSegment
	Points              []htmlPoint
}

type htmlTick struct {
	Y, Text string
	Label   string
	Ink     Colour
}

type htmlSegment struct{ X1, Y1, X2, Y2 string }

type htmlPoint struct {
	X, Y, High, Low, Text string
	Label                 string
	Interval, Hollow      bool
}

func (l *layout) htmlCurve(c *Curve) htmlCurve {
	s := scale{curveEdge, curveHeight - curveEdge, c.Min, c.Max}
	out := htmlCurve{Label: c.Label, Soft: Soft, Paper: Paper, Accent: Accent}
	for _, tick := range c.Ticks {
		t := htmlTick{Y: number(s.y(tick.At)), Text: number((s.y(tick.At) - 0.2) / 0.8), Label: tick.Label, Ink: Line}
		if tick.At == 0 {
			t.Ink = Soft
		}
		out.Ticks = append(out.Ticks, t)
	}
	for i, point := range c.Points {
		if point.Value == nil {
			continue
		}
		p := htmlPointAt(point, s)
		p.X = number((float64(i) + 0.5) * 100 / float64(len(c.Points)))
		if n := len(out.Points); n > 0 {
			before := out.Points[n-1]
			out.Segments = append(out.Segments, htmlSegment{before.X, before.Y, p.X, p.Y})
		}
		out.Points = append(out.Points, p)
	}
	return out
}

func htmlPointAt(point Point, s scale) htmlPoint {
	y := s.y(*point.Value)
	p := htmlPoint{Y: number(y), Label: point.Label, Hollow: point.Hollow}
	high, low := y, y
	if point.Low != nil && point.High != nil {
		high, low, p.Interval = s.y(*point.High), s.y(*point.Low), true
	}
	p.High, p.Low, p.Text = number(high), number(low), number(labelBase(high, low, s))
	return p
}
