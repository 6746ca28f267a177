package ingest

import (
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Logins lists the ways to log in to Kafka that NewLogin knows.
var Logins = [...]string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}

// NewLogin makes a Connection's SASL. The mechanism is one of Logins, in any case. PLAIN sends the password as it is, so
// it wants TLS.
func NewLogin(mechanism, username, password string) (sasl.Mechanism, error) {
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		return plain.Mechanism{Username: username, Password: password}, nil
	case "SCRAM-SHA-256":
		return scram.Mechanism(scram.SHA256, username, password)
	case "SCRAM-SHA-512":
		return scram.Mechanism(scram.SHA512, username, password)
	}
	return nil, fmt.Errorf("mechanism %q: there are %s", mechanism, strings.Join(Logins[:], ", "))
}
