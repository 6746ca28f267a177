package gateway

import (
	"time"

	formats "tappa/ingest/source/vendor"
)

// vendor is how one vendor's requests are taken in.
type vendor struct {
	format   string                             // of the records; "": CloudEvents
	signed   signature                          // nil: it signs nothing, and a token is needed
	stamp    func(*request) string              // when it says it signed; nil: it does not
	split    func(*request) ([]part, error)     // into events; nil: a body is one
	delivery string                             // the header with an id that stays the same when it tries again
	repeats  bool                               // it tries again with the very same bytes, so that a copy is no attack
	remember time.Duration                      // how long a copy is known as one; 0: a day
	key      func(secret []byte) (string, bool) // checks a secret that must have a form; returns what was expected
}

// vendors are those that sign, or put several events into a body. Of every other format a body is one event, with a token.
var vendors = map[string]vendor{
	"zendesk":  {format: "zendesk", signed: byZendesk, stamp: header("X-Zendesk-Webhook-Signature-Timestamp")},
	"zammad":   {format: "zammad", signed: byZammad, delivery: "X-Zammad-Delivery", repeats: true},
	"chatwoot": {format: "chatwoot", signed: byChatwoot, stamp: header("X-Chatwoot-Timestamp"), delivery: "X-Chatwoot-Delivery"},
	"typeform": {format: "typeform", signed: byTypeform, repeats: true},
	"hubspot": {
		format: "hubspot", signed: byHubSpot, stamp: header("X-HubSpot-Request-Timestamp"), split: splitList,
	},
	"segment": {format: "segment", signed: bySegment, split: splitSegment, repeats: true},
	"mailgun": {format: "mailgun", signed: byMailgun, stamp: func(r *request) string { return mailgunSignature(r).Timestamp }},
	"sendgrid": {
		format: "sendgrid", signed: bySendGrid, stamp: header("X-Twilio-Email-Event-Webhook-Timestamp"), split: splitList,
		key: func(secret []byte) (string, bool) {
			_, ok := publicKey(secret)
			return "the verification key that SendGrid shows, in one line of base64", ok
		},
	},
	"twilio": {format: "twilio", signed: byTwilio, delivery: "I-Twilio-Idempotency-Token", repeats: true},

	"postmark":    {format: "postmark", repeats: true},
	"freshdesk":   {format: "freshdesk", repeats: true},
	"form":        {format: "form", repeats: true, remember: formTwice},
	"cloudevents": {split: splitCloudEvents, repeats: true},
	"mapping":     {repeats: true},
}

// formTwice is how long after a form the same one is a second click rather than a second wish.
const formTwice = 10 * time.Minute

// vendorOf returns the rules of a vendor, or of a format that no vendor signs.
func vendorOf(name string) vendor {
	v, ok := vendors[name]
	if !ok {
		v = vendor{format: name, repeats: true}
	}
	if v.remember == 0 {
		v.remember = 24 * time.Hour
	}
	return v
}

// known says whether there is such a vendor or format.
func known(name string) bool {
	_, ok := vendors[name]
	return ok || formats.Formats[name] != nil
}
