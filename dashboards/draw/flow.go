package draw

import "strings"

// Sizes of styles, in parts of the body's size, and the height of a line in parts of the largest word on it.
var sizes = map[Style]float64{Body: 1, Bold: 1, Small: 0.88, Title: 1.18, Big: 2, Badge: 0.88, Star: 1}

const (
	leading   = 1.22
	badgeEdge = 0.45 // beside a badge's words
	ellipsis  = "…"
)

func (s Style) bold() bool { return s == Bold || s == Title || s == Big }

// word is what stays together on a line; widths are in body sizes.
type word struct {
	text  string
	style Style
	ink   Colour
	size  float64
	width float64
	space float64 // before it, unless it begins a line
}

// textLine is words side by side.
type textLine struct {
	words []word
	width float64
	size  float64 // of the largest
}

func (l textLine) height() float64 { return l.size * leading }

// wrap breaks runs into lines no wider than width, in body sizes; no lines come of no words.
func (f *fonts) wrap(runs []Run, width float64) []textLine {
	var lines []textLine
	var line textLine
	for _, w := range f.words(runs, width) {
		if len(line.words) > 0 && (w.style == Break || line.width+w.space+w.width > width) {
			lines = append(lines, line)
			line = textLine{}
		}
		if w.style == Break {
			continue
		}
		if len(line.words) == 0 {
			w.space = 0
		}
		line.words = append(line.words, w)
		line.width += w.space + w.width
		line.size = max(line.size, w.size)
	}
	if len(line.words) > 0 {
		lines = append(lines, line)
	}
	return lines
}

// words splits runs at their spaces; what is wider than a line is broken between letters.
func (f *fonts) words(runs []Run, width float64) []word {
	var out []word
	for _, run := range runs {
		text := f.clean(run.Text)
		switch run.Style {
		case Star, Break:
			out = append(out, f.word("", run))
			continue
		case Badge, Big: // a number and its unit stay together
			if w := f.word(text, run); text != "" && w.width <= width {
				out = append(out, w)
				continue
			}
			if run.Style == Badge {
				run.Style = Small // too long for a frame
			}
		}
		for _, part := range strings.Fields(text) {
			out = append(out, f.breakWord(part, run, width)...)
		}
	}
	return out
}

func (f *fonts) word(text string, run Run) word {
	size := sizes[run.Style]
	w := word{text: text, style: run.Style, ink: run.Ink, size: size, width: size * f.width(text, run.Style.bold()), space: size * f.width(" ", false)}
	switch run.Style {
	case Badge:
		w.width += 2 * badgeEdge * size
	case Star:
		w.width = size
	}
	return w
}

// breakWord gives a word, or, where it is wider than a line, pieces of it that are not.
func (f *fonts) breakWord(text string, run Run, width float64) []word {
	whole := f.word(text, run)
	if whole.width <= width {
		return []word{whole}
	}
	var out []word
	space := whole.space
	for rest := []rune(text); len(rest) > 0; space = 0 {
		n := f.fitting(rest, run, width)
		piece := f.word(string(rest[:n]), run)
		piece.space = space
		out, rest = append(out, piece), rest[n:]
	}
	return out
}

// fitting says how many letters fit on a line, at least one.
func (f *fonts) fitting(letters []rune, run Run, width float64) int {
	size, used := sizes[run.Style], 0.0
	for i, r := range letters {
		used += size * f.width(string(r), run.Style.bold())
		if i > 0 && used > width {
			return i
		}
	}
	return len(letters)
}

// clamp keeps the first most lines, and says with an ellipsis that there were more; 0 keeps all.
func (f *fonts) clamp(lines []textLine, most int, width float64) []textLine {
	if most == 0 || len(lines) <= most {
		return lines
	}
	lines = append([]textLine(nil), lines[:most]...)
	last := &lines[most-1]
	last.words = append([]word(nil), last.words...)
	dots := f.word(ellipsis, Run{})
	for len(last.words) > 1 && last.width+dots.space+dots.width > width {
		gone := last.words[len(last.words)-1]
		last.words = last.words[:len(last.words)-1]
		last.width -= gone.space + gone.width
	}
	if only := last.words[0]; last.width+dots.space+dots.width > width {
		run, letters := Run{Style: only.style, Ink: only.ink}, []rune(only.text)
		last.words[0] = f.word(string(letters[:f.fitting(letters, run, width-dots.space-dots.width)]), run)
		last.words[0].space, last.width = 0, last.words[0].width
	}
	last.words = append(last.words, dots)
	last.width += dots.space + dots.width
	return lines
}
