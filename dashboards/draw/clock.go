package draw

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// The libraries write the time of writing into every PDF, and into every font. The functions here take it out, so that the
// same sheet gives the same bytes.

// withoutClock takes the times out of a PDF. What follows them moves, so the table of places is written anew.
func withoutClock(doc []byte) ([]byte, error) {
	places, table, err := readPlaces(doc)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(places)) // of the objects in the file
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return places[a] - places[b] })
	out := slices.Clone(doc[:places[order[0]]])
	moved := make([]int, len(places))
	for i, object := range order {
		end := table
		if i+1 < len(order) {
			end = places[order[i+1]]
		}
		moved[object] = len(out)
		body, err := timelessObject(doc[places[object]:end])
		if err != nil {
			return nil, err
		}
		out = append(out, body...)
	}
	start := len(out)
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n", len(moved)+1)
	for _, place := range moved {
		out = fmt.Appendf(out, "%010d 00000 n \n", place)
	}
	trailer := doc[table:]
	trailer = trailer[bytes.Index(trailer, []byte("trailer\n")):bytes.LastIndex(trailer, []byte("startxref\n"))]
	return fmt.Appendf(append(out, trailer...), "startxref\n%d\n%%%%EOF\n", start), nil
}

// readPlaces reads where the objects of a PDF are, the first one's first, and where the table is that says so.
func readPlaces(doc []byte) (places []int, table int, err error) {
	_, end, _ := bytes.Cut(doc[bytes.LastIndex(doc, []byte("startxref\n"))+1:], []byte("\n"))
	number, _, _ := bytes.Cut(end, []byte("\n"))
	table, err = strconv.Atoi(string(number))
	if err != nil || table >= len(doc) || !bytes.HasPrefix(doc[table:], []byte("xref\n0 ")) {
		return nil, 0, errors.New("no table of places found")
	}
	for i, line := range bytes.Split(doc[table:], []byte("\n"))[3:] { // after the head and the first entry, which is none
		place, isEntry := bytes.CutSuffix(line, []byte(" 00000 n "))
		if !isEntry {
			break
		}
		at, err := strconv.Atoi(string(place))
		if err != nil || at >= len(doc) || !bytes.HasPrefix(doc[at:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
			return nil, 0, fmt.Errorf("object %d is not where it should be", i+1)
		}
		places = append(places, at)
	}
	if len(places) == 0 {
		return nil, 0, errors.New("no objects found")
	}
	return places, table, nil
}

// timelessObject takes the time out of an object of a PDF, if it has one.
func timelessObject(body []byte) ([]byte, error) {
	dict, stream, hasStream := bytes.Cut(body, []byte("stream\n"))
	if !hasStream {
		before, rest, found := bytes.Cut(body, []byte("/CreationDate("))
		_, after, closed := bytes.Cut(rest, []byte(")"))
		if !found || !closed {
			return body, nil
		}
		return slices.Concat(before, after), nil
	}
	r, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		return body, nil //nolint:nilerr // not packed, so no font
	}
	data, err := io.ReadAll(r)
	if err != nil || !bytes.HasPrefix(data, []byte{0, 1, 0, 0}) {
		return body, err
	}
	if err := timelessFont(data); err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	head, _, _ := bytes.Cut(dict, []byte("/Length "))
	return fmt.Appendf(slices.Clone(head), "/Length %d>>stream\n%s\nendstream\n\nendobj\n", packed.Len(), packed.Bytes()), nil
}

// timelessFont makes a TrueType font's time of change that of its making, in place.
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
