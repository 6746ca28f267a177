package draw

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/tdewolff/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// fonts are the fonts of a sheet. They come with the program, so that a file looks the same wherever it is made. Not for
// more than one goroutine.
type fonts struct {
	regular, bold *font.SFNT
	widths        map[wordKey]float64
	cleaned       map[string]string
}

type wordKey struct {
	text string
	bold bool
}

func loadFonts() (*fonts, error) {
	f := &fonts{widths: map[wordKey]float64{}, cleaned: map[string]string{}}
	var err error
	if f.regular, err = font.ParseFont(goregular.TTF, 0); err != nil {
		return nil, fmt.Errorf("load font: %w", err)
	}
	if f.bold, err = font.ParseFont(gobold.TTF, 0); err != nil {
		return nil, fmt.Errorf("load font: %w", err)
	}
	return f, nil
}

func (f *fonts) font(bold bool) *font.SFNT {
	if bold {
		return f.bold
	}
	return f.regular
}

// advance is a letter's width, in parts of its size. The fonts have no pairs of letters that stand closer than others.
func (f *fonts) advance(r rune, bold bool) float64 {
	face := f.font(bold)
	return float64(face.GlyphAdvance(face.GlyphIndex(r))) / float64(face.Head.UnitsPerEm)
}

// width measures text, in parts of its size. The same texts come again and again while a sheet is fitted, so what is found out of
// them is kept.
func (f *fonts) width(text string, bold bool) float64 {
	key := wordKey{text, bold}
	if w, ok := f.widths[key]; ok {
		return w
	}
	w := 0.0
	for _, r := range text {
		w += f.advance(r, bold)
	}
	f.widths[key] = w
	return w
}

// clean drops what the fonts cannot show, such as emoji, and makes one space of any white space.
func (f *fonts) clean(text string) string {
	if clean, ok := f.cleaned[text]; ok {
		return clean
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			b.WriteRune(' ')
		case f.regular.GlyphIndex(r) != 0 && unicode.IsGraphic(r):
			b.WriteRune(r)
		}
	}
	f.cleaned[text] = strings.Join(strings.Fields(b.String()), " ")
	return f.cleaned[text]
}

// smallFont is a font that has only some letters, to be put into a file. The first letter's glyph is 1.
type smallFont struct {
	data    []byte
	letters []rune
}

// small makes a font of the letters of a text.
func small(bold bool, text string) (smallFont, error) {
	ttf := goregular.TTF
	if bold {
		ttf = gobold.TTF
	}
	f, err := font.ParseFont(ttf, 0) // anew: making a smaller one changes it
	if err != nil {
		return smallFont{}, fmt.Errorf("load font: %w", err)
	}
	out := smallFont{}
	runes := []rune(text)
	slices.Sort(runes)
	glyphs := []uint16{0}
	for _, r := range slices.Compact(runes) {
		if g := f.GlyphIndex(r); g != 0 && !slices.Contains(glyphs, g) {
			glyphs, out.letters = append(glyphs, g), append(out.letters, r)
		}
	}
	subset, err := f.Subset(glyphs, font.SubsetOptions{Tables: font.KeepMinTables})
	if err != nil {
		return smallFont{}, fmt.Errorf("make a font smaller: %w", err)
	}
	out.data = subset.Write()
	return out, timelessFont(out.data)
}

// timelessFont makes a TrueType font's time of change, which would be now, that of its making, so that the same letters give the same
// bytes.
func timelessFont(ttf []byte) error {
	const record, headLength = 16, 56 // length of an entry of the directory, and of the table head, filled up
	tables := int(binary.BigEndian.Uint16(ttf[4:]))
	for at := 12; at < 12+tables*record && at+record <= len(ttf); at += record {
		if string(ttf[at:at+4]) != "head" {
			continue
		}
		start := int(binary.BigEndian.Uint32(ttf[at+8:]))
		if start+headLength > len(ttf) {
			break
		}
		head := ttf[start : start+headLength]
		copy(head[28:36], head[20:28])
		binary.BigEndian.PutUint32(head[8:], 0)
		binary.BigEndian.PutUint32(ttf[at+4:], checksum(head))
		binary.BigEndian.PutUint32(head[8:], 0xB1B0AFBA-checksum(ttf)) // so says the format
		return nil
	}
	return errors.New("a font without a head")
}

// checksum is that of TrueType fonts, whose parts are filled up to four bytes.
func checksum(data []byte) (sum uint32) {
	for ; len(data) >= 4; data = data[4:] {
		sum += binary.BigEndian.Uint32(data)
	}
	return sum
}
