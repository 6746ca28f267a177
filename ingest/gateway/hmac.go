package gateway

import (
	"crypto/sha1" //nolint:gosec // what some systems sign with
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"maps"
	"slices"
	"strings"

	formats "tappa/ingest/source/vendor"
)

// HMAC describes how a system signs that is none of the vendors.
type HMAC struct {
	Header    string `yaml:"header"`    // where the signature stands
	Algorithm string `yaml:"algorithm"` // sha1, sha256 (default) or sha512
	Encoding  string `yaml:"encoding"`  // hex (default) or base64
	Prefix    string `yaml:"prefix"`    // before the signature, "sha256="
	Timestamp string `yaml:"timestamp"` // header of the time, which is signed before the body; "": only the body is signed
	Between   string `yaml:"between"`   // what stands between time and body: "" or "."
}

var algorithms = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

func (p *problems) hmac(h *HMAC, where string) {
	set(&h.Algorithm, "sha256")
	set(&h.Encoding, "hex")
	p.need(h.Header != "", where, "hmac.header is missing, expected the header with the signature")
	p.need(algorithms[h.Algorithm] != nil, where, "hmac.algorithm %q, expected sha1, sha256 or sha512", h.Algorithm)
	p.need(h.Encoding == "hex" || h.Encoding == "base64", where, "hmac.encoding %q, expected hex or base64", h.Encoding)
}

// signed compares a signature.
func (h HMAC) signed(r *request, secret []byte) bool {
	sent, ok := strings.CutPrefix(r.Header.Get(h.Header), h.Prefix)
	if !ok {
		return false
	}
	want := mac(algorithms[h.Algorithm], secret, r.stamp, h.Between, string(r.body))
	if h.Timestamp == "" {
		want = mac(algorithms[h.Algorithm], secret, string(r.body))
	}
	if h.Encoding == "base64" {
		return inBase64(sent, want)
	}
	return inHex(sent, want)
}

// check returns how a source's requests are held to its secrets: nil is not at all.
func (s *gate) check() (signature, func(*request) string) {
	switch s.Auth {
	case authSignature:
		return s.vendor.signed, s.vendor.stamp
	case authHMAC:
		if s.HMAC.Timestamp == "" {
			return s.HMAC.signed, nil
		}
		return s.HMAC.signed, header(s.HMAC.Timestamp)
	case authOpen:
		return nil, nil
	}
	return bySecret, nil
}

// Vendors lists what a source's vendor can be, sorted: vendors that sign, and every other format.
func Vendors() []string {
	all := map[string]bool{}
	for name := range vendors {
		all[name] = true
	}
	for name := range formats.Formats {
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}
