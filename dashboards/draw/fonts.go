package draw

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/tdewolff/canvas"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// fonts are the fonts of a sheet. They come with the program, so that a file looks the same wherever it is made. Not for
// more than one goroutine.
type fonts struct {
	regular, bold *canvas.Font
	widths        map[wordKey]float64
	cleaned       map[string]string
}

type wordKey struct {
	text string
	bold bool
}

// drawing lets one sheet be drawn at a time: an image takes 35 MB while it is made, and the library counts fonts in a variable.
var drawing sync.Mutex

func loadFonts() (*fonts, error) {
	f := &fonts{widths: map[wordKey]float64{}, cleaned: map[string]string{}}
	var err error
	if f.regular, err = canvas.LoadFont(goregular.TTF, 0, canvas.FontRegular); err != nil {
		return nil, fmt.Errorf("load font: %w", err)
	}
	if f.bold, err = canvas.LoadFont(gobold.TTF, 0, canvas.FontBold); err != nil {
		return nil, fmt.Errorf("load font: %w", err)
	}
	return f, nil
}

func (f *fonts) font(bold bool) *canvas.Font {
	if bold {
		return f.bold
	}
	return f.regular
}

// width measures text, in parts of its size. The same texts come again and again while a sheet is fitted, so what is found out of
// them is kept.
func (f *fonts) width(text string, bold bool) float64 {
	key := wordKey{text, bold}
	if w, ok := f.widths[key]; ok {
		return w
	}
	const size = 100 // large, so that rounding to whole units of the font does not show
	face := f.font(bold).Face(size, canvas.Black)
	w := face.TextWidth(text) / face.Size
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
		case f.regular.SFNT.GlyphIndex(r) != 0 && unicode.IsGraphic(r):
			b.WriteRune(r)
		}
	}
	f.cleaned[text] = strings.Join(strings.Fields(b.String()), " ")
	return f.cleaned[text]
}
