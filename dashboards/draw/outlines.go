package draw

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"

	"github.com/tdewolff/canvas"
	"github.com/tdewolff/canvas/renderers/svg"
	"github.com/tdewolff/font"
)

// outlines writes each text as a labelled group of outlines. A letter is written once and used wherever it stands: that is a
// tenth of the bytes.
type outlines struct {
	*svg.SVG
	out   *bytes.Buffer
	names map[glyph]string
}

// glyph is a letter of a font.
type glyph struct {
	font *canvas.Font
	id   uint16
}

// RenderText is canvas.Renderer's. Texts here stand upright, so all there is to a matrix is a place.
func (r outlines) RenderText(text *canvas.Text, m canvas.Matrix) {
	left, base := m.Pos()
	_, height := r.Size()
	text.WalkSpans(func(x, y float64, span canvas.TextSpan) {
		scale := short(span.Face.MmPerEm, 5)
		var uses bytes.Buffer
		at := 0
		for _, g := range span.Glyphs {
			if name := r.name(glyph{span.Face.Font, g.ID}); name != "" {
				fmt.Fprintf(&uses, `<use xlink:href="#%s" x="%d"/>`, name, at+int(g.XOffset))
			}
			at += int(g.XAdvance)
		}
		fmt.Fprintf(r.out, `<g role="img" aria-label="%s" fill="%s" transform="translate(%s %s) scale(%s -%s)">%s</g>`, escape(text.Text),
			canvas.CSSColor(span.Face.Fill.Color), short(left+x, 2), short(height-base-y, 2), scale, scale, uses.String())
	})
}

// name is what a letter is called in the file, which has it from the first call on; a space has no outline and no name.
func (r outlines) name(g glyph) string {
	if name, ok := r.names[g]; ok {
		return name
	}
	path := &canvas.Path{}
	if err := g.font.GlyphPath(path, g.id, 0, 0, 0, 1, font.NoHinting); err != nil || path.Empty() {
		r.names[g] = ""
		return ""
	}
	name := "g" + strconv.Itoa(len(r.names))
	r.names[g] = name
	fmt.Fprintf(r.out, `<defs><path id="%s" d="%s"/></defs>`, name, path.ToSVG())
	return name
}

// short writes a number with no more digits than show.
func short(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
