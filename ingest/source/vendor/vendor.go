// Package vendor reads records as vendors send them: webhooks of help desks, mail services, form builders, telephone
// services, put on Kafka unchanged. Each format turns one record into one event of tappa's (source.Event), whose data
// keeps what the vendor said as "vendor". It checks no signatures: that was done before the record got onto Kafka.
//
// Formats are written to last. What a vendor adds is ignored, what it leaves out is empty, and a number where text
// was is that number's text; only what an interaction cannot do without makes a record an error.
package vendor

import (
	"tappa/ingest/asterisk"
	"tappa/ingest/mail"
	"tappa/ingest/source"
)

// Formats are the formats by name, as the header source.HeaderFormat and topics name them.
var Formats = map[string]source.Format{
	"form":      readForm,
	"zendesk":   readZendesk,
	"freshdesk": readFreshdesk,
	"zammad":    readZammad,
	"chatwoot":  readChatwoot,
	"typeform":  readTypeform,
	"hubspot":   readHubSpot,
	"segment":   readSegment,
	"mailgun":   readMailgun,
	"sendgrid":  readSendGrid,
	"postmark":  readPostmark,
	"twilio":    readTwilio,

	mail.Format: mail.Read,

	"asterisk-cdr":       asterisk.CDR,
	"asterisk-cel":       asterisk.CEL,
	"asterisk-queue-log": asterisk.QueueLog,
}
