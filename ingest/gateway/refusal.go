package gateway

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// The reasons for which a request is refused: the labels of tappa_gateway_refused_total.
const (
	reasonUnknown   = "unknown-source"
	reasonMethod    = "method"
	reasonRate      = "rate"      // more requests than the source may make
	reasonBusy      = "busy"      // more requests or bytes than the gateway may hold
	reasonTooLarge  = "too-large" // a body, or one event of it
	reasonEncoding  = "encoding"  // a body that is compressed
	reasonUnread    = "unread"    // a body that did not arrive whole
	reasonEmpty     = "empty"
	reasonSignature = "signature" // or token, or password
	reasonTimestamp = "timestamp" // outside the window
	reasonReplayed  = "replayed"  // accepted before
	reasonMalformed = "malformed" // cannot be split into events
	reasonUnmapped  = "unmapped"  // the mapping file cannot use it
	reasonKafka     = "kafka"     // not on all in-sync replicas
)

// reasons are the statuses they are answered with.
var reasons = map[string]int{
	reasonUnknown: http.StatusNotFound, reasonMethod: http.StatusMethodNotAllowed, reasonRate: http.StatusTooManyRequests,
	reasonBusy: http.StatusServiceUnavailable, reasonTooLarge: http.StatusRequestEntityTooLarge,
	reasonEncoding: http.StatusUnsupportedMediaType, reasonUnread: http.StatusBadRequest, reasonEmpty: http.StatusBadRequest,
	reasonSignature: http.StatusUnauthorized, reasonTimestamp: http.StatusUnauthorized, reasonReplayed: http.StatusConflict,
	reasonMalformed: http.StatusBadRequest, reasonUnmapped: http.StatusUnprocessableEntity, reasonKafka: http.StatusServiceUnavailable,
}

// refusal is why a request is refused.
type refusal struct {
	reason, detail string
	after          time.Duration // when to try again; 0: soon
}

func (r *refusal) Error() string { return r.reason + ": " + r.detail }

// retryAfter is after in whole seconds, at least 1.
func (r *refusal) retryAfter() int { return max(1, int(math.Ceil(r.after.Seconds()))) }

func refuse(reason, format string, args ...any) *refusal {
	return &refusal{reason: reason, detail: fmt.Sprintf(format, args...)}
}
