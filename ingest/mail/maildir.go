package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
)

// Maildir lists the message files of a Maildir and of all folders below it, in whatever way they are laid out: every
// file in a folder named cur or new. What is being delivered (tmp), and what is hidden, is left out. A folder in which
// there is no cur or new at all, yet files whose names end in .eml, is read as a folder of those.
func Maildir(root string) ([]string, error) {
	var files, eml []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || entry.Name()[0] == '.' {
			return nil
		}
		switch filepath.Base(filepath.Dir(path)) {
		case "cur", "new":
			files = append(files, path)
		default:
			if filepath.Ext(path) == ".eml" {
				eml = append(eml, path)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read Maildir %s: %w", root, err)
	}
	if files == nil {
		files = eml
	}
	if files == nil {
		return nil, fmt.Errorf("read Maildir %s: no message: expected files in folders named cur and new, or named *.eml", root)
	}
	slices.Sort(files)
	return files, nil
}

// readFile returns the message that a file holds.
func readFile(path string) (raw Raw, err error) {
	file, err := os.Open(path)
	if err != nil {
		return Raw{}, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	b, err := io.ReadAll(io.LimitReader(file, MaxMessage))
	return Raw{Line: 1, Bytes: b}, err
}

// each returns every message of some paths: those of an mbox file, the one of any other file, and those of the files
// of a folder. name is the file. An error in a file is the last thing said of it; the next file follows.
func each(paths []string) iter.Seq2[located, error] {
	return func(yield func(located, error) bool) {
		for _, path := range paths {
			info, err := os.Stat(path)
			files := []string{path}
			if err == nil && info.IsDir() {
				files, err = Maildir(path)
			}
			if err != nil {
				if !yield(located{name: path}, err) {
					return
				}
				continue
			}
			for _, name := range files {
				if !eachOf(name, info.IsDir(), yield) {
					return
				}
			}
		}
	}
}

// located is a message and the file it is of.
type located struct {
	name string
	Raw
}

// eachOf yields the messages of one file, and tells whether more are wanted.
func eachOf(name string, single bool, yield func(located, error) bool) bool {
	if !single {
		single = !isMbox(name)
	}
	if single {
		raw, err := readFile(name)
		return yield(located{name, raw}, err)
	}
	file, err := os.Open(name)
	if err != nil {
		return yield(located{name: name}, err)
	}
	defer func() { _ = file.Close() }() // only read
	for raw, err := range Mbox(file) {
		if !yield(located{name, raw}, err) {
			return false
		}
	}
	return true
}

// isMbox tells that a file begins as an mbox does.
func isMbox(name string) bool {
	file, err := os.Open(name)
	if err != nil {
		return true // the error is met again, and told
	}
	defer func() { _ = file.Close() }() // only read
	var b [512]byte
	n, _ := io.ReadFull(file, b[:])
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(b[:n], []byte("\ufeff")), "\r\n"), []byte("From "))
}
