package journey

import "time"

// Form is a YAML file that stands beside a journey file and is read by the same rules: strictly, every problem with its
// place, all of them at once. The target's fields are named by their json tags; they are texts, yes-or-nos, numbers
// (float64), structs, and lists, maps and pointers of these.
type Form struct{ doc *document }

// ReadForm decodes data into target, a pointer to a struct. What is wrong is noted: see Err.
func ReadForm(name string, data []byte, target any) *Form {
	return &Form{readDocument(name, data, target)}
}

// Refuse notes what is wrong with the value at path, such as "alerts[2].above". Of a path that has a problem already,
// nothing more is said.
func (f *Form) Refuse(path, format string, args ...any) {
	if !f.doc.flawed[path] {
		f.doc.problem(path, f.doc.at(path), format, args...)
	}
}

// Place says where the value at path stands: line and column, from 1.
func (f *Form) Place(path string) (line, column int) {
	at := f.doc.at(path)
	return at.line, at.column
}

// Err lists all problems, sorted by place, as Problems; nil if there are none.
func (f *Form) Err() error {
	if len(f.doc.problems) == 0 {
		return nil
	}
	return f.doc.problems.sorted()
}

// ParseSpan reads a duration as journey files write them: "90m", "36h", "30d", "2w", and sums like "1d12h".
func ParseSpan(s string) (time.Duration, error) { return parseDuration(s) }

// Suggest says what was probably meant by a name that is unknown, as the end of a sentence.
func Suggest(s string, known []string) string { return suggest(s, known) }
