package draw

const (
	curveEdge = 1.4 // above and below the axis' ends
	dotRadius = 0.36
)

// scale places a curve's values between top and bottom.
type scale struct{ top, bottom, min, max float64 }

func (s scale) y(v float64) float64 {
	return s.bottom - (v-s.min)/(s.max-s.min)*(s.bottom-s.top)
}

// curve draws a curve between two heights, across all columns.
func (p painter) curve(c Curve, top, bottom float64) {
	s := scale{top + curveEdge, bottom - curveEdge, c.Min, c.Max}
	for _, tick := range c.Ticks {
		y := s.y(tick.At)
		colour := Line
		if tick.At == 0 {
			colour = Soft
		}
		p.pen.line(headWidth, y, p.width, y, p.pen.rule, colour)
		p.pen.text(headWidth+0.4, y-0.2, p.fonts.clean(tick.Label), 0.8, false, Soft)
	}
	p.segments(c, s)
	for i, point := range c.Points {
		if point.Value != nil {
			p.point(point, p.middle(i), s)
		}
	}
}

// middle is the middle of a column.
func (p painter) middle(i int) float64 { return headWidth + (float64(i)+0.5)*p.column }

// segments joins the points that there are, also across columns without one.
func (p painter) segments(c Curve, s scale) {
	last := -1
	for i, point := range c.Points {
		if point.Value == nil {
			continue
		}
		if last >= 0 {
			p.pen.line(p.middle(last), s.y(*c.Points[last].Value), p.middle(i), s.y(*point.Value), p.pen.accent, Accent)
		}
		last = i
	}
}

// point draws a point, its interval and its label: above, or below where there is no room above.
func (p painter) point(point Point, x float64, s scale) {
	high, low := s.y(*point.Value), s.y(*point.Value)
	if point.Low != nil && point.High != nil {
		high, low = s.y(*point.High), s.y(*point.Low)
		p.pen.whisker(x, high, low)
	}
	p.pen.dot(x, s.y(*point.Value), dotRadius, Accent, point.Hollow)
	label := p.fonts.clean(point.Label)
	width := p.fonts.width(label, true)
	base := labelBase(high, low, s)
	p.pen.rect(x-width/2-0.15, base-capHeight-0.15, width+0.3, capHeight+0.3, Paper)
	p.pen.text(x-width/2, base, label, 1, true, Ink)
}

// labelBase is where a point's label stands: above its interval, or below where there is no room above.
func labelBase(high, low float64, s scale) float64 {
	if base := high - 0.7; base-capHeight >= s.top-curveEdge+0.2 {
		return base
	}
	return low + 0.8 + capHeight
}
