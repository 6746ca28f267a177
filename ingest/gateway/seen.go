package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// print names a request: who signed what, when.
type print [sha256.Size]byte

// seen remembers the requests that were accepted, so that none is accepted twice, those that failed, so that the next try is
// told as the first was, and those being worked on. It holds the last ones, up to a number; who forgets makes no number wrong,
// since a record that arrives twice is one interaction, if it bears a time of its own.
type seen struct {
	mu   sync.Mutex
	all  map[print]memory
	ring []print // the settled ones, oldest at next once it is full
	next int
	lost int64 // forgotten for want of room
}

// memory is what is known of a request.
type memory struct {
	first time.Time // when it was made first: of what Kafka may have taken although it failed
	until time.Time // accepted, and remembered until then; the zero time: not accepted
	busy  bool      // being worked on
}

func newSeen(most int) *seen {
	return &seen{all: map[print]memory{}, ring: make([]print, 0, most)}
}

// enter begins the work on a request. It returns when the request was made first, and what to call with its outcome. A request
// that was accepted is refused until it is forgotten; so is, for a moment, one whose twin is being worked on, since nobody
// knows yet whether it will be needed.
func (s *seen) enter(p print, now time.Time, remember time.Duration) (first time.Time, settle func(accepted bool), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, there := s.all[p]
	switch {
	case m.busy:
		return first, nil, &refusal{reason: reasonBusy, detail: "this very request is being worked on", after: time.Second}
	case now.Before(m.until):
		return first, nil, refuse(reasonReplayed, "this very request was accepted before")
	}
	if !there || !m.until.IsZero() || now.Sub(m.first) >= remember {
		m.first = now // another wish, or one of which nothing is known
	}
	m.until, m.busy = time.Time{}, true
	s.all[p] = m
	return m.first, func(accepted bool) { s.settle(p, accepted, now, remember, there) }, nil
}

// settle remembers a request that was accepted at an instant, or failed; known says that it has a place in the ring already.
func (s *seen) settle(p print, accepted bool, now time.Time, remember time.Duration, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.all[p]
	m.busy = false
	if accepted {
		m.until = now.Add(remember)
	}
	s.all[p] = m
	if known {
		return
	}
	if len(s.ring) < cap(s.ring) {
		s.ring = append(s.ring, p)
		return
	}
	oldest := s.ring[s.next]
	if now.Before(s.all[oldest].until) {
		s.lost++
	}
	delete(s.all, oldest)
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
