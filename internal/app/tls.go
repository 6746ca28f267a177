package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strconv"
)

// tlsFiles are the variables that say how to use TLS to a server. There is none that switches its checks off.
type tlsFiles struct {
	name                      string // of the variable that the others begin with
	on                        string
	ca, cert, key, serverName string
}

// config reads the files. It is nil without TLS.
func (f tlsFiles) config(w *wrong) *tls.Config {
	named := f.ca != "" || f.cert != "" || f.key != "" || f.serverName != ""
	on, err := strconv.ParseBool(f.on)
	switch {
	case f.on == "":
		on = named
	case err != nil:
		w.need(f.name, f.on, false, "true or false")
		return nil
	case !on && named:
		w.add(f.name, fmt.Sprintf("%q, but another variable TAPPA_%s_… is set; expected true, or none of those", f.on, f.name))
	}
	if !on {
		return nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: f.serverName}
	if f.ca != "" {
		c.RootCAs = f.authorities(w)
	}
	if f.cert == "" && f.key == "" {
		return c
	}
	if f.cert == "" || f.key == "" {
		w.add(f.name+"_CERT", "set without TAPPA_"+f.name+"_KEY, or that without this; expected both")
		return c
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		w.add(f.name+"_CERT", fmt.Sprintf("%v; expected a certificate and, in TAPPA_%s_KEY, its key, both PEM", err, f.name))
	}
	c.Certificates = []tls.Certificate{pair}
	return c
}

func (f tlsFiles) authorities(w *wrong) *x509.CertPool {
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		w.add(f.name+"_CA", err.Error())
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		w.add(f.name+"_CA", fmt.Sprintf("%q holds no certificate; expected PEM", f.ca))
	}
	return pool
}
