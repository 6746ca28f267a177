package draw

import (
	"fmt"
	"io"
	"sync"
)

// one lets one sheet be drawn at a time: an image takes 35 MB while it is made.
var one sync.Mutex

// Write writes a sheet in a format: "svg", "pdf", "png" or "html".
func Write(w io.Writer, s *Sheet, page Page, format string) error {
	one.Lock()
	defer one.Unlock()
	f, err := loadFonts()
	if err != nil {
		return err
	}
	l := fit(s, page, f)
	var data []byte
	switch format {
	case "svg":
		data = drawn(l).svg(s.Title, f)
	case "pdf":
		if data, err = drawn(l).pdf(s.Title, f); err != nil {
			return err
		}
	case "png":
		return drawn(l).png(w, f)
	case "html":
		return writeHTML(w, l)
	default:
		return fmt.Errorf("draw sheet: there is no format %q", format)
	}
	_, err = w.Write(data)
	return err
}
