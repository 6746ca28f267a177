package draw

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"github.com/tdewolff/font"
	"golang.org/x/image/vector"
)

// PixelsWide is the width of a PNG: 300 to the inch on A4, 212 on A3.
const PixelsWide = 3508

func (d *drawing) png(w io.Writer, f *fonts) error {
	scale := PixelsWide / d.page.Width
	img := image.NewRGBA(image.Rect(0, 0, PixelsWide, int(math.Round(d.page.Height*scale))))
	for i := range img.Pix {
		img.Pix[i] = 255 // paper
	}
	for _, m := range d.marks {
		outline := m.outline
		if m.letters != "" {
			outline = f.line(m)
		}
		paint(img, outline, scale, m.colour)
	}
	if err := png.Encode(w, img); err != nil {
		return fmt.Errorf("write png: %w", err)
	}
	return nil
}

// paint fills an outline on an image. It looks only at the part that the outline covers.
func paint(img *image.RGBA, o outline, scale float64, c Colour) {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, s := range o {
		for _, p := range s.points[:places[s.kind]] {
			low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	if low.x > high.x {
		return // nothing but spaces
	}
	left, top := math.Floor(low.x*scale), math.Floor(low.y*scale)
	area := image.Rect(int(left), int(top), int(math.Ceil(high.x*scale)), int(math.Ceil(high.y*scale)))
	r := vector.NewRasterizer(area.Dx(), area.Dy())
	for _, s := range o {
		var at [3][2]float32
		for i, p := range s.points {
			at[i] = [2]float32{float32(p.x*scale - left), float32(p.y*scale - top)}
		}
		switch s.kind {
		case moveTo:
			r.MoveTo(at[0][0], at[0][1])
		case lineTo:
			r.LineTo(at[0][0], at[0][1])
		case quadTo:
			r.QuadTo(at[0][0], at[0][1], at[1][0], at[1][1])
		case cubeTo:
			r.CubeTo(at[0][0], at[0][1], at[1][0], at[1][1], at[2][0], at[2][1])
		case closePath:
			r.ClosePath()
		}
	}
	// The rasterizer would write beside an image; draw does not.
	covered := image.NewAlpha(image.Rect(0, 0, area.Dx(), area.Dy()))
	r.DrawOp = draw.Src
	r.Draw(covered, covered.Bounds(), image.Opaque, image.Point{})
	draw.DrawMask(img, area, image.NewUniform(c.rgba()), image.Point{}, covered, image.Point{}, draw.Over)
}

// rgba reads a colour; one that is none is black.
func (c Colour) rgba() color.RGBA {
	out := color.RGBA{A: 255}
	_, _ = fmt.Sscanf(string(c), "#%02x%02x%02x", &out.R, &out.G, &out.B)
	return out
}

// line is the outline of a line of text.
func (f *fonts) line(m mark) (o outline) {
	x := m.x
	for _, r := range m.letters {
		o = append(o, f.outline(r, m.bold, x, m.y, m.size/float64(f.font(m.bold).Head.UnitsPerEm))...)
		x += m.size * f.advance(r, m.bold)
	}
	return o
}

// outline is a letter's, from a place on its baseline. It stands upright where y grows downwards, but for scale 1, which gives the
// letter as the font has it.
func (f *fonts) outline(r rune, bold bool, x, y, scale float64) (o outline) {
	face := f.font(bold)
	if err := face.GlyphPath(&o, face.GlyphIndex(r), 0, 0, 0, 1, font.NoHinting); err != nil {
		return nil // a letter that the font has, but has no form of
	}
	if scale == 1 {
		return o
	}
	for i := range o {
		for j := range places[o[i].kind] {
			p := &o[i].points[j]
			p.x, p.y = x+p.x*scale, y-p.y*scale
		}
	}
	return o
}
