package suitecrm

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"tappa/ingest/source"
	"tappa/journey"
)

// Settings say how a SuiteCRM is read.
type Settings struct {
	// Origin names the CRM: the events' source, and what stands before its ids in contact keys. Default "suitecrm".
	Origin string

	// Currency is the CRM's base currency, in which values are told. Default "EUR".
	Currency string

	// Phones are the columns of leads and contacts whose numbers are one person's own. Default phone_mobile and phone_home:
	// phone_work is often a switchboard, and would make one person of everybody behind it.
	Phones []string

	// Companies also tells what concerns a company beside its people, for journeys per account.
	Companies bool

	// NoAudit reads changes of a status from the rows themselves, for a connector that does not capture the audit tables.
	NoAudit bool

	// KeepDeleted lets what was told of a record stand when a user deletes it.
	KeepDeleted bool
}

func (s Settings) withDefaults() Settings {
	if s.Origin == "" {
		s.Origin = "suitecrm"
	}
	if s.Currency == "" {
		s.Currency = "EUR"
	}
	if len(s.Phones) == 0 {
		s.Phones = []string{"phone_mobile", "phone_home"}
	}
	return s
}

// Fate is what became of a change.
type Fate string

// Every fate there is. A change that was used need not have made an event: it may wait for another one.
const (
	Used    Fate = "used"
	Deleted Fate = "deleted" // the row is gone, or marked so
	Other   Fate = "other"   // of a table that is not read
	Empty   Fate = "empty"   // no row in it: tombstones, changes of the schema, heartbeats
)

// Fates lists every fate, so that a metric can show those that never happened.
var Fates = [...]Fate{Used, Deleted, Other, Empty}

// desk makes events of changes. What it knows only grows, and an event is made of facts that do not change, as soon as all
// of them are there; so the events of a set of changes are the same in whatever order those came, and however often. It is
// not safe for concurrent use.
type desk struct {
	Settings
	parser fastjson.Parser

	joints    map[string]*joint    // by table and id: "calls/4f1c"
	mails     map[string]*mail     // by id of emails
	addresses map[string]*address  // by id of email_addresses
	questions map[string]*question // by id of surveyquestions
	leads     map[string]*webLead  // by id of leads
	statuses  map[string]string    // last seen of a row; only without audit tables
	made      map[[16]byte]struct{}

	out  []source.Event
	tell map[string]int64 // events made, by type
}

func newDesk(s Settings) *desk {
	return &desk{
		Settings: s.withDefaults(), joints: map[string]*joint{}, mails: map[string]*mail{}, addresses: map[string]*address{},
		questions: map[string]*question{}, leads: map[string]*webLead{}, statuses: map[string]string{},
		made: map[[16]byte]struct{}{}, tell: map[string]int64{},
	}
}

// maxRecord is the largest change that is read, in bytes.
const maxRecord = 32 << 20

// largeRecord is where a parser's memory stops being worth keeping, in bytes.
const largeRecord = 1 << 20

// take takes in one record. The events it completes are in out afterwards. An error is a *source.Error, and then nothing
// was taken in.
func (d *desk) take(rec source.Record) (Fate, error) {
	if len(rec.Value) > largeRecord {
		defer func() { d.parser = fastjson.Parser{} }()
	}
	c, err := readChange(&d.parser, rec, maxRecord)
	switch {
	case err != nil:
		return "", err
	case c == nil || c.op == "t" || c.op == "m":
		return Empty, nil
	}
	read, known := tables[c.table]
	switch {
	case !known:
		return Other, nil
	case !c.row.there():
		return Deleted, nil
	}
	gone := c.op == opDelete || c.row.flag("deleted")
	stands := !d.KeepDeleted && withdrawable[c.table] // for what happened, so that a deleted one did not
	if id := c.row.id(keyOf(c.table)); id == "" && c.err == nil {
		c.row.fail(keyOf(c.table), "missing")
	}
	if gone || c.err != nil {
		if c.err == nil && c.op != opDelete && stands {
			d.withdraw(c.table+"/"+c.row.id("id"), c.touched())
		}
		return Deleted, asError(c.err)
	}
	steps := read(d, c)
	if c.err != nil {
		return "", c.err
	}
	for _, step := range steps {
		step()
	}
	if stands {
		d.restore(c.table+"/"+c.row.id("id"), c.touched())
	}
	return Used, nil
}

