package draw

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// svgWriter writes letters as outlines: few programs use fonts that an SVG brings along. What was written stands beside them. A letter
// is written once and used wherever it stands: that is a tenth of the bytes.
type svgWriter struct {
	bytes.Buffer
	fonts *fonts
	names map[wordKey]string // of letters
}

func (d *drawing) svg(title string, f *fonts) []byte {
	w := &svgWriter{fonts: f, names: map[wordKey]string{}}
	width, height := short(d.page.Width, 2), short(d.page.Height, 2)
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%smm" height="%smm" viewBox="0 0 %s %s">`, width, height, width, height)
	w.WriteString("<title>" + escape(title) + "</title>")
	for _, m := range d.marks {
		if m.letters != "" {
			w.text(m)
			continue
		}
		fmt.Fprintf(w, `<path fill="%s" d="%s"/>`, m.colour, m.outline.svg(3))
	}
	w.WriteString("</svg>\n")
	return w.Bytes()
}

func (w *svgWriter) text(m mark) {
	face := w.fonts.font(m.bold)
	var uses bytes.Buffer
	at := 0
	for _, r := range m.letters {
		if name := w.name(r, m.bold); name != "" {
			fmt.Fprintf(&uses, `<use xlink:href="#%s" x="%d"/>`, name, at)
		}
		at += int(face.GlyphAdvance(face.GlyphIndex(r)))
	}
	scale := short(m.size/float64(face.Head.UnitsPerEm), 6)
	fmt.Fprintf(w, `<g role="img" aria-label="%s" fill="%s" transform="translate(%s %s) scale(%s -%s)">%s</g>`,
		escape(m.letters), m.colour, short(m.x, 2), short(m.y, 2), scale, scale, uses.String())
}

// name is what a letter is called in the file, which has it from the first call on; a space has no outline and no name.
func (w *svgWriter) name(r rune, bold bool) string {
	key := wordKey{string(r), bold}
	if name, ok := w.names[key]; ok {
		return name
	}
	w.names[key] = ""
	if o := w.fonts.outline(r, bold, 0, 0, 1); len(o) > 0 {
		w.names[key] = "g" + strconv.Itoa(len(w.names))
		fmt.Fprintf(w, `<defs><path id="%s" d="%s"/></defs>`, w.names[key], o.svg(0))
	}
	return w.names[key]
}

// svg writes an outline with so many digits after the point.
func (o outline) svg(digits int) string {
	var b strings.Builder
	for _, s := range o {
		b.WriteByte("MLQCZ"[s.kind])
		for i, p := range s.points[:places[s.kind]] {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(short(p.x, digits) + " " + short(p.y, digits))
		}
	}
	return b.String()
}

// short writes a number with no more digits than show.
func short(x float64, digits int) string {
	text := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
