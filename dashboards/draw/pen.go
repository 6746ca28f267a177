package draw

import (
	"image/color"

	"github.com/tdewolff/canvas"
)

// pen draws on a canvas in body sizes, from the top left of the page's content; the canvas counts millimetres from the
// bottom left.
type pen struct {
	ctx    *canvas.Context
	fonts  *fonts
	em     float64
	left   float64
	top    float64
	rule   float64 // width of a thin line
	accent float64 // width of a line that matters
}

func (p pen) x(x float64) float64 { return p.left + x*p.em }
func (p pen) y(y float64) float64 { return p.top - y*p.em }

// ink gives a colour to draw with; none is the ink of the text.
func ink(c Colour) color.RGBA {
	if c == "" {
		c = Ink
	}
	return canvas.Hex(string(c))
}

func (p pen) rect(x, y, width, height float64, fill Colour) {
	p.ctx.SetFillColor(ink(fill))
	p.ctx.SetStrokeColor(canvas.Transparent)
	p.ctx.DrawPath(p.x(x), p.y(y+height), canvas.Rectangle(width*p.em, height*p.em))
}

// pill is a frame with round ends.
func (p pen) pill(x, y, width, height float64, c Colour) {
	p.ctx.SetFillColor(canvas.Transparent)
	p.ctx.SetStrokeColor(ink(c))
	p.ctx.SetStrokeWidth(p.rule * p.em)
	p.ctx.DrawPath(p.x(x), p.y(y+height), canvas.RoundedRectangle(width*p.em, height*p.em, height*p.em/2))
}

func (p pen) line(x1, y1, x2, y2, width float64, c Colour) {
	p.ctx.SetFillColor(canvas.Transparent)
	p.ctx.SetStrokeColor(ink(c))
	p.ctx.SetStrokeWidth(width * p.em)
	path := &canvas.Path{}
	path.MoveTo(0, 0)
	path.LineTo((x2-x1)*p.em, -(y2-y1)*p.em)
	p.ctx.DrawPath(p.x(x1), p.y(y1), path)
}

// dot is a full circle, or, where it is hollow, an empty one.
func (p pen) dot(x, y, radius float64, c Colour, hollow bool) {
	fill := c
	if hollow {
		fill = Paper
	}
	p.ctx.SetFillColor(ink(fill))
	p.ctx.SetStrokeColor(ink(c))
	p.ctx.SetStrokeWidth(p.accent * p.em)
	p.ctx.DrawPath(p.x(x), p.y(y), canvas.Circle(radius*p.em))
}

// whisker is an interval: a line with a bar at each end.
func (p pen) whisker(x, high, low float64) {
	const half = 0.35
	p.line(x, high, x, low, p.rule*1.5, Soft)
	p.line(x-half, high, x+half, high, p.rule*1.5, Soft)
	p.line(x-half, low, x+half, low, p.rule*1.5, Soft)
}

func (p pen) star(x, y, size float64, c Colour) {
	p.ctx.SetFillColor(ink(c))
	p.ctx.SetStrokeColor(canvas.Transparent)
	p.ctx.DrawPath(p.x(x+size/2), p.y(y), canvas.StarPolygon(5, size*0.45*p.em, size*0.19*p.em, true))
}

// text writes one line from x on, its baseline at y.
func (p pen) text(x, y float64, text string, size float64, bold bool, c Colour) {
	face := p.fonts.font(bold).Face(size*p.em/pt, ink(c))
	p.ctx.DrawText(p.x(x), p.y(y), canvas.NewTextLine(face, text, canvas.Left))
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
