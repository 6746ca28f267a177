package draw

import "fmt"

// Measures of a sheet, in body sizes.
const (
	pad         = 0.6  // around a cell's content
	gap         = 0.45 // between blocks
	tightGap    = 0.1  // between blocks of one item of a list
	headWidth   = 7.6  // of the column of row heads
	barHeight   = 1.2
	curveHeight = 11
	curveMost   = 16 // of a curve that takes what room is left
	quoteEdge   = 0.6
	noteEdge    = 0.5
	markWidth   = 1 // of a fact's square and what follows it
	footSize    = 0.85
	headingSize = 2
)

// Body sizes, in millimetres: none is larger than the largest, and lists are cut only where it would be smaller than what is
// easy to read.
const (
	pt        = 25.4 / 72
	largest   = 11 * pt
	easy      = 6.6 * pt
	easySmall = 5.2 * pt // on A4
)

// density is how much of lists and long words is shown; 0 is all.
type density struct{ items, lines int }

// densities are tried in this order until the letters are large enough to read.
var densities = []density{{}, {items: 5, lines: 5}, {items: 4, lines: 4}, {items: 3, lines: 3}, {items: 2, lines: 3}, {items: 1, lines: 2}}

// layout is a sheet of which everything has its place.
type layout struct {
	sheet   *Sheet
	page    Page
	fonts   *fonts
	em      float64 // body size in millimetres
	density density
	width   float64 // of the page's content, and of one column, in body sizes
	column  float64
	spare   float64 // height that nothing needs
}

// fit finds the largest letters with which the sheet fits the page.
func fit(s *Sheet, page Page, f *fonts) *layout {
	enough := easy
	if page.Width < 400 {
		enough = easySmall
	}
	var l *layout
	for _, d := range densities {
		low, high := 0.1, largest
		for range 16 {
			middle := (low + high) / 2
			if newLayout(s, page, f, middle, d).spare >= 0 {
				low = middle
			} else {
				high = middle
			}
		}
		if l = newLayout(s, page, f, low, d); l.em >= enough {
			break
		}
	}
	return l
}

func newLayout(s *Sheet, page Page, f *fonts, em float64, d density) *layout {
	l := &layout{sheet: s, page: page, fonts: f, em: em, density: d, width: (page.Width - 2*page.margin) / em}
	l.column = (l.width - headWidth) / float64(max(1, s.Columns))
	l.spare = (page.Height-2*page.margin)/em - l.height()
	return l
}

func (l *layout) height() float64 {
	h := l.headingHeight() + l.legendHeight() + l.footHeight()
	for _, row := range l.sheet.Rows {
		h += l.rowHeight(row)
	}
	return h
}

func (l *layout) headingHeight() float64 {
	h := linesHeight(l.heading())
	for _, runs := range l.sheet.Lines {
		h += linesHeight(l.fonts.wrap(runs, l.width))
	}
	return h + gap
}

func (l *layout) heading() []textLine {
	return scaled(l.fonts.wrap([]Run{{Text: l.sheet.Heading, Style: Bold}}, l.width/headingSize), headingSize)
}

func (l *layout) footHeight() float64 {
	h := 0.0
	for _, text := range l.sheet.Foot {
		h += linesHeight(l.foot(text))
	}
	return h
}

func (l *layout) foot(text string) []textLine {
	return scaled(l.fonts.wrap([]Run{{Text: text, Ink: Soft}}, l.width/footSize), footSize)
}

// scaled is for text in a size that no style has.
func scaled(lines []textLine, by float64) []textLine {
	for i := range lines {
		lines[i].size *= by
		lines[i].width *= by
		for j := range lines[i].words {
			lines[i].words[j].size *= by
			lines[i].words[j].width *= by
			lines[i].words[j].space *= by
		}
	}
	return lines
}

func (l *layout) rowHeight(row Row) float64 {
	h := linesHeight(l.rowHead(row))
	tallest := 0.0
	for _, cell := range row.Cells {
		tallest = max(tallest, l.blocksHeight(cell, l.column-2*pad))
	}
	return max(h+2*pad, tallest+2*pad+l.curveHeight(row))
}

func (l *layout) rowHead(row Row) []textLine {
	return l.fonts.wrap([]Run{{Text: row.Head, Style: Bold, Ink: HeadOn}}, headWidth-pad)
}

// curveHeight lets a curve grow into room that nothing else needs.
func (l *layout) curveHeight(row Row) float64 {
	if row.Curve == nil {
		return 0
	}
	return curveHeight + min(max(0, l.spare), curveMost-curveHeight)
}

func (l *layout) blocksHeight(blocks []Block, width float64) float64 {
	h := 0.0
	for i, b := range blocks {
		h += b.gap(i) + l.blockHeight(b, width)
	}
	return h
}

// gap is the room above a block, which is the i-th of its cell.
func (b Block) gap(i int) float64 {
	switch {
	case i == 0:
		return 0
	case b.Tight:
		return tightGap
	}
	return gap
}

func (l *layout) blockHeight(b Block, width float64) float64 {
	switch {
	case b.Facts != nil:
		h := 0.0
		for _, f := range b.Facts {
			h += l.fact(f, width).height()
		}
		return h
	case b.Bar != nil:
		return barHeight
	case b.List != nil:
		return l.blocksHeight(l.shown(b.List), width)
	}
	h := linesHeight(l.words(b, width))
	if b.Frame == Note {
		h += noteEdge
	}
	return h
}

// words breaks a block's words into lines, in the width that its frame leaves.
func (l *layout) words(b Block, width float64) []textLine {
	most := 0
	switch b.Frame {
	case Quote:
		width, most = width-quoteEdge, l.density.lines
	case Note:
		width, most = width-2*noteEdge, l.density.lines+l.density.lines/2
	}
	return l.fonts.clamp(l.fonts.wrap(b.Words, width), most, width)
}

// shown is the items of a list that the density leaves, and how many there were more.
func (l *layout) shown(list *List) []Block {
	items, more := list.Items, list.More
	if n := l.density.items; n > 0 && len(items) > n {
		more += len(items) - n
		items = items[:n]
	}
	var out []Block
	for _, item := range items {
		out = append(out, item...)
	}
	if more > 0 {
		out = append(out, Block{Words: []Run{{Text: fmt.Sprintf(l.sheet.More, more), Style: Small, Ink: Soft}}})
	}
	return out
}

// factLines is a fact's name and value: beside each other, or, where the value is long, one below the other.
type factLines struct {
	name, value []textLine
	beside      bool
}

func (f factLines) height() float64 {
	if f.beside {
		return max(linesHeight(f.name), linesHeight(f.value))
	}
	return linesHeight(f.name) + linesHeight(f.value)
}

func (l *layout) fact(f Fact, width float64) factLines {
	if f.Mark != "" {
		width -= markWidth
	}
	name := []Run{{Text: f.Name, Style: Small, Ink: Soft}}
	out := factLines{name: l.fonts.wrap(name, width), value: l.fonts.wrap(f.Value, width)}
	if len(out.value) != 1 {
		return out
	}
	left := width - out.value[0].width - gap
	if left >= width*0.4 || len(out.name) == 1 && out.name[0].width <= left {
		out.name, out.beside = l.fonts.wrap(name, left), true
	}
	return out
}

func linesHeight(lines []textLine) float64 {
	h := 0.0
	for _, line := range lines {
		h += line.height()
	}
	return h
}
