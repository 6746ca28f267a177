package draw

// Measures of the legend, in body sizes.
const (
	signWidth   = 1.1
	swatchAfter = 1.6
)

// swatch is an entry of the legend with its place.
type swatch struct {
	Swatch
	x, y  float64
	lines []textLine
}

// swatches places the entries beside each other, on as many lines as it takes.
func (l *layout) swatches() []swatch {
	var out []swatch
	x, y := 0.0, 0.0
	for _, s := range l.sheet.Legend {
		lines := l.fonts.wrap([]Run{{Text: s.Text, Style: Small, Ink: Soft}}, l.width-signWidth)
		if len(lines) == 0 {
			continue
		}
		width := signWidth + lines[0].width
		if x > 0 && x+width > l.width {
			x, y = 0, y+leading
		}
		out = append(out, swatch{s, x, y, lines[:1]})
		x += width + swatchAfter
	}
	return out
}

func (l *layout) legendHeight() float64 {
	placed := l.swatches()
	if len(placed) == 0 {
		return 0
	}
	return gap + placed[len(placed)-1].y + leading + gap
}

func (p painter) legend(y float64) float64 {
	for _, s := range p.swatches() {
		top := y + gap + s.y
		p.sign(s.Sign, s.x, top+0.6, s.Ink)
		p.pen.lines(s.x+signWidth, top, s.lines)
	}
	return y + p.legendHeight()
}

// sign draws a sign of the legend around a middle height.
func (p painter) sign(sign Sign, x, y float64, c Colour) {
	const middle = 0.4
	switch sign {
	case Square:
		p.pen.rect(x, y-0.35, 0.7, 0.7, c)
	case StarSign:
		p.pen.star(x-0.1, y, 1, c)
	case Dot, Ring:
		p.pen.dot(x+middle, y, dotRadius, c, sign == Ring)
	case Whisker:
		p.pen.whisker(x+middle, y-0.5, y+0.5)
	}
}
