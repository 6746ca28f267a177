package journey

import "testing"

// TestCompany holds which addresses and numbers are the company's.
func TestCompany(t *testing.T) {
	c := Company{Domains: []string{"example.it"}, Mailboxes: []string{"acme@gmail.com"}}
	for address, want := range map[string]bool{
		"anna@example.it": true, "anna@vendite.example.it": true, "acme@gmail.com": true, "anna@gmail.com": false,
		"anna@notexample.it": false, "anna@example.it.com": false, "example.it": false, "": false,
	} {
		if got := c.Mailbox(address); got != want {
			t.Errorf("mailbox %q: %v", address, got)
		}
	}
	for number, want := range map[string]bool{
		"": false, "201": true, "*97": true, "s": true, "SIP/201": true, "+390521940100": false, "0521 940100": false, "anonymous": true,
	} {
		if got := c.Number(number); got != want {
			t.Errorf("number %q without patterns: %v", number, got)
		}
	}
	c.Numbers = []string{"+39052194*", "2??"}
	for number, want := range map[string]bool{"+390521940100": true, "201": true, "2011": false, "s": false} {
		if got := c.Number(number); got != want {
			t.Errorf("number %q with patterns: %v", number, got)
		}
	}
}
