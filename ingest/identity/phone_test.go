package identity

import (
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// The short way comes to what the library comes to, for numbers as people write them.
func TestPlainNumbers(t *testing.T) {
	short := 0
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]string{"", "+39", "+39 ", "39", "+390", "0", "3", "+3", "+", "+4", "+1", "+7", "+80"}).Draw(t, "begin") +
			rapid.StringMatching(`[03]?[0-9](([0-9]| [0-9]|-[0-9]|/[0-9]|\.[0-9]|  [0-9]){0,13})[ ]?`).Draw(t, "rest")
		country := rapid.SampledFrom([]string{"IT", "IT", "", "DE", "ES", "US", "VA", "XX"}).Draw(t, "country")
		short += holdPhone(t, s, country)
	})
	if short == 0 {
		t.Error("no number went the short way")
	}
}

// Numbers that exist, and their neighbours, of every region.
func TestPlainNumbersOfAllRegions(t *testing.T) {
	regions := []string{}
	for region := range phonenumbers.GetSupportedRegions() {
		regions = append(regions, region)
	}
	slices.Sort(regions)
	kinds := []phonenumbers.PhoneNumberType{
		phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST,
		phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL,
	}
	rapid.Check(t, func(t *rapid.T) {
		region := rapid.SampledFrom(regions).Draw(t, "region")
		example := phonenumbers.GetExampleNumberForType(region, rapid.SampledFrom(kinds).Draw(t, "kind"))
		if example == nil {
			return
		}
		s := []byte(phonenumbers.Format(example, rapid.SampledFrom([]phonenumbers.PhoneNumberFormat{
			phonenumbers.E164, phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL,
		}).Draw(t, "format")))
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			i := rapid.IntRange(1, len(s)-1).Draw(t, "at")
			if s[i] >= '0' && s[i] <= '9' {
				s[i] = byte(rapid.IntRange('0', '9').Draw(t, "digit"))
			}
		}
		s = s[:len(s)-rapid.IntRange(0, 1).Draw(t, "shorter")]
		holdPhone(t, string(s), region)
	})
}

// holdPhone compares a number's key with the library's, and returns 1 if it went the short way.
func holdPhone(t *rapid.T, s, country string) int {
	p, all, national := plain(s, country, nil)
	if p == nil {
		return 0
	}
	got := ""
	if p.valid(national) {
		got = KindPhone + ":+" + string(all)
	}
	if want := string(parsePhone(s, country)); got != want {
		t.Fatalf("%q in %q is %q, want %q", s, country, got, want)
	}
	return 1
}

// All numbering plans but a few can be worked out, and are small.
func TestPlans(t *testing.T) {
	without := 0
	for code := range phonenumbers.GetSupportedCallingCodes() {
		p := plans[code]()
		if p == nil {
			without++
			continue
		}
		states := 0
		for _, r := range p.regions {
			for _, n := range append(r.kinds, r.general) {
				states += len(n.pattern.next)
			}
		}
		if states > 20_000 {
			t.Errorf("plan of +%d has %d states", code, states)
		}
	}
	if without > 5 {
		t.Errorf("%d calling codes without a plan", without)
	}
}

func BenchmarkPhone(b *testing.B) {
	n := New()
	for b.Loop() {
		n.Phone("+39 02 1234567", "IT")
	}
}
