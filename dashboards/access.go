package dashboards

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Access says who may change something through the API. The zero value is nobody. Reading is open to whoever reaches the
// address.
type Access struct {
	// Token lets in who sends it as "Authorization: Bearer TOKEN". "" is no token.
	Token string
	// Local lets in, where there is no token, who is on the same machine, reached it under a loopback name, and is no page
	// of another site in a browser there.
	Local bool
}

// crossOrigin refuses changes that a browser makes for another site's page.
var crossOrigin = http.NewCrossOriginProtection()

// check refuses a request that may not change anything; the error says what would.
func (a Access) check(r *http.Request) error {
	if err := crossOrigin.Check(r); err != nil {
		return errors.New("a page of another site may change nothing here")
	}
	switch {
	case a.Token != "":
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !sameText(given, a.Token) {
			return errors.New("changes need the header Authorization: Bearer TOKEN, with the token that tappa was started with")
		}
		return nil
	case !a.Local:
		return errors.New("changes are off here: start tappa with a token (TAPPA_API_TOKEN, or --token-file of tappa up)")
	case !loopbackHost(r.Host) || !loopbackHost(r.RemoteAddr) || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "":
		return errors.New("without a token only this machine may change something, under localhost or 127.0.0.1: start tappa with --token-file")
	}
	return nil
}

// sameText compares without telling by the time it takes where two texts differ, or how long they are.
func sameText(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// loopbackHost says of a host, with or without port, whether it can only be this machine. A name that somebody else's DNS
// answers for is not.
func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// guard is what stands before every operation that changes something.
func (s *server) guard(api huma.API) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		err := s.access.check(r)
		if err == nil && s.writer == nil {
			err = errors.New("changes are off here: this process only reads")
		}
		if err != nil {
			code := http.StatusForbidden
			if s.access.Token != "" {
				code = http.StatusUnauthorized
				ctx.SetHeader("WWW-Authenticate", `Bearer realm="tappa"`)
			}
			_ = huma.WriteErr(api, ctx, code, err.Error())
			return
		}
		next(ctx)
	}}
}
