package draw

import "slices"

// drawing is a page as it is drawn: outlines to be filled and lines of text, in millimetres from the top left.
type drawing struct {
	page  Page
	marks []mark
}

// mark is an outline, or, where it has letters, a line of text.
type mark struct {
	outline outline
	colour  Colour

	letters string
	bold    bool
	x, y    float64 // where the text begins, on its baseline
	size    float64
}

// outline is a path to be filled; what runs the other way round is left out.
type outline []step

// step is a piece of an outline: it moves to, draws a line or a curve to the last of its points, or closes.
type step struct {
	kind   stepKind
	points [3]point
}

type stepKind byte

const (
	moveTo stepKind = iota
	lineTo
	quadTo
	cubeTo
	closePath
)

// places is how many points a step of a kind has.
var places = [...]int{moveTo: 1, lineTo: 1, quadTo: 2, cubeTo: 3, closePath: 0}

type point struct{ x, y float64 }

// The methods are those that fonts draw letters with.

// MoveTo begins a piece.
func (o *outline) MoveTo(x, y float64) { *o = append(*o, step{moveTo, [3]point{{x, y}}}) }

// LineTo draws a line.
func (o *outline) LineTo(x, y float64) { *o = append(*o, step{lineTo, [3]point{{x, y}}}) }

// QuadTo draws a curve with one point that bends it.
func (o *outline) QuadTo(x1, y1, x, y float64) {
	*o = append(*o, step{quadTo, [3]point{{x1, y1}, {x, y}}})
}

// CubeTo draws a curve with two points that bend it.
func (o *outline) CubeTo(x1, y1, x2, y2, x, y float64) {
	*o = append(*o, step{cubeTo, [3]point{{x1, y1}, {x2, y2}, {x, y}}})
}

// Close ends a piece where it began.
func (o *outline) Close() { *o = append(*o, step{kind: closePath}) }

func polygon(points ...point) (o outline) {
	o.MoveTo(points[0].x, points[0].y)
	for _, p := range points[1:] {
		o.LineTo(p.x, p.y)
	}
	o.Close()
	return o
}

// bend is where a cubic curve's points lie for a quarter of a circle.
const bend = 0.5522847498

// rounded is a rectangle with round corners.
func rounded(x, y, width, height, r float64) (o outline) {
	right, bottom, k := x+width, y+height, r*(1-bend)
	o.MoveTo(x+r, y)
	o.LineTo(right-r, y)
	o.CubeTo(right-k, y, right, y+k, right, y+r)
	o.LineTo(right, bottom-r)
	o.CubeTo(right, bottom-k, right-k, bottom, right-r, bottom)
	o.LineTo(x+r, bottom)
	o.CubeTo(x+k, bottom, x, bottom-k, x, bottom-r)
	o.LineTo(x, y+r)
	o.CubeTo(x, y+k, x+k, y, x+r, y)
	o.Close()
	return o
}

// reversed is an outline of one piece the other way round: together with a larger one it makes a ring.
func (o outline) reversed() (out outline) {
	corners := []point{}
	for _, s := range o {
		corners = append(corners, s.points[:places[s.kind]]...)
	}
	slices.Reverse(corners)
	out.MoveTo(corners[0].x, corners[0].y)
	next := 1
	for _, s := range slices.Backward(o[1 : len(o)-1]) {
		n := places[s.kind]
		var points [3]point
		copy(points[:], corners[next:next+n])
		out, next = append(out, step{s.kind, points}), next+n
	}
	out.Close()
	return out
}
