package journey

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	_ "time/tzdata" // a journey's time zone must exist wherever the program runs
)

// Load reads the journey file at path. An error about the file's content is of type Problems.
func Load(path string) (*Journey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load journey: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a journey file's content; name is what problems call it. All errors are reported at once, as Problems
// sorted by place. Warnings alone do not fail; Warnings returns them.
func Parse(name string, data []byte) (*Journey, error) {
	var form journeyFile
	doc := readDocument(name, data, &form)
	if len(doc.places) == 0 {
		return nil, doc.problems
	}
	b := &builder{document: doc, form: &form}
	j := b.journey()
	j.Raw, j.Version = data, version(&form)
	b.compile(j)
	problems := doc.problems.sorted()
	if problems.Fatal() {
		// What is doubtful may follow from what is wrong, so it is said once the file can be used.
		return nil, slices.DeleteFunc(problems, func(p Problem) bool { return p.Warning })
	}
	j.warnings = problems
	return j, nil
}

// Warnings lists what is doubtful about the journey file it was loaded from, by place.
func (j *Journey) Warnings() Problems { return j.warnings }

// version hashes what the file says: keys sorted, comments, order of fields and layout gone.
func version(form *journeyFile) string {
	canonical, err := json.Marshal(form)
	if err == nil {
		var sorted any
		if err = json.Unmarshal(canonical, &sorted); err == nil {
			canonical, err = json.Marshal(sorted)
		}
	}
	if err != nil {
		panic(fmt.Sprintf("journey: canonical form: %v", err)) // strings, numbers and lists of them always marshal
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])[:12]
}
