package journey

import "time"

// Journey is a definition: ordered stages, touchpoints, personas, departments with calendars and service levels,
// tagging rules and KPIs. It is loaded from one YAML file by Load and never changes afterwards.
type Journey struct {
	ID             JourneyID
	Labels         Labels
	Version        string // hash of the definition's content: first 12 hex digits of SHA-256
	Location       *time.Location
	DefaultCountry string // ISO 3166-1 alpha-2, for phone numbers without a prefix
	Company        Company
	Case           CasePolicy
	Identity       Identity
	Stages         []Stage
	Channels       []Channel // those that have names
	Touchpoints    []Touchpoint
	Departments    []Department
	Personas       []Persona
	Rules          []Rule
	StopPhrases    []string // phrases that tell nothing of a mood: names of products, slogans
	KPIs           []KPI
	Raw            []byte // the file as read

	program  *program // compiled rules
	warnings Problems
}

// Labels are texts by language: "it", "en". In returns the best there is.
type Labels map[string]string

// CasePolicy says what a case is.
type CasePolicy struct {
	Per      string // "person" (default), "account", "thread"
	Attempts string // "many" (default): an end opens the way to another case; "one": everything is one case
}

// Identity says which contact keys connect nobody, because several people use them.
type Identity struct {
	Shared   []string       // contact keys that are shared
	Personal []string       // contact keys that are not, whatever the limits say
	Limits   map[string]int // by kind of key: with how many keys of one kind it may be seen until it is shared
}

// Forever is a silence that never ends ("silence: never").
const Forever time.Duration = 1<<63 - 1

// Stage is a step of a journey.
type Stage struct {
	ID       StageID
	Labels   Labels
	Activity Labels        // what the customer does and thinks here: the map's second row
	Silence  time.Duration // after which a customer counts as lost, or Forever
	Maturity time.Duration // 0: derived (silence, or p95 of the time to move on)
	Terminal bool          // silence here completes the case
}

// Channel is a medium, and what people call it.
type Channel struct {
	ID     string // as touchpoints and rules have it
	Labels Labels
}

// Touchpoint is where customer and company meet. It is not the channel.
type Touchpoint struct {
	ID         TouchpointID
	Labels     Labels
	Channels   []string
	Stages     []StageID // in journey order
	Department DepartmentID
	MOT        *MOT // set on a moment of truth
}

// MOT holds the thresholds of a moment of truth. A nil bound is not looked at.
type MOT struct {
	Exceeded MOTBounds // expectation exceeded when all given bounds hold
	Met      MOTBounds // met when all given bounds hold, not met otherwise
}

// MOTBounds are upper bounds for wait and loss and a lower bound for net mood (−2 … +2).
type MOTBounds struct {
	Wait *time.Duration // p75 of answered waits
	Mood *float64
	Loss *float64 // 0 … 1
}

// Department owns touchpoints, keeps hours and promises service levels.
type Department struct {
	ID            DepartmentID
	Labels        Labels
	Calendars     []Calendar // by ValidFrom ascending; empty: no business time
	ServiceLevels []ServiceLevel

	schedule *schedule // Calendars made ready by the loader; nil in a Department built by hand
}

// ServiceLevel is a promise, valid for waits asked from ValidFrom on.
type ServiceLevel struct {
	ValidFrom time.Time // zero: always
	Priority  string    // "" is any
	Reply     time.Duration
	Business  bool // measured in business time
}

// Persona is a kind of customer, recognised by a rule.
type Persona struct {
	ID     PersonaID
	Labels Labels
	Role   Labels
	Goal   Labels
	When   string // expr over an interaction
}

// Rule tags interactions: the first whose source, type and condition match decides.
type Rule struct {
	Name       string
	Sources    []Source // empty: any
	Types      []string // empty: any
	When       string   // expr; "" is always
	Touchpoint TouchpointID
	Channel    string  // default: the touchpoint's first channel
	Stage      StageID // fixes the stage; "" leaves the touchpoint's stages
	Outcome    Outcome
	Automatic  bool
}

// KPI names any view's number, with a filter, to be followed over time.
type KPI struct {
	ID     string            `json:"id"`
	Labels Labels            `json:"labels"`
	View   string            `json:"view"`             // "dropoff", "timing", "mood", …
	Metric string            `json:"metric"`           // a column of the view
	Filter map[string]string `json:"filter,omitempty"` // parameters of the view, and key columns
	Target *float64          `json:"target"`
	Better string            `json:"better"` // "up", "down"
}
