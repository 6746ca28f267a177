package draw

import (
	"bytes"
	"fmt"
	"image/png"
	"io"

	"github.com/tdewolff/canvas"
	"github.com/tdewolff/canvas/renderers/pdf"
	"github.com/tdewolff/canvas/renderers/rasterizer"
	"github.com/tdewolff/canvas/renderers/svg"
)

// PixelsWide is the width of a PNG: 300 to the inch on A4, 212 on A3.
const PixelsWide = 3508

// Write writes a sheet in a format: "svg", "pdf", "png" or "html".
func Write(w io.Writer, s *Sheet, page Page, format string) error {
	drawing.Lock()
	defer drawing.Unlock()
	f, err := loadFonts()
	if err != nil {
		return err
	}
	l := fit(s, page, f)
	switch format {
	case "svg":
		return writeSVG(w, l)
	case "pdf":
		return writePDF(w, l)
	case "png":
		return writePNG(w, l)
	case "html":
		return writeHTML(w, l)
	}
	return fmt.Errorf("draw sheet: there is no format %q", format)
}

// writeSVG writes letters as outlines: few programs use fonts that an SVG brings along. What was written stands beside them.
func writeSVG(w io.Writer, l *layout) error {
	var b bytes.Buffer
	r := svg.New(&b, l.page.Width, l.page.Height, &svg.Options{SizeUnits: "mm"})
	b.WriteString("<title>" + escape(l.sheet.Title) + "</title>")
	paint(l).RenderTo(outlines{r, &b, map[glyph]string{}})
	if err := r.Close(); err != nil {
		return fmt.Errorf("write svg: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}

func writePDF(w io.Writer, l *layout) error {
	var b bytes.Buffer
	r := pdf.New(&b, l.page.Width, l.page.Height, nil)
	r.SetInfo(l.sheet.Title, "", "", "", "tappa")
	paint(l).RenderTo(r)
	if err := r.Close(); err != nil {
		return fmt.Errorf("write pdf: %w", err)
	}
	out, err := withoutClock(b.Bytes())
	if err != nil {
		return fmt.Errorf("write pdf: %w", err)
	}
	_, err = w.Write(out)
	return err
}

func writePNG(w io.Writer, l *layout) error {
	img := rasterizer.Draw(paint(l), canvas.DPMM(PixelsWide/l.page.Width), canvas.LinearColorSpace{})
	if err := png.Encode(w, img); err != nil {
		return fmt.Errorf("write png: %w", err)
	}
	return nil
}
