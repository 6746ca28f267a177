package identity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tappa/journey"
)

func TestEmail(t *testing.T) {
	for in, want := range map[string]journey.ContactKey{
		"anna@example.com":                         "email:anna@example.com",
		"  Anna.Rossi@Example.COM ":                "email:anna.rossi@example.com",
		"Anna Rossi <Anna@Example.com>":            "email:anna@example.com",
		`"Rossi, Anna" <mailto:anna@example.com>`:  "email:anna@example.com",
		"ANNA@EXAMPLE.COM (Anna Rossi)":            "email:anna@example.com",
		"'anna@example.com'":                       "email:anna@example.com",
		"(anna@example.com)":                       "",
		"anna+news@example.com":                    "email:anna+news@example.com",
		"anna@example.com.":                        "email:anna@example.com",
		"anna@BÜCHER.example":                      "email:anna@xn--bcher-kva.example",
		"Nicolo\u0300@caffè.it":                    "email:nicolò@xn--caff-8oa.it",
		"":                                         "",
		"anna":                                     "",
		"anna@":                                    "",
		"@example.com":                             "",
		"anna@localhost":                           "",
		"anna@192.0.2.1":                           "",
		"anna@[192.0.2.1]":                         "",
		"anna rossi@example.com":                   "",
		"anna..rossi@example.com":                  "",
		".anna@example.com":                        "",
		"a@b@example.com":                          "",
		"anna@exam_ple.com":                        "",
		"anna@-example.com":                        "",
		"anna@example..com":                        "",
		"anna\x00@example.com":                     "",
		"anna\u00a0@example.com":                   "",
		strings.Repeat("a", 65) + "@example.com":   "",
		"a@" + strings.Repeat("b.", 130) + "com":   "",
		"anna@" + strings.Repeat("a", 64) + ".com": "",
		"anna@" + strings.Repeat("è", 4<<20):       "",
		"anna@example.com, carlo@example.com":      "",
	} {
		if got := Email(in); got != want {
			t.Errorf("Email(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPhone(t *testing.T) {
	for _, tt := range []struct {
		in, country string
		want        journey.ContactKey
	}{
		{"+39 02 1234567", "", "phone:+39021234567"},
		{"02 123 4567", "IT", "phone:+39021234567"},
		{"(02) 123-4567", "IT", "phone:+39021234567"},
		{"0039 333 1234567", "IT", "phone:+393331234567"},
		{"tel:+393331234567", "IT", "phone:+393331234567"},
		{"333.123.45.67", "IT", "phone:+393331234567"},
		{"800 123456", "IT", "phone:+39800123456"},
		{"02 1234567 ext. 12", "IT", "phone:+39021234567;ext=12"},
		{"02/1234567 int. 12", "IT", "phone:+39021234567;ext=12"},
		{"+39 02 1234567 Interno 12", "IT", "phone:+39021234567;ext=12"},
		{"3331234567.0", "IT", "phone:+393331234567"},
		{"393331234567.0", "IT", "phone:+393331234567"},
		{"333.123.456.0", "IT", "phone:+393331234560"},
		{"+44 20 7946 0958", "IT", "phone:+442079460958"},
		{"02 1234567", "", ""},
		{"anonymous", "IT", ""},
		{"12", "IT", ""},
		{"112", "IT", ""},
		{"999999", "IT", ""},
		{"+39 1", "IT", ""},
		{"", "IT", ""},
		{strings.Repeat("1", 65), "IT", ""},
	} {
		n := New()
		for range 2 { // parsed, and remembered
			if got := n.Phone(tt.in, tt.country); got != tt.want {
				t.Errorf("Phone(%q, %q) = %q, want %q", tt.in, tt.country, got, tt.want)
			}
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	var s shard[int, int]
	for i := range 3 * answersOfShard {
		s.keep(i, i)
		if got := len(s.young) + len(s.old); got > 2*answersOfShard {
			t.Fatalf("%d answers remembered, at most %d wanted", got, 2*answersOfShard)
		}
	}
	n := New()
	if a, b := n.Phone("02 1234567", "IT"), n.Phone("02 1234567", "CH"); a == b {
		t.Errorf("the same digits in two countries are %q in both", a)
	}
}

func TestKeys(t *testing.T) {
	scope := Scope{Origin: "suite", Country: "IT"}
	for _, tt := range []struct {
		name    string
		parties []Party
		keys    []journey.ContactKey
		account journey.AccountKey
	}{
		{
			"strongest first",
			[]Party{{Cookie: "c1", Ticket: "7", Phone: "333 1234567", Email: "Anna@Acme.it", CRM: "1a"}},
			[]journey.ContactKey{"crm:suite/1a", "email:anna@acme.it", "phone:+393331234567", "ticket:suite/7", "cookie:c1"},
			"account:acme.it",
		},
		{
			"several parties, once",
			[]Party{{Email: "anna@acme.it"}, {Email: "ANNA@acme.it", CRM: "sap/9"}, {Email: "a@gmail.com"}},
			[]journey.ContactKey{"crm:sap/9", "email:anna@acme.it", "email:a@gmail.com"},
			"account:acme.it",
		},
		{
			"shared mailbox beside a phone",
			[]Party{{Email: "info@acme.it", Phone: "+393331234567"}},
			[]journey.ContactKey{"phone:+393331234567"},
			"account:acme.it",
		},
		{"shared mailbox alone", []Party{{Email: "info@acme.it"}}, []journey.ContactKey{"email:info@acme.it"}, "account:acme.it"},
		{
			"shared mailbox beside a cookie",
			[]Party{{Email: "info@acme.it", Cookie: "c"}},
			[]journey.ContactKey{"email:info@acme.it", "cookie:c"},
			"account:acme.it",
		},
		{
			"account stated",
			[]Party{{Email: "anna@acme.it", Account: "https://www.Other.it/home"}},
			[]journey.ContactKey{"email:anna@acme.it"},
			"account:other.it",
		},
		{"account by id", []Party{{Email: "anna@acme.it", Account: "crm/17"}}, []journey.ContactKey{"email:anna@acme.it"}, "account:crm/17"},
		{"free mail", []Party{{Email: "anna@libero.it"}}, []journey.ContactKey{"email:anna@libero.it"}, ""},
		{"nothing usable", []Party{{Email: "anna", Phone: "12"}}, nil, ""},
		{"no party", nil, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys, account := New().Keys(scope, tt.parties...)
			if diff := cmp.Diff(tt.keys, keys); diff != "" {
				t.Errorf("keys (-want, +got):\n%s", diff)
			}
			if account != tt.account {
				t.Errorf("account %q, want %q", account, tt.account)
			}
		})
	}
}

func TestCompany(t *testing.T) {
	n := New()
	for in, want := range map[string]journey.AccountKey{
		"anna@mail.acme.co.uk": "account:acme.co.uk",
		"anna@acme.it":         "account:acme.it",
		"anna@pec.acme.it":     "account:acme.it",
		"anna@live.acme.it":    "account:acme.it",
		"anna@yahoo.co.uk":     "",
		"anna@hotmail.fr":      "",
		"anna@pec.it":          "",
		"anna@mail.libero.it":  "",
		"anna@host.internal":   "",
	} {
		if got := n.company(Email(in)); got != want {
			t.Errorf("company(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShared(t *testing.T) {
	for key, want := range map[journey.ContactKey]bool{
		"email:info@acme.it":             true,
		"email:no-reply@acme.it":         true,
		"email:noreply@acme.it":          true,
		"email:ufficio.acquisti@acme.it": true,
		"email:info.milano@acme.it":      true,
		"email:sales2@acme.it":           true,
		"email:sales+it@acme.it":         true,
		"email:anna@acme.it":             false,
		"email:anna.sales@acme.it":       false,
		"email:infante@acme.it":          false,
		"phone:+39021234567":             false,
		"":                               false,
	} {
		if got := Shared(key); got != want {
			t.Errorf("Shared(%q) = %v, want %v", key, got, want)
		}
	}
}

// Normalising what is normalised changes nothing: keys made by two programs, or twice, are the same.
func TestNormalisationIsIdempotent(t *testing.T) {
	n := New()
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9.+_-]{1,20}`), rapid.StringN(1, 12, 40)).Draw(t, "local")
		host := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9-]{1,10}(\.[A-Za-z]{2,5}){1,2}`), rapid.Just("CAFFÈ.it")).Draw(t, "host")
		idempotentEmail(t, local+"@"+host)
		idempotentPhone(t, n, rapid.StringMatching(`(\+|00)?[0-9 ()./-]{4,20}( ext\. [0-9]{1,4})?`).Draw(t, "phone"))
		if a := Account(host); a != "" && Account(strings.TrimPrefix(string(a), "account:")) != a {
			t.Fatalf("Account(%q) = %q, and of that %q", host, a, Account(string(a)))
		}
	})
}

func idempotentEmail(t rapid.TB, in string) {
	if a := Address(in); a != "" {
		if b := Address(a); a != b {
			t.Fatalf("Address(%q) = %q, and of that %q", in, a, b)
		}
		if b := Address("  " + a + " "); a != b {
			t.Fatalf("Address(%q) = %q, with blanks %q", in, a, b)
		}
	}
}

func idempotentPhone(t rapid.TB, n *Normaliser, in string) {
	if k := n.Phone(in, "IT"); k != "" {
		_, value := Split(k)
		if again := n.Phone(value, ""); again != k {
			t.Fatalf("Phone(%q) = %q, and of that %q", in, k, again)
		}
	}
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"anna@example.com", "A <a@B.it>", "Nicolo\u0300@caffè.it", "İ@x.it", "ß@ẞ.de", "a@\u3002.it"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { idempotentEmail(t, s) })
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"+39021234567", "02 1234567 ext. 12", "0039 333 1234567", "tel:+1-202-555-0123;ext=7", "+800 1234 5678"} {
		f.Add(s)
	}
	n := New()
	f.Fuzz(func(t *testing.T, s string) { idempotentPhone(t, n, s) })
}

func BenchmarkKeys(b *testing.B) {
	n, scope := New(), Scope{Origin: "suite", Country: "IT"}
	p := Party{Email: "anna.rossi@acme.it", Phone: "333 1234567"}
	b.ReportAllocs()
	for b.Loop() {
		n.Keys(scope, p)
	}
}
