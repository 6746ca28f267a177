package draw

import "math"

// pen draws in body sizes, from the top left of the page's content.
type pen struct {
	on     *drawing
	em     float64 // a body size in millimetres
	rule   float64 // width of a thin line
	accent float64 // width of a line that matters
}

func (p pen) x(x float64) float64 { return p.on.page.margin + x*p.em }

func (p pen) fill(o outline, c Colour) {
	if c == "" {
		c = Ink
	}
	for i := range o {
		for j := range places[o[i].kind] {
			at := &o[i].points[j]
			at.x, at.y = p.x(at.x), p.x(at.y)
		}
	}
	p.on.marks = append(p.on.marks, mark{outline: o, colour: c})
}

func (p pen) rect(x, y, width, height float64, fill Colour) {
	p.fill(polygon(point{x, y}, point{x + width, y}, point{x + width, y + height}, point{x, y + height}), fill)
}

// pill is a frame with round ends.
func (p pen) pill(x, y, width, height float64, c Colour) {
	t := p.rule
	inner := rounded(x+t, y+t, width-2*t, height-2*t, height/2-t)
	p.fill(append(rounded(x, y, width, height, height/2), inner.reversed()...), c)
}

func (p pen) line(x1, y1, x2, y2, width float64, c Colour) {
	length := math.Hypot(x2-x1, y2-y1)
	if length == 0 {
		return
	}
	dx, dy := (y1-y2)/length*width/2, (x2-x1)/length*width/2 // across the line
	p.fill(polygon(point{x1 - dx, y1 - dy}, point{x2 - dx, y2 - dy}, point{x2 + dx, y2 + dy}, point{x1 + dx, y1 + dy}), c)
}

// dot is a full circle, or, where it is hollow, an empty one.
func (p pen) dot(x, y, radius float64, c Colour, hollow bool) {
	p.fill(circle(x, y, radius+p.accent/2), c)
	if hollow {
		p.fill(circle(x, y, radius-p.accent/2), Paper)
	}
}

func circle(x, y, r float64) outline { return rounded(x-r, y-r, 2*r, 2*r, r) }

// whisker is an interval: a line with a bar at each end.
func (p pen) whisker(x, high, low float64) {
	const half = 0.35
	p.line(x, high, x, low, p.rule*1.5, Soft)
	p.line(x-half, high, x+half, high, p.rule*1.5, Soft)
	p.line(x-half, low, x+half, low, p.rule*1.5, Soft)
}

// star has five points, one of them above.
func (p pen) star(x, y, size float64, c Colour) {
	var points []point
	for i := range 10 {
		r := size * 0.45
		if i%2 == 1 {
			r = size * 0.19
		}
		angle := float64(i) * math.Pi / 5
		points = append(points, point{x + size/2 + r*math.Sin(angle), y - r*math.Cos(angle)})
	}
	p.fill(polygon(points...), c)
}

// text writes one line from x on, its baseline at y.
func (p pen) text(x, y float64, text string, size float64, bold bool, c Colour) {
	if c == "" {
		c = Ink
	}
	p.on.marks = append(p.on.marks, mark{letters: text, bold: bold, colour: c, x: p.x(x), y: p.x(y), size: size * p.em})
}

const (
	ascent    = 0.92 // from a line's top to its baseline, in parts of its size
	capHeight = 0.72 // of the font
)

// lines writes lines below each other from x and y on, and returns where they end.
func (p pen) lines(x, y float64, lines []textLine) float64 {
	for _, line := range lines {
		p.textLine(x, y, line)
		y += line.height()
	}
	return y
}

// textLine writes words of one look in one go, so that readers of a PDF find them as they stand.
func (p pen) textLine(x, y float64, line textLine) {
	base := y + line.size*ascent
	for i := 0; i < len(line.words); {
		first := line.words[i]
		x += first.space
		text, width := first.text, first.width
		for i++; i < len(line.words) && first.joins(line.words[i]); i++ {
			next := line.words[i]
			if next.space > 0 {
				text += " "
			}
			text += next.text
			width += next.space + next.width
		}
		p.word(x, base, text, first)
		x += width
	}
}

// joins says whether two words can be written in one go.
func (w word) joins(next word) bool {
	return w.style == next.style && w.ink == next.ink && w.style != Badge && w.style != Star
}

func (p pen) word(x, base float64, text string, w word) {
	switch w.style {
	case Star:
		p.star(x, base-w.size*capHeight/2, w.size, w.ink)
	case Badge:
		p.pill(x, base-w.size*0.95, w.width, w.size*1.2, w.ink)
		p.text(x+badgeEdge*w.size, base, text, w.size, false, w.ink)
	default:
		p.text(x, base, text, w.size, w.style.bold(), w.ink)
	}
}
