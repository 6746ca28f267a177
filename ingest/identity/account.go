package identity

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"tappa/journey"
)

// Account returns the key of an account as stated, or "" if there is none. A web domain or address
// ("https://www.Acme.it/") is reduced to the domain somebody registered ("acme.it"), so that it is the same account
// as the one found by mail; anything else is an id and kept as it is.
func Account(s string) journey.AccountKey {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxKey || strings.ContainsFunc(s, control) {
		return ""
	}
	host := s
	if _, rest, ok := strings.Cut(s, "://"); ok {
		host, _, _ = strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, ":")
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if host = strings.TrimSuffix(host, "."); goodHost(host) {
		if domain := registered(strings.ToLower(host)); domain != "" {
			return journey.AccountKey("account:" + domain)
		}
	}
	return journey.AccountKey("account:" + s)
}

// company returns the account behind a mailbox's key: "" for the hosts of private mailboxes.
func (n *Normaliser) company(mailbox journey.ContactKey) journey.AccountKey {
	_, host, ok := strings.Cut(string(mailbox), "@")
	if !ok {
		return ""
	}
	if a, ok := n.hosts.get(host, host); ok {
		return a
	}
	var a journey.AccountKey
	if domain := registered(host); domain != "" && !freeMailOf(host, domain) {
		a = journey.AccountKey("account:" + domain)
	}
	host = strings.Clone(host)
	n.hosts.put(host, host, a)
	return a
}

// registered returns the domain somebody registered under a public suffix: "acme.it" for "mail.acme.it". It is ""
// for a public suffix itself and for suffixes that nobody manages.
func registered(host string) string {
	suffix, icann := publicsuffix.PublicSuffix(host)
	if !icann && !strings.Contains(suffix, ".") {
		return ""
	}
	dot := len(host) - len(suffix) - 1
	if dot <= 0 || host[dot] != '.' {
		return ""
	}
	return host[1+strings.LastIndexByte(host[:dot], '.'):]
}
