package testenv

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates are files, in PEM, of an authority and what it vouches for: a server on 127.0.0.1 and a client.
type Certificates struct {
	CA                    string
	ServerCert, ServerKey string
	Server                string // key and certificate in one file, as Java wants them
	ClientCert, ClientKey string
}

// NewCertificates makes certificates in a directory. They are good for a day.
func NewCertificates(dir string) (Certificates, error) {
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tappa test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificates{}, err
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	c := Certificates{
		CA: file("ca.pem"), ServerCert: file("server-cert.pem"), ServerKey: file("server-key.pem"), Server: file("server.pem"),
		ClientCert: file("client-cert.pem"), ClientKey: file("client-key.pem"),
	}
	caText, err := sign(ca, ca, &caKey.PublicKey, caKey)
	if err == nil {
		err = os.WriteFile(c.CA, caText, 0o600)
	}
	for name, files := range map[string][2]string{"server": {c.ServerCert, c.ServerKey}, "client": {c.ClientCert, c.ClientKey}} {
		err = errors.Join(err, issue(name, ca, caKey, files, c.Server))
	}
	return c, err
}

// issue writes a certificate for 127.0.0.1 and its key; those of the server also as one file.
func issue(name string, ca *x509.Certificate, caKey crypto.Signer, files [2]string, both string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := sign(template, ca, &key.PublicKey, caKey)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	err = errors.Join(os.WriteFile(files[0], cert, 0o600), os.WriteFile(files[1], text, 0o600))
	if name == "server" {
		err = errors.Join(err, os.WriteFile(both, append(text, cert...), 0o600))
	}
	return err
}

func sign(template, by *x509.Certificate, key crypto.PublicKey, byKey crypto.Signer) (text []byte, err error) {
	der, err := x509.CreateCertificate(rand.Reader, template, by, key, byKey)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
