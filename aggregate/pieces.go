package aggregate

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed sql/*.sql sql/pieces/*.sql
var sqlFiles embed.FS

// migrations are the files of sql/ with the pieces put in that views share.
var migrations = pieced{sqlFiles}

// pieced reads SQL files in which a line "-- piece: NAME" stands for the lines of sql/pieces/NAME.sql, indented as it is. A view
// inside a view would do the same, if ClickHouse let it be asked from another database.
type pieced struct{ embed.FS }

var pieceLine = regexp.MustCompile(`(?m)^( *)-- piece: (\w+)\n`)

// ReadFile gives a file with its pieces.
func (p pieced) ReadFile(name string) ([]byte, error) {
	text, err := p.FS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	text = pieceLine.ReplaceAllFunc(text, func(line []byte) []byte {
		m := pieceLine.FindSubmatch(line)
		piece, e := p.ReadFile("sql/pieces/" + string(m[2]) + ".sql")
		if e != nil {
			err = fmt.Errorf("%s: %w", name, e)
			return nil
		}
		var out bytes.Buffer
		for part := range strings.Lines(string(piece)) {
			out.Write(m[1])
			out.WriteString(part)
		}
		return out.Bytes()
	})
	return text, err
}

// Open opens a file with its pieces, or a directory.
func (p pieced) Open(name string) (fs.File, error) {
	file, err := p.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := p.ReadFile(name)
	return piecedFile{file, bytes.NewReader(text)}, err
}

type piecedFile struct {
	fs.File
	text *bytes.Reader
}

func (f piecedFile) Read(b []byte) (int, error) { return f.text.Read(b) }
