package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"tappa/ingest/identity"
	"tappa/ingest/source"
	"tappa/journey"
)

// payload is a mail as an event's data: the fields of source.Email, and what rules may ask for beside.
type payload struct {
	source.Email
	Cc        []string `json:"cc,omitempty"`
	List      string   `json:"list,omitempty"`
	Reason    string   `json:"automatic_reason,omitempty"` // why it is automatic
	Status    string   `json:"bounce_status,omitempty"`
	Certified bool     `json:"certified,omitempty"`
}

// Bounds of what an event keeps of a mail's addresses and ids.
const (
	keptAddresses  = 30
	keptReferences = 20
	maxKey         = 900 // bytes of a Message-ID that serves as id
)

// Format is the name of the format of raw mails, and Origin the system they are of unless another is named: the same for
// topics and files, so that a mail that comes by both is one.
const (
	Format = "rfc5322"
	Origin = "mail"
)

// Read is the source.Format of raw mails.
func Read(raw source.Raw) (source.Event, error) {
	m, err := Parse(raw.Value)
	if err != nil {
		return source.Event{}, source.Malformed("%v", err)
	}
	event, err := m.Event(raw.Settings.Company)
	if raw.Origin == Format {
		event.Origin = Origin
	}
	return event, err
}

// Key identifies a message: its Message-ID, so that copies in several mailboxes are one message; one without is
// known by what it says.
func (m *Message) Key() string {
	if m.ID != "" && len(m.ID) <= maxKey {
		return m.ID
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%v\n%v\n%s\n%d\n%s", m.ID, m.From, m.To, m.Subject, m.Date.UTC().Unix(), m.Text)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Event returns the event that a message is to a company: received if somebody else wrote it, sent if the company did,
// bounced if a mail of the company's did not arrive. It is a *source.Nothing where no customer has part in it: mails
// within the company, and what servers report. An empty Time is left to the caller.
//
// A mail of the company's own to itself whose replies go to somebody else is what web forms send: that somebody wrote it.
func (m *Message) Event(c journey.Company) (source.Event, error) {
	if !c.Known() {
		return source.Event{}, source.Bad("company", "the journey file names no mail domain of the company's, so nobody can tell who wrote this")
	}
	p := payload{
		Email: source.Email{
			MessageID: m.ID, InReplyTo: firstOf(m.InReplyTo), References: keep(m.References, keptReferences),
			Subject: m.Subject, Text: m.Text, Lang: m.Lang, Attachments: m.Attachments, Automatic: m.Automatic != "",
		},
		Cc: emails(m.Cc), List: m.List, Reason: m.Automatic, Certified: m.Certified,
	}
	kind, err := m.parties(&p, &c)
	if err != nil {
		return source.Event{}, err
	}
	return source.Event{ID: m.Key(), Time: m.Date.UTC().Truncate(time.Second), Type: kind, Data: p}, nil
}

// parties fills in who wrote to whom, and returns the event's type.
func (m *Message) parties(p *payload, c *journey.Company) (kind string, err error) {
	ours := func(a Address) bool { return c.Mailbox(normal(a.Email)) }
	theirs := func(a Address) bool { return !ours(a) && identity.Address(a.Email) != "" }
	if m.Bounce != nil {
		return "email.bounced", m.bouncedTo(p, ours)
	}
	if len(m.From) == 0 {
		return "", source.Bad("From", "missing, expected who wrote")
	}
	from := m.From[0]
	if server(m.From) || m.Automatic == "receipt" {
		return "", nothing("report of a mail server")
	}
	if !ours(from) {
		p.From, p.To = from.Email, m.recipients(ours)
		p.Customer.Name = from.Name
		return "email.received", nil
	}
	p.Agent = from.Name
	if p.Agent == "" {
		p.Agent = from.Email
	}
	to := append(append([]Address{}, m.To...), m.Cc...)
	for i, a := range to {
		if theirs(a) {
			p.From, p.Customer.Name = from.Email, a.Name
			to[0], to[i] = to[i], to[0]
			p.To = emails(to)
			return "email.sent", nil
		}
	}
	for _, a := range m.ReplyTo {
		if theirs(a) {
			p.From, p.To, p.Customer.Name, p.Agent = a.Email, m.recipients(ours), a.Name, ""
			p.Automatic, p.Reason = false, ""
			return "email.received", nil
		}
	}
	return "", nothing("mail within the company")
}

// bouncedTo fills in whose mail did not reach whom.
func (m *Message) bouncedTo(p *payload, ours func(Address) bool) error {
	b := m.Bounce
	if b.Recipient == "" || ours(Address{Email: b.Recipient}) {
		return nothing("bounce that names no customer")
	}
	p.Status = b.Status
	p.To = []string{b.Recipient}
	for _, a := range append(append([]Address{}, b.Original.From...), m.To...) {
		if ours(a) {
			p.From = a.Email
			return nil
		}
	}
	if len(m.To) == 0 {
		return nothing("bounce that names no mail of the company's")
	}
	p.From = m.To[0].Email
	return nil
}

func nothing(detail string) error {
	return &source.Nothing{Kind: source.NothingHappened, Detail: detail}
}

// recipients lists whom a mail was to, the company's mailbox first: it tells touchpoints apart.
func (m *Message) recipients(ours func(Address) bool) []string {
	all := append(append([]Address{}, m.To...), m.Cc...)
	for _, d := range m.Delivered {
		if a := (Address{Email: d}); len(m.To) == 0 || ours(a) {
			all = append(all, a)
		}
	}
	for i, a := range all {
		if ours(a) {
			all[0], all[i] = all[i], all[0]
			break
		}
	}
	return emails(all)
}

// emails returns the bare addresses, each once.
func emails(list []Address) []string {
	var out []string
	seen := map[string]bool{}
	for _, a := range list {
		if key := normal(a.Email); !seen[key] && len(out) < keptAddresses {
			seen[key] = true
			out = append(out, a.Email)
		}
	}
	return out
}

// normal returns an address as it is compared.
func normal(email string) string {
	if a := identity.Address(email); a != "" {
		return a
	}
	return strings.ToLower(email)
}

// keep returns the first id and the last ones, n in all.
func keep(ids []string, n int) []string {
	if len(ids) <= n {
		return ids
	}
	return append(ids[:1:1], ids[len(ids)-n+1:]...)
}
