package people

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Rules say which keys are shared. The zero value is the defaults, without a test for mailboxes.
type Rules struct {
	// Limits: a key of this kind (crm, email, phone, ticket, cookie, other) is shared once it was seen together with more
	// distinct mail addresses, with more phone numbers, or with five times as many CRM ids. What is not there has its default;
	// at most MaxLimit.
	Limits map[string]int
	// Shared and Personal are keys that are, or are not, shared whatever the limits say. Shared wins.
	Shared, Personal []string
	// Desk recognises mailboxes that several people read by their name; nil recognises none. DeskVersion names its rules.
	Desk        func(key string) bool
	DeskVersion string

	limits           [kindCookie + 1]uint8
	shared, personal map[string]bool
}

// MaxLimit is the highest limit there can be.
const MaxLimit = 250

// DefaultLimits are low: to take two people for one does more harm than to take one for two. docs/identity.md has the figures. They are
// those of kinds that Rules.Limits does not name.
func DefaultLimits() map[string]int {
	return map[string]int{"crm": 25, "email": 5, "phone": 2, "ticket": 5, "other": 5, "cookie": 2}
}

var kindsByName = map[string]uint8{
	"crm": kindCRM, "email": kindEmail, "phone": kindPhone, "ticket": kindTicket, "other": kindOther, "cookie": kindCookie,
}

// Reason is why a key is shared.
type Reason uint8

// The reasons.
const (
	NotShared   Reason = iota
	SharedDesk         // its name is a desk's: info@
	SharedLimit        // it was seen with too many keys of a kind
	SharedList         // somebody lists it
)

// String gives "", "desk", "limit" or "listed".
func (r Reason) String() string { return [...]string{"", "desk", "limit", "listed"}[r] }

// ParseReason is the inverse of String; what it does not know is NotShared.
func ParseReason(s string) Reason {
	for r := NotShared; r <= SharedList; r++ {
		if r.String() == s {
			return r
		}
	}
	return NotShared
}

func (r Rules) complete() Rules {
	for kind, limit := range DefaultLimits() {
		if own, set := r.Limits[kind]; set {
			limit = own
		}
		r.limits[kindsByName[kind]] = uint8(max(1, min(limit, MaxLimit)))
	}
	r.shared, r.personal = map[string]bool{}, map[string]bool{}
	for _, key := range r.Shared {
		r.shared[key] = true
	}
	for _, key := range r.Personal {
		r.personal[key] = true
	}
	return r
}

// listed tells what can be told of a key by looking at it.
func (r *Rules) listed(key string) Reason {
	switch {
	case r.shared[key]:
		return SharedList
	case r.personal[key] || r.Desk == nil || !r.Desk(key):
		return NotShared
	}
	return SharedDesk
}

// Fingerprint is the same for rules that say the same.
func (r Rules) Fingerprint() string {
	r = r.complete()
	text := fmt.Sprint(r.limits, r.DeskVersion,
		strings.Join(slices.Sorted(maps.Keys(r.shared)), "\n"), "\x00", strings.Join(slices.Sorted(maps.Keys(r.personal)), "\n"))
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
