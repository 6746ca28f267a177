package suitecrm

import (
	"time"

	"tappa/ingest/identity"
	"tappa/ingest/source"
)

// mail is what is known of a mail until its two rows, of emails and of emails_text, are there. Texts are dropped then.
type mail struct {
	row         *mailRow
	first, last *mailText
	drafted     bool // written in the CRM: the text last written is what was sent
	archived    bool // nobody knows who wrote to whom
	done        bool
}

// text is what the mail said, nil if that has not come.
func (m *mail) text() *mailText {
	if m.drafted {
		return m.last
	}
	return m.first
}

// mailRow is what table emails says of a mail that was sent or received.
type mailRow struct {
	typ                  string // of the event
	at                   time.Time
	subject, agent       string
	automatic            bool
	messageID            string
	parentType, parentID string
}

// mailText is what table emails_text says: who wrote what to whom.
type mailText struct {
	from, text string
	to         []string
}

// email is a mail with what SuiteCRM knows besides. Its message id is no thread: which mail answers which is not kept, so
// that any mail to somebody answers what they asked by mail.
type email struct {
	source.Email
	MailID     string `json:"mail_id,omitempty"` // not named as the payload's own, which would be a thread
	ParentType string `json:"parent_type,omitempty"`
	ParentID   string `json:"parent_id,omitempty"`
	Record     string `json:"record"`
}

// mailTypes are the types of mails that tell who wrote to whom. A draft was not sent, and of an archived mail nobody knows
// the direction.
var mailTypes = map[string]string{"inbound": "email.received", "out": "email.sent", "campaign": "email.sent"}

func (d *desk) mailOf(id string) *mail {
	m := d.mails[id]
	if m == nil {
		m = &mail{}
		d.mails[id] = m
	}
	return m
}

// readEmail reads emails.
func readEmail(d *desk, c *change) steps {
	id, typ := c.row.id("id"), mailTypes[c.row.text("type")]
	if c.row.text("type") == "archived" {
		return steps{func() {
			if m := d.mailOf(id); !m.done {
				*m = mail{done: true, archived: true}
			}
		}}
	}
	switch c.row.text("status") {
	case "draft", "send_error":
		typ = ""
	}
	if typ == "" {
		return steps{func() { d.mailOf(id).drafted = true }}
	}
	row := &mailRow{
		typ: typ, at: c.when("date_sent_received", "date_sent", "date_entered"), subject: plain(c.row.text("name")),
		agent: c.row.text("assigned_user_id"), automatic: c.row.text("type") == "campaign", messageID: plain(c.row.text("message_id")),
		parentType: c.row.text("parent_type"), parentID: c.row.id("parent_id"),
	}
	return steps{func() {
		if m := d.mailOf(id); !m.done && m.row == nil {
			m.row = row
			d.mailed(id, m)
		}
	}}
}

// readEmailText reads emails_text.
func readEmailText(d *desk, c *change) steps {
	id := c.row.id("email_id")
	text := &mailText{from: plain(c.row.text("from_addr")), to: addresses(plain(c.row.text("to_addrs"))), text: plain(c.row.text("description"))}
	if text.text == "" {
		text.text = plain(c.row.text("description_html"))
	}
	text.text = cut(text.text, maxText)
	return steps{func() {
		if m := d.mailOf(id); !m.done {
			if m.last = text; m.first == nil {
				m.first = text
			}
			d.mailed(id, m)
		}
	}}
}

// mailed tells of a mail whose two rows are there. One that can be told of nobody waits.
func (d *desk) mailed(id string, m *mail) {
	text := m.text()
	if m.row == nil || text == nil {
		return
	}
	base := email{
		Email: source.Email{
			From: text.from, To: text.to, Subject: m.row.subject, Text: text.text, Automatic: m.row.automatic, Agent: m.row.agent,
		},
		MailID: m.row.messageID, ParentType: m.row.parentType, ParentID: m.row.parentID, Record: id,
	}
	if base.From == "" {
		base.From = "unknown" // the payload wants somebody
	}
	told := false
	if m.row.typ == "email.received" {
		told = d.received(id, m.row, base)
	} else {
		told = d.sent(id, m.row, base)
	}
	if told {
		*m = mail{done: true}
	}
}

// received tells of a mail by its sender. Without an address it is its parent's, if that is a person.
func (d *desk) received(id string, row *mailRow, e email) bool {
	if identity.Address(e.From) == "" {
		if personModules[row.parentType] == "" || row.parentID == "" {
			return false
		}
		e.Customer.CRM = d.Origin + "/" + row.parentID
	}
	d.make("emails/"+id, row.typ, row.at, e)
	return true
}

// sent tells of a mail to each who got it. Without an address that is its parent, if that is a person.
func (d *desk) sent(id string, row *mailRow, e email) (told bool) {
	for _, to := range e.To {
		if address := identity.Address(to); address != "" {
			one := e
			one.To, told = []string{to}, true
			d.make("emails/"+id+"/"+address, row.typ, row.at, one)
		}
	}
	if told || personModules[row.parentType] == "" || row.parentID == "" {
		return told
	}
	e.To, e.Customer.CRM = nil, d.Origin+"/"+row.parentID
	d.make("emails/"+id+"/"+row.parentID, row.typ, row.at, e)
	return true
}
