package source

import (
	"slices"
	"unsafe"
)

// arenaPiece is how much memory is shared at a time. A text that somebody keeps holds on to as much.
const arenaPiece = 32 << 10

// arena copies what interactions keep of their records into memory that many of them share: an allocation for each text
// costs more than copying it. What was handed out is never written to again.
type arena struct{ piece []byte }

// bytes returns a copy of b without spare capacity.
func (a *arena) bytes(b []byte) []byte {
	if len(b) > arenaPiece/4 {
		return slices.Clone(b)
	}
	if len(b) > cap(a.piece)-len(a.piece) {
		a.piece = make([]byte, 0, arenaPiece)
	}
	at := len(a.piece)
	a.piece = append(a.piece, b...)
	return a.piece[at:len(a.piece):len(a.piece)]
}

// text returns a copy of b as text.
func (a *arena) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	b = a.bytes(b)
	return unsafe.String(unsafe.SliceData(b), len(b))
}
