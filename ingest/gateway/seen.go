package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// print names a request: who signed what, when.
type print [sha256.Size]byte

// seen remembers the requests that were accepted, so that none is accepted twice, and those being worked on. It holds
// the last ones, up to a number; who forgets makes no number wrong, since a record that arrives twice is one interaction.
type seen struct {
	mu    sync.Mutex
	until map[print]time.Time // accepted, and remembered until then; the zero time: being worked on
	ring  []print             // the accepted ones, oldest at next once it is full
	next  int
	lost  int64 // forgotten for want of room
}

func newSeen(most int) *seen {
	return &seen{until: map[print]time.Time{}, ring: make([]print, 0, most)}
}

// enter begins the work on a request, and returns what to call with its outcome. A request that was accepted is refused
// until it is forgotten; so is, for a moment, one whose twin is being worked on, since nobody knows yet whether it will be
// needed.
func (s *seen) enter(p print, now time.Time, remember time.Duration) (settle func(accepted bool), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, there := s.until[p]
	switch {
	case there && until.IsZero():
		return nil, &refusal{reason: reasonBusy, detail: "this very request is being worked on", after: time.Second}
	case now.Before(until):
		return nil, refuse(reasonReplayed, "this very request was accepted before")
	}
	s.until[p] = time.Time{}
	return func(accepted bool) { s.settle(p, accepted, now, remember, there) }, nil
}

// settle remembers a request that was accepted at an instant; known says that it has a place in the ring already.
func (s *seen) settle(p print, accepted bool, now time.Time, remember time.Duration, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case accepted:
		s.until[p] = now.Add(remember)
	case known:
		s.until[p] = now // as it was: forgotten, in its place
	default:
		delete(s.until, p)
	}
	if !accepted || known {
		return
	}
	if len(s.ring) < cap(s.ring) {
		s.ring = append(s.ring, p)
		return
	}
	oldest := s.ring[s.next]
	if now.Before(s.until[oldest]) {
		s.lost++
	}
	delete(s.until, oldest)
	s.ring[s.next] = p
	s.next = (s.next + 1) % len(s.ring)
}

func (s *seen) size() (accepted int, lost int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ring), s.lost
}

// fingerprint names a request by its source, the time and nonce it states, and its body.
func (r *request) fingerprint(source string) print {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(source), []byte(r.stamp), []byte(r.URL.RawQuery), r.body} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return print(h.Sum(nil))
}
