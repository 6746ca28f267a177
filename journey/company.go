package journey

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Company is what is the company's own in mail and on the telephone. Raw mails and the records of a telephone
// system name two sides and do not say which of them is the customer: this does.
type Company struct {
	Domains   []string // mail domains, lower case; what is below them is the company's too
	Mailboxes []string // further mail addresses, lower case
	Numbers   []string // telephone numbers and extensions, as patterns (path.Match) of what the telephone system writes
	Inbound   []string // patterns of dialplan contexts in which calls of customers arrive
	Outbound  []string // patterns of those in which the company calls out
}

// Add makes what is another's the company's too.
func (c *Company) Add(o Company) {
	c.Domains = append(c.Domains, o.Domains...)
	c.Mailboxes = append(c.Mailboxes, o.Mailboxes...)
	c.Numbers = append(c.Numbers, o.Numbers...)
	c.Inbound = append(c.Inbound, o.Inbound...)
	c.Outbound = append(c.Outbound, o.Outbound...)
}

// Known tells whether anything is known about the company's mail.
func (c *Company) Known() bool { return len(c.Domains)+len(c.Mailboxes) > 0 }

// Mailbox tells whether a mail address, in lower case, is the company's.
func (c *Company) Mailbox(address string) bool {
	if slices.Contains(c.Mailboxes, address) {
		return true
	}
	_, host, ok := strings.Cut(address, "@")
	if !ok {
		return false
	}
	return slices.ContainsFunc(c.Domains, func(d string) bool {
		rest, ok := strings.CutSuffix(host, d)
		return ok && (rest == "" || rest[len(rest)-1] == '.')
	})
}

// maxExtension is how many characters an extension has where Numbers do not say.
const maxExtension = 5

// Number tells whether a number is the company's. Without Numbers, extensions are: what has at most five digits, or is
// no number at all, as the names that telephone systems use within.
func (c *Company) Number(s string) bool {
	if s == "" {
		return false
	}
	if len(c.Numbers) > 0 {
		return Matches(c.Numbers, s)
	}
	digits := strings.Trim(s, "0123456789*#") == ""
	return digits && len(s) <= maxExtension || strings.Trim(s, "0123456789*#+-()./ ") != ""
}

// Matches tells whether a text matches one of some patterns: * stands for any characters, ? for one.
func Matches(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, s)
		return ok && err == nil
	})
}

// company checks what the file says of the company and returns it.
func (b *builder) company() Company {
	f := b.form.Company
	c := Company{Numbers: f.Numbers, Inbound: f.Inbound, Outbound: f.Outbound}
	for i, d := range f.Domains {
		d = strings.ToLower(strings.TrimSpace(d))
		if !strings.Contains(strings.Trim(d, "."), ".") || strings.ContainsAny(d, "@ /:*") {
			b.errorf(fmt.Sprintf("company.domains[%d]", i), "%q is no mail domain; write what stands behind the @, like example.com", d)
		}
		c.Domains = append(c.Domains, strings.Trim(d, "."))
	}
	for i, a := range f.Mailboxes {
		a = strings.ToLower(strings.TrimSpace(a))
		if at := strings.LastIndexByte(a, '@'); at <= 0 || at == len(a)-1 || strings.ContainsAny(a, " <>,;") {
			b.errorf(fmt.Sprintf("company.mailboxes[%d]", i), "%q is no mail address; write it like info@example.com", a)
		}
		c.Mailboxes = append(c.Mailboxes, a)
	}
	b.patterns("company.numbers", f.Numbers)
	b.patterns("company.inbound", f.Inbound)
	b.patterns("company.outbound", f.Outbound)
	return c
}

// patterns checks patterns.
func (b *builder) patterns(list string, patterns []string) {
	for i, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			b.errorf(fmt.Sprintf("%s[%d]", list, i), "%q is no pattern; * stands for any characters, ? for one", p)
		}
	}
}
