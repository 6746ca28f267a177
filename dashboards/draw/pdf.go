package draw

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
)

// pdf is a document of one page. Its text is text: it can be searched and copied. Its fonts are inside.
type pdf struct {
	bytes.Buffer
	objects []int // where each is
}

// Numbers of the objects that are named before they are written.
const (
	catalogObject = 1 + iota
	pagesObject
	pageObject
	contentObject
	infoObject
	firstFont      // five objects a font
	fontObjects    = 5
	pointsPerMM    = 72 / 25.4
	unitsPerLetter = 1000 // in which widths are given
)

func (d *drawing) pdf(title string, f *fonts) ([]byte, error) {
	p := &pdf{}
	p.WriteString("%PDF-1.7\n%\xc3\xa9\xc3\xa8\n")
	p.object("<</Type/Catalog/Pages %d 0 R>>", pagesObject)
	p.object("<</Type/Pages/Kids[%d 0 R]/Count 1>>", pageObject)
	p.object("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Contents %d 0 R/Resources<</Font<</F0 %d 0 R/F1 %d 0 R>>>>>>",
		pagesObject, short(d.page.Width*pointsPerMM, 3), short(d.page.Height*pointsPerMM, 3), contentObject, firstFont, firstFont+fontObjects)
	var fonts [2]smallFont
	for i := range fonts {
		var err error
		if fonts[i], err = small(i == 1, d.text(i == 1)); err != nil {
			return nil, fmt.Errorf("write pdf: %w", err)
		}
	}
	if err := p.stream("", d.content(fonts)); err != nil {
		return nil, err
	}
	p.object("<</Title%s/Producer(tappa)>>", utf16Text(title))
	for i, small := range fonts {
		if err := p.font(small, f, i == 1); err != nil {
			return nil, err
		}
	}
	return p.end(), nil
}

// object writes the next object.
func (p *pdf) object(format string, args ...any) {
	p.objects = append(p.objects, p.Len())
	fmt.Fprintf(p, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(p.objects)}, args...)...)
}

// stream writes the next object, which is data, packed, with further entries.
func (p *pdf) stream(entries string, data []byte) error {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write pdf: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write pdf: %w", err)
	}
	p.object("<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream", packed.Len(), entries, packed.Bytes())
	return nil
}

// end writes where the objects are.
func (p *pdf) end() []byte {
	start := p.Len()
	fmt.Fprintf(p, "xref\n0 %d\n0000000000 65535 f \n", len(p.objects)+1)
	for _, at := range p.objects {
		fmt.Fprintf(p, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(p, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(p.objects)+1, catalogObject, infoObject, start)
	return p.Bytes()
}

// utf16Text is text as an entry that has no font needs it.
func utf16Text(text string) string {
	out := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u>>8), byte(u)) //nolint:gosec // its two bytes
	}
	return "<" + hex.EncodeToString(out) + ">"
}

// text is all that is written in one of the fonts.
func (d *drawing) text(bold bool) string {
	var b strings.Builder
	for _, m := range d.marks {
		if m.bold == bold {
			b.WriteString(m.letters)
		}
	}
	return b.String()
}

// content is what draws the page. The first line makes it count millimetres from the top.
func (d *drawing) content(fonts [2]smallFont) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s 0 0 -%s 0 %s cm\n", short(pointsPerMM, 6), short(pointsPerMM, 6), short(d.page.Height*pointsPerMM, 3))
	last := Colour("")
	for _, m := range d.marks {
		if m.colour != last {
			c := m.colour.rgba()
			fmt.Fprintf(&b, "%s %s %s rg\n", short(float64(c.R)/255, 3), short(float64(c.G)/255, 3), short(float64(c.B)/255, 3))
			last = m.colour
		}
		if m.letters == "" {
			b.WriteString(m.outline.pdf() + "f\n")
			continue
		}
		name := 0
		if m.bold {
			name = 1
		}
		fmt.Fprintf(&b, "BT /F%d %s Tf 1 0 0 -1 %s %s Tm <%s> Tj ET\n", name, short(m.size, 3), short(m.x, 3), short(m.y, 3), fonts[name].glyphs(m.letters))
	}
	return b.Bytes()
}

// glyphs writes a text as the numbers of its letters.
func (s smallFont) glyphs(text string) string {
	var b strings.Builder
	for _, r := range text {
		i, _ := slices.BinarySearch(s.letters, r)
		fmt.Fprintf(&b, "%04x", i+1)
	}
	return b.String()
}

// pdf writes an outline. A PDF has no curves of one bend, but letters are text there, and nothing else here has any.
func (o outline) pdf() string {
	var b strings.Builder
	for _, s := range o {
		for _, p := range s.points[:places[s.kind]] {
			b.WriteString(short(p.x, 3) + " " + short(p.y, 3) + " ")
		}
		b.WriteString(string("ml ch"[s.kind]) + " ")
	}
	return b.String()
}

// font writes the objects of a font.
func (p *pdf) font(s smallFont, f *fonts, bold bool) error {
	at, face := len(p.objects)+1, f.font(bold)
	name := "TAPPAA+Go-Regular"
	if bold {
		name = "TAPPAA+Go-Bold"
	}
	scale := func(units int16) int {
		return int(math.Round(float64(units) * unitsPerLetter / float64(face.Head.UnitsPerEm)))
	}
	p.object("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", name, at+1, at+4)
	p.object("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/FontDescriptor %d 0 R/W[1[%s]]>>",
		name, at+2, s.widths(f, bold))
	p.object("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>", name,
		scale(face.Head.XMin), scale(face.Head.YMin), scale(face.Head.XMax), scale(face.Head.YMax),
		scale(face.Hhea.Ascender), scale(face.Hhea.Descender), scale(face.OS2.SCapHeight), at+3)
	if err := p.stream(fmt.Sprintf("/Length1 %d", len(s.data)), s.data); err != nil {
		return err
	}
	return p.stream("", s.toUnicode())
}

func (s smallFont) widths(f *fonts, bold bool) string {
	var out []string
	for _, r := range s.letters {
		out = append(out, short(unitsPerLetter*f.advance(r, bold), 2))
	}
	return strings.Join(out, " ")
}

// toUnicode says which letter each glyph is, for who copies or searches.
func (s smallFont) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n" +
		"/CMapName/Adobe-Identity-UCS def /CMapType 2 def 1 begincodespacerange <0000><ffff> endcodespacerange\n")
	const most = 100 // in one go
	for first := 0; first < len(s.letters); first += most {
		some := s.letters[first:min(first+most, len(s.letters))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(some))
		for i, r := range some {
			fmt.Fprintf(&b, "<%04x><%s>\n", first+i+1, strings.Trim(utf16Text(string(r)), "<>")[4:])
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end\n")
	return b.Bytes()
}
