package identity

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// The short way for Italian numbers comes to what the library comes to.
func TestPlainItalian(t *testing.T) {
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]string{"", "+39", "+39 ", "39", "+390", "0", "3", "+3"}).Draw(t, "begin") +
			rapid.StringMatching(`[03]?[0-9](([0-9]| [0-9]|-[0-9]|/[0-9]|\.[0-9]|  [0-9]){0,13})[ ]?`).Draw(t, "rest")
		country := rapid.SampledFrom([]string{"IT", "IT", "", "DE"}).Draw(t, "country")
		got := plainItalian(s, country)
		if got == nil {
			return
		}
		plain++
		want, err := phonenumbers.Parse(s, country)
		if err != nil || !proto.Equal(got, want) {
			t.Fatalf("%q in %q is %v, want %v, %v", s, country, got, want, err)
		}
	})
	if plain == 0 {
		t.Error("no number went the short way")
	}
}
