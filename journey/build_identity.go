package journey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// keyKinds are the kinds of contact keys that have a limit.
var keyKinds = []string{"crm", "email", "phone", "ticket", "cookie", "other"}

// highestLimit is how far the walk counts.
const highestLimit = 250

func (b *builder) identity() Identity {
	f := b.form.Identity
	b.contactKeys("identity.shared", f.Shared)
	b.contactKeys("identity.personal", f.Personal)
	for i, key := range f.Personal {
		if slices.Contains(f.Shared, key) {
			b.errorf(fmt.Sprintf("identity.personal[%d]", i), "%s is listed under shared as well; take it out of one of the two", key)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(f.Limits)) {
		path, limit := "identity.limits."+kind, f.Limits[kind]
		if !slices.Contains(keyKinds, kind) {
			b.errorf(path, "unknown kind of contact key %q; there are %s", kind, strings.Join(keyKinds, ", "))
		} else if limit < 1 || limit > highestLimit {
			b.errorf(path, "a limit of %d; use 1 to %d", limit, highestLimit)
		}
	}
	return Identity(f)
}

// contactKeys checks that keys are written as tappa shows them, since nothing normalises them here.
func (b *builder) contactKeys(path string, keys []string) {
	for i, key := range keys {
		kind, value, _ := strings.Cut(key, ":")
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case kind == "" || value == "":
			b.errorf(at, "%q is no contact key; write KIND:VALUE, for example phone:+390212345678 or email:info@example.com", key)
		case kind == "email" && key != strings.ToLower(key):
			b.errorf(at, "%q has capital letters; contact keys of mailboxes have none: %s", key, strings.ToLower(key))
		case kind == "phone" && value[0] != '+':
			b.errorf(at, "%q has no country; write the number as phone:+COUNTRY… without blanks", key)
		}
	}
}
