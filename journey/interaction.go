package journey

import (
	"encoding/json"
	"strings"
	"time"
)

// Source is the kind of system an interaction came from. It is not the system itself (that is Interaction.Origin)
// and not the channel (that is a property of the tag).
type Source string

// The kinds of source tappa knows.
const (
	SourceForm   Source = "form"
	SourceEmail  Source = "email"
	SourceCall   Source = "call"
	SourceTicket Source = "ticket"
	SourceReview Source = "review"
	SourceOrder  Source = "order"
	SourceQuote  Source = "quote"
	SourceWeb    Source = "web"
	SourceCRM    Source = "crm"

	SourceMeeting Source = "meeting"
	SourceSurvey  Source = "survey"
	SourcePayment Source = "payment"
	SourceAd      Source = "ad"

	// SourceRetraction is of what takes an interaction back. No rule sees it.
	SourceRetraction Source = "interaction"
)

// Retracted is the type of what takes back an interaction of the same origin and the same person, or thread: that one does not count,
// whichever of the two came first. Its id is RetractedID of the other's.
const Retracted = "interaction.retracted"

// RetractedID is the id of what takes back the interaction with an id.
func RetractedID(id string) string { return "retracted/" + id }

// RetractedOf is the id of the interaction that the one with an id takes back, if its id is a RetractedID.
func RetractedOf(id string) (of string, ok bool) { return strings.CutPrefix(id, RetractedID("")) }

// Direction says who addressed whom.
type Direction string

// The three directions. Inbound is customer to company; outbound is company to customer; internal is seen by the
// company only (a status change, a note).
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
	Internal Direction = "internal"
)

// ContactKey is a normalised identifier seen on an interaction, written "kind:value": "email:anna@example.com",
// "phone:+39021234567", "crm:suite/1a2b", "cookie:9f3c", "ticket:zendesk/12". Package ingest/identity makes them.
type ContactKey string

// AccountKey is the company a person buys for, written "account:example.com" or "account:crm/17"; empty for none.
type AccountKey string

// Names of things of a journey file.
type (
	// StageID names a stage.
	StageID string
	// TouchpointID names a touchpoint.
	TouchpointID string
	// DepartmentID names a department.
	DepartmentID string
	// PersonaID names a persona.
	PersonaID string
	// JourneyID names a journey.
	JourneyID string
)

// Interaction is one thing a customer or the company did, at a time: an immutable fact. (Origin, ID) identifies it;
// two records with the same pair are the same interaction, whatever else differs.
type Interaction struct {
	Origin     string    // the system it came from: CloudEvents "source"
	ID         string    // unique within Origin: CloudEvents "id"
	Source     Source    // kind of system
	Type       string    // what happened, by tappa's vocabulary: "form.submitted", "email.received", "call.missed"
	Activity   string    // what happened, in the source's own words; Type where the source has none
	OccurredAt time.Time // UTC, milliseconds
	Direction  Direction
	Thread     string // the conversation it belongs to, namespaced by the source; "" where there is none

	Keys    []ContactKey // normalised, strongest first, never empty
	Account AccountKey

	Automatic bool   // sent by a machine: auto reply, notification, bounce
	Public    bool   // the customer could see it; an internal note is not public
	Held      bool   // a call or meeting that took place; a missed or abandoned call is not held
	Solved    bool   // sets its thread to solved
	Agent     string // who acted for the company, if anybody

	From     string // address or number as given
	To       string // mailbox, number called, form or page: what tells touchpoints on one channel apart
	Subject  string
	Text     string // what was written or said, uncut
	Lang     string // ISO 639-1 as stated by the source, "" if unstated
	Priority string
	Value    float64 // money at stake, in Currency
	Currency string
	Rating   *Rating

	Payload json.RawMessage // the source's own data, unknown fields included; JSON object
}

// Rating is what a customer stated about satisfaction, kept apart from mood.
type Rating struct {
	Kind  string  `json:"kind"` // "csat", "nps", "ces", "stars"
	Score float64 `json:"score"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

// Position is a record's place in Kafka.
type Position struct {
	Topic     string
	Partition int
	Offset    int64
}

// Tag is what the journey file says about an interaction. The zero Tag is "unmapped".
type Tag struct {
	Journey    JourneyID
	Version    string // definition hash of the journey file that decided
	Rule       string // name of the rule that matched; "" is unmapped
	Touchpoint TouchpointID
	Channel    string
	Department DepartmentID
	Persona    PersonaID // persona the interaction reveals, "" if none
	Stages     []StageID // candidate stages in journey order; one if the rule fixes it; none if it belongs to no stage
	Outcome    Outcome
	Automatic  bool // the rule, or the interaction itself, says it was a machine
}

// Outcome is what an interaction decides about its case.
type Outcome string

// The outcomes a rule can give. The empty Outcome decides nothing.
const (
	NoOutcome Outcome = ""
	Won       Outcome = "won"  // the case is completed
	Lost      Outcome = "lost" // the case is lost, explicitly
)

// Mood is how what the customer wrote was scored. The zero Mood is "not eligible".
type Mood struct {
	Eligible   bool    // customer-written text that could be scored
	Label      string  // "negative", "neutral", "positive", "mixed"; "" is not scored
	Score      float64 // -1 … 1
	Emotion    string  // "satisfaction", "impatience", …; "none"
	Lang       string  // ISO 639-1
	Confidence float64 // 0 … 1
	Model      string  // name and version of the scorer
}

// Record is an interaction on its way to storage: tagged, scored, and knowing where it came from.
type Record struct {
	Interaction Interaction
	Tag         Tag
	Mood        Mood
	Position    Position
}
