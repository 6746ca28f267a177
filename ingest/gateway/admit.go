package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// held is what the gateway has in its hands: requests, and the bytes set aside for their bodies.
type held struct {
	limits   Limits
	mu       sync.Mutex
	requests int
	bytes    int64
}

// take sets aside a place for a request of so many bytes, if there is one.
func (h *held) take(bytes int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.requests >= h.limits.Requests || h.bytes+bytes > h.limits.Memory {
		return false
	}
	h.requests++
	h.bytes += bytes
	return true
}

func (h *held) leave(bytes int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests--
	h.bytes -= bytes
}

func (h *held) now() (requests int, bytes int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests, h.bytes
}

// limiter bounds how often a source may ask.
type limiter struct{ *rate.Limiter }

// newLimiter allows so many requests a second, and burst at once; 0 a second is no bound.
func newLimiter(perSecond float64, burst int) limiter {
	if perSecond <= 0 {
		return limiter{}
	}
	return limiter{rate.NewLimiter(rate.Limit(perSecond), max(1, burst))}
}

// wait returns 0 if a request may go on at once, or when it may come again.
func (l limiter) wait(now time.Time) time.Duration {
	if l.Limiter == nil {
		return 0
	}
	r := l.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		r.CancelAt(now)
		return d
	}
	return 0
}

// admit decides, before anything of the body is read, whether a request may come in. Nobody waits: what there is no room
// for is told to come again, so that memory is bounded whatever arrives.
func (g *Gateway) admit(s *gate, r *http.Request) (leave func(), err error) {
	switch {
	case r.Method != http.MethodPost:
		return nil, refuse(reasonMethod, "%s, expected POST", r.Method)
	case r.ContentLength > g.limits.Body:
		return nil, refuse(reasonTooLarge, "a body of %d bytes, at most %d are taken", r.ContentLength, g.limits.Body)
	case r.Header.Get("Content-Encoding") != "" && r.Header.Get("Content-Encoding") != "identity":
		return nil, refuse(reasonEncoding, "compressed, expected a plain body")
	}
	if d := s.rate.wait(g.now()); d > 0 {
		return nil, &refusal{reason: reasonRate, detail: "too many requests", after: d}
	}
	size := r.ContentLength
	if size < 0 {
		size = g.limits.Body
	}
	if size *= copies; !g.held.take(size) {
		return nil, &refusal{reason: reasonBusy, detail: "too much at once", after: time.Second}
	}
	return func() { g.held.leave(size) }, nil
}

// copies is how many times a body may be in memory at once: as read, split, and in a batch for Kafka.
const copies = 3

// read reads the body.
func (g *Gateway) read(s *gate, w http.ResponseWriter, r *http.Request) (*request, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.limits.Body))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(reasonTooLarge, "a body of more than %d bytes", g.limits.Body)
	case err != nil:
		return nil, refuse(reasonUnread, "the body did not arrive whole")
	case len(body) == 0:
		return nil, refuse(reasonEmpty, "no body")
	}
	return &request{Request: r, body: body, received: g.now(), url: g.public + r.URL.RequestURI()}, nil
}
