package draw

// painter draws a layout from top to bottom.
type painter struct {
	*layout
	pen pen
}

// drawn draws a layout.
func drawn(l *layout) *drawing {
	d := &drawing{page: l.page}
	d.marks = append(d.marks, mark{outline: polygon(point{0, 0}, point{l.page.Width, 0}, point{l.page.Width, l.page.Height}, point{0, l.page.Height}), colour: Paper})
	p := painter{l, pen{on: d, em: l.em, rule: 0.07, accent: 0.16}}
	y := p.heading()
	top := y
	for _, row := range l.sheet.Rows {
		y = p.row(row, y)
	}
	p.grid(top, y)
	p.footer(p.legend(y))
	return d
}

func (p painter) heading() float64 {
	y := p.pen.lines(0, 0, p.layout.heading())
	for _, runs := range p.sheet.Lines {
		y = p.pen.lines(0, y, p.fonts.wrap(runs, p.width))
	}
	return y + gap
}

func (p painter) row(row Row, y float64) float64 {
	h := p.rowHeight(row)
	p.pen.rect(0, y, headWidth, h, Head)
	if row.Fill != "" {
		p.pen.rect(headWidth, y, p.width-headWidth, h, row.Fill)
	}
	p.pen.lines(pad, y+pad, p.rowHead(row))
	below := y
	if row.Curve != nil {
		below += p.curveHeight(row)
		p.curve(*row.Curve, y, below)
	}
	for i, cell := range row.Cells {
		x := headWidth + float64(i)*p.column
		if i > 0 { // columns are not parted where the curve runs
			p.pen.line(x, below, x, y+h, p.pen.rule, Line)
		}
		p.blocks(cell, x+pad, below+pad, p.column-2*pad)
	}
	p.pen.line(0, y+h, p.width, y+h, p.pen.rule, Line)
	return y + h
}

// grid is the table's frame.
func (p painter) grid(top, bottom float64) {
	p.pen.line(0, top, p.width, top, p.pen.rule, Line)
	for _, x := range []float64{0, headWidth, p.width} {
		p.pen.line(x, top, x, bottom, p.pen.rule, Line)
	}
}

func (p painter) blocks(blocks []Block, x, y, width float64) {
	for i, b := range blocks {
		y += b.gap(i)
		p.block(b, x, y, width)
		y += p.blockHeight(b, width)
	}
}

func (p painter) block(b Block, x, y, width float64) {
	switch {
	case b.Facts != nil:
		for _, f := range b.Facts {
			y = p.fact(f, x, y, width)
		}
	case b.Bar != nil:
		p.bar(b.Bar, x, y, width)
	case b.List != nil:
		p.blocks(p.shown(b.List), x, y, width)
	default:
		p.framed(b, x, y, width)
	}
}

func (p painter) framed(b Block, x, y, width float64) {
	h := p.blockHeight(b, width)
	switch b.Frame {
	case Quote:
		p.pen.rect(x, y, 0.22, h, b.Mark)
		x += quoteEdge
	case Note:
		p.pen.rect(x, y, width, h, b.Mark)
		x, y = x+noteEdge, y+noteEdge/2
	}
	p.pen.lines(x, y, p.words(b, width))
}

func (p painter) fact(f Fact, x, y, width float64) float64 {
	lines := p.layout.fact(f, width)
	right := x + width
	if f.Mark != "" {
		p.pen.rect(x, y+0.3, 0.65, 0.65, f.Mark)
		x += markWidth
	}
	end := p.pen.lines(x, y+baselineShift(lines), lines.name)
	at := y
	if !lines.beside {
		at = end
	}
	for _, line := range lines.value {
		p.pen.textLine(right-line.width, at, line)
		at += line.height()
	}
	return y + lines.height()
}

// baselineShift brings a fact's small name down to the line its value stands on.
func baselineShift(f factLines) float64 {
	if !f.beside || len(f.name) == 0 || len(f.value) == 0 {
		return 0
	}
	return max(0, (f.value[0].size-f.name[0].size)*ascent)
}

func (p painter) bar(parts []Part, x, y, width float64) {
	p.pen.rect(x, y, width, barHeight, Head)
	for _, part := range parts {
		p.pen.rect(x, y, part.Share*width, barHeight, part.Fill)
		x += part.Share * width
	}
}

func (p painter) footer(y float64) {
	for _, text := range p.sheet.Foot {
		y = p.pen.lines(0, y, p.foot(text))
	}
}