// asError keeps a nil *source.Error from becoming an error that is not nil.
func asError(e *source.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// steps are what a table's reader does with what it has read, once all of it was fit to use.
type steps []func()

// party is somebody whom something in the CRM concerns.
type party struct {
	kind string // lead, contact, prospect; account: a company that stands for itself; company: one beside its people
	id   string
}

func (p party) person() bool { return p.kind == "lead" || p.kind == "contact" || p.kind == "prospect" }

// customer is a party as events name it.
func (d *desk) customer(p party) source.Party {
	id := d.Origin + "/" + p.id
	if p.person() {
		return source.Party{CRM: id}
	}
	return source.Party{CRM: id, Account: id}
}

// lone is a party of what is told of nobody else.
func (d *desk) lone(p party) witness { return witness{party: p, who: d.customer(p)} }

// happening is something that happened to a record of the CRM, to be told of everybody whom the record concerns.
type happening struct {
	id   string // unique without the party
	typ  string
	at   time.Time
	data func(w witness) any
}

// witness is one of those whom a record concerns, as an event about it needs to know.
type witness struct {
	party
	who   source.Party
	worth float64 // of the record
}

// joint is where what happened to a record meets those whom the record concerns.
type joint struct {
	happenings []happening
	parties    []party
	followers  []string // records that concern the same parties: a call under an opportunity
	valued     bool
	worth      float64 // of the record, in its first row
	withdrawn  bool    // a user deleted the record: what is told of it is taken back
	lives      lives   // of a record that was deleted
}

// lives are the times when a user deleted a record, and restored it: what is told of it is told again then, as other events.
type lives struct {
	restored   int32
	gone, back int64 // when it was last changed so, in seconds since 1970; 0: never, or not told
}

func (d *desk) joint(key string) *joint {
	j := d.joints[key]
	if j == nil {
		j = &joint{}
		d.joints[key] = j
	}
	return j
}

// happened adds what happened to a record.
func (d *desk) happened(key string, h happening) {
	j := d.joint(key)
	if slices.ContainsFunc(j.happenings, func(x happening) bool { return x.id == h.id }) {
		return
	}
	j.happenings = append(j.happenings, h)
	for _, p := range j.parties {
		d.report(j, h, p)
	}
}

// worth notes what the first row of a record says it is worth. The row comes before anybody it concerns, since it names
// them or what to follow.
func (d *desk) worth(key string, worth float64) {
	if j := d.joint(key); !j.valued {
		j.valued, j.worth = true, worth
	}
}

// concerns adds somebody whom a record concerns.
func (d *desk) concerns(key string, p party) {
	if p.id == "" {
		return
	}
	j := d.joint(key)
	if slices.Contains(j.parties, p) {
		return
	}
	j.parties = append(j.parties, p)
	for _, h := range j.happenings {
		d.report(j, h, p)
	}
	for _, f := range j.followers {
		d.concerns(f, p)
	}
}

// follow makes a record concern everybody whom another one concerns.
func (d *desk) follow(leader, follower string) {
	j := d.joint(leader)
	if slices.Contains(j.followers, follower) {
		return
	}
	j.followers = append(j.followers, follower)
	for _, p := range slices.Clone(j.parties) {
		d.concerns(follower, p)
	}
}

// report makes the event of a happening for one party, and takes back what was or would have been told before the record was
// deleted; so it is all the same whether a happening comes before that or after.
func (d *desk) report(j *joint, h happening, p party) {
	if p.kind == "company" && !d.Companies {
		return
	}
	data := h.data(witness{p, d.customer(p), j.worth})
	id := h.id + "/" + p.id
	for life := int32(0); life <= j.lives.restored; life++ {
		if life > 0 {
			id = fmt.Sprintf("%s/%s/restored-%d", h.id, p.id, life) // what was taken back stays so
		}
		d.make(id, h.typ, h.at, data)
		if j.withdrawn || life < j.lives.restored {
			d.retract(id, h, data)
		}
	}
}

// withdraw takes back what happened to a record, told or still to be told, of everybody: somebody deleted it.
func (d *desk) withdraw(key string, at int64) {
	j := d.joint(key)
	if j.withdrawn {
		j.lives.gone = max(j.lives.gone, at)
		return
	}
	if j.lives.back > 0 && at <= j.lives.back {
		return // a copy of a row that was restored since
	}
	j.withdrawn, j.lives.gone = true, at
	d.reportAll(j)
}

// restore tells anew what happened to a record that somebody deleted, and restored after that. A row that is no later than the
// deleted one is a copy of what had been before.
func (d *desk) restore(key string, at int64) {
	j := d.joints[key]
	if j == nil || !j.withdrawn || j.lives.gone == 0 || at <= j.lives.gone {
		return
	}
	j.withdrawn, j.lives.back = false, at
	j.lives.restored++
	d.reportAll(j)
}

func (d *desk) reportAll(j *joint) {
	for _, h := range j.happenings {
		for _, p := range j.parties {
			d.report(j, h, p)
		}
	}
}

// touched is when the row was last changed, in seconds since 1970, as far as it says; a time that cannot be read is none, 0.
func (c *change) touched() int64 {
	before := c.err
	at := c.row.time("date_modified")
	c.err = before
	return max(0, at.Unix())
}

// retract makes the event that takes back the one of a happening for one party, of the same customer, ticket and thread.
func (d *desk) retract(id string, h happening, data any) {
	var back source.Retraction
	if text, err := json.Marshal(data); err == nil {
		_ = json.Unmarshal(text, &back) // payloads call them alike
	}
	back.Interaction, back.Reason = id, "deleted in the CRM"
	d.make(journey.RetractedID(back.Interaction), journey.Retracted, h.at, back)
}

// make makes an event, once.
func (d *desk) make(id, typ string, at time.Time, data any) {
	sum := sha256.Sum256([]byte(id))
	mark := [16]byte(sum[:16])
	if _, again := d.made[mark]; again {
		return
	}
	d.made[mark] = struct{}{}
	d.tell[typ]++
	d.out = append(d.out, source.Event{ID: id, Origin: d.Origin, Type: typ, Time: at, Data: data})
}

// drain returns the events made since it was called last.
func (d *desk) drain() []source.Event {
	out := d.out
	d.out = nil
	return out
}

// when is the first of a row's times that is there. A time after the row was last touched, a call planned for tomorrow that
// somebody marked as held today, is taken for the touch.
func (c *change) when(columns ...string) time.Time {
	touched := c.row.time("date_modified")
	for _, name := range columns {
		at := c.row.time(name)
		if at.IsZero() {
			continue
		}
		if !touched.IsZero() && at.After(touched) {
			return touched
		}
		return at
	}
	if touched.IsZero() && c.err == nil {
		c.row.fail(columns[0], "no time, and none in %s", strings.Join(append(columns[1:], "date_modified"), ", "))
	}
	return touched
}

// fresh says whether the row is as it was made, so that its status is the one it began with. A snapshot shows rows as they
// are now; one that was never touched since is fresh all the same.
func (c *change) fresh() bool {
	if c.op == opCreate {
		return true
	}
	made, touched := c.row.time("date_entered"), c.row.time("date_modified")
	return !made.IsZero() && touched.Sub(made).Abs() <= 2*time.Second
}

// name is how a person is called.
func (r row) name() string {
	return strings.TrimSpace(plain(r.text("first_name")) + " " + plain(r.text("last_name")))
}
