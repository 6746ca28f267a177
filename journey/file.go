package journey

// The YAML form of a journey file. Field descriptions are what editors show (see Schema); the loader turns this form
// into a Journey and says what is wrong with it. Empty fields are left out of the canonical form that Version hashes,
// so an optional field can be added here without changing the version of files that do not use it.

type journeyFile struct {
	Journey        string           `json:"journey"                   jsonschema:"required,pattern=^[a-z0-9][a-z0-9_-]*$" jsonschema_description:"Id of the journey. It names the journey in every table and command, so it should never change."`
	Labels         labelsFile       `json:"labels"                    jsonschema:"required"                               jsonschema_description:"The journey's name, by language."`
	TimeZone       string           `json:"time_zone"                 jsonschema:"required,example=Europe/Rome"           jsonschema_description:"IANA time zone in which days, months and opening hours are cut."`
	DefaultCountry string           `json:"default_country,omitempty" jsonschema:"pattern=^[A-Z]{2}$,example=IT"          jsonschema_description:"Country (ISO 3166-1 alpha-2) of phone numbers written without a prefix."`
	Company        companyFile      `json:"company,omitzero"                                                              jsonschema_description:"What is the company's own in mail and on the telephone, so that raw mails and call records tell who the customer is."`
	Case           caseFile         `json:"case,omitzero"                                                                 jsonschema_description:"What counts as one run through the journey."`
	Identity       identityFile     `json:"identity,omitzero"                                                             jsonschema_description:"Which contact keys several people use, so that they connect nobody."`
	Stages         []stageFile      `json:"stages"                    jsonschema:"required,minItems=1"                    jsonschema_description:"The stages, in the order a customer goes through them."`
	Departments    []departmentFile `json:"departments,omitempty"                                                         jsonschema_description:"Who owns touchpoints, with opening hours and promises."`
	Channels       []channelFile    `json:"channels,omitempty"                                                            jsonschema_description:"What people call the channels of touchpoints. A channel that is not here is shown by its word."`
	Touchpoints    []touchpointFile `json:"touchpoints"               jsonschema:"required,minItems=1"                    jsonschema_description:"Where customer and company meet. Not the channel: five phone numbers are five touchpoints on one channel."`
	Personas       []personaFile    `json:"personas,omitempty"                                                            jsonschema_description:"Kinds of customer. The first whose condition holds is the one an interaction reveals."`
	Rules          []ruleFile       `json:"rules,omitempty"                                                               jsonschema_description:"Tagging rules, in order: the first whose source, type and condition match decides."`
	Mood           moodFile         `json:"mood,omitzero"                                                                 jsonschema_description:"What the mood of texts goes by, beyond the scorer's own knowledge."`
	KPIs           []kpiFile        `json:"kpis,omitempty"                                                                jsonschema_description:"Numbers to follow over time."`
}

// labelsFile maps a language to a text.
type labelsFile map[string]string

type companyFile struct {
	Domains   stringList `json:"domains,omitempty"   jsonschema:"example=example.com"       jsonschema_description:"Mail domains; those below them are the company's too."`
	Mailboxes stringList `json:"mailboxes,omitempty" jsonschema:"example=acme@gmail.com"    jsonschema_description:"Further mail addresses of the company's."`
	Numbers   stringList `json:"numbers,omitempty"   jsonschema:"example=+39052194*"        jsonschema_description:"Telephone numbers and extensions as the telephone system writes them; * stands for any characters, ? for one. Default: whatever has at most five digits."`
	Inbound   stringList `json:"inbound,omitempty"   jsonschema:"example=from-trunk*"       jsonschema_description:"Dialplan contexts in which calls of customers arrive."`
	Outbound  stringList `json:"outbound,omitempty"  jsonschema:"example=from-internal"     jsonschema_description:"Dialplan contexts in which the company calls out."`
}

type caseFile struct {
	Per      string `json:"per,omitempty"      jsonschema:"enum=person,enum=account,enum=thread" jsonschema_description:"Whose run a case is: a person's (default), a company's, or a conversation's (a ticket)."`
	Attempts string `json:"attempts,omitempty" jsonschema:"enum=many,enum=one"                   jsonschema_description:"many (default): what comes after an end is another attempt. one: everything is one case."`
}

type identityFile struct {
	Shared   []string       `json:"shared,omitempty"   jsonschema:"example=phone:+390212345678" jsonschema_description:"Contact keys that several people use (a switchboard, a front desk's mailbox), written KIND:VALUE as tappa shows them."`
	Personal []string       `json:"personal,omitempty" jsonschema:"example=phone:+393331234567" jsonschema_description:"Contact keys that one person uses, whatever the limits say."`
	Limits   map[string]int `json:"limits,omitempty"                                            jsonschema_description:"By kind of key (crm, email, phone, ticket, cookie, other), from 1 to 250: a key that was seen together with more mail addresses, more phone numbers, or five times as many CRM ids is shared. Default: crm 25, email 5, phone 2, ticket 5, other 5, cookie 2."`
}

type stageFile struct {
	ID       string     `json:"id"                 jsonschema:"required,pattern=^[a-z0-9][a-z0-9_-]*$" jsonschema_description:"Id of the stage."`
	Labels   labelsFile `json:"labels"             jsonschema:"required"                               jsonschema_description:"The stage's name, by language."`
	Activity labelsFile `json:"activity,omitempty"                                                     jsonschema_description:"What the customer does and thinks here, by language."`
	Silence  string     `json:"silence"            jsonschema:"required,example=30d,example=never"     jsonschema_description:"After this long without a sign of life the customer counts as lost (as done, in a terminal stage): 90m, 36h, 30d, 2w, never."`
	Maturity string     `json:"maturity,omitempty" jsonschema:"example=45d"                            jsonschema_description:"Entries younger than this stay out of the headline drop-off. Default: the silence, or the p95 of the time to move on where that is longer."`
	Terminal bool       `json:"terminal,omitempty"                                                     jsonschema_description:"Silence here completes the case; it does not lose it."`
}

type departmentFile struct {
	ID            string             `json:"id"                       jsonschema:"required,pattern=^[a-z0-9][a-z0-9_-]*$" jsonschema_description:"Id of the department."`
	Labels        labelsFile         `json:"labels"                   jsonschema:"required"                               jsonschema_description:"The department's name, by language."`
	Calendars     []calendarFile     `json:"calendars,omitempty"                                                          jsonschema_description:"Opening hours, one entry for each time they changed. Without any, business time is unknown (never zero)."`
	ServiceLevels []serviceLevelFile `json:"service_levels,omitempty"                                                     jsonschema_description:"How soon the department promises to answer."`
}

type calendarFile struct {
	ValidFrom string                `json:"valid_from,omitempty" jsonschema:"format=date"        jsonschema_description:"First day of these hours. Only the earliest calendar may leave it out: it then holds from the beginning of time."`
	TimeZone  string                `json:"time_zone,omitempty"  jsonschema:"example=Europe/Rome" jsonschema_description:"Time zone of the hours. Default: the journey's."`
	Country   string                `json:"country,omitempty"    jsonschema:"example=IT"          jsonschema_description:"Closed on this country's public holidays (ISO 3166-1 alpha-2)."`
	Closed    []string              `json:"closed,omitempty"                                      jsonschema_description:"Further closing days, 2026-08-14, or every year 12-07 (the patron saint's day)."`
	Hours     map[string]stringList `json:"hours"                jsonschema:"required"            jsonschema_description:"Opening hours by day or span of days (mon-fri, sat, \"mon,wed\"): one or more \"08:30-12:30\". \"22:00-02:00\" passes midnight and belongs to the day it begins."`
}

type serviceLevelFile struct {
	Priority  string `json:"priority,omitempty"   jsonschema:"example=high"                   jsonschema_description:"Only for this priority. Left out: for every priority without a promise of its own."`
	Reply     string `json:"reply"                jsonschema:"required,example=8h"            jsonschema_description:"Answered within this long."`
	Clock     string `json:"clock,omitempty"      jsonschema:"enum=calendar,enum=business"    jsonschema_description:"business: only opening hours count. calendar (default): all time counts."`
	ValidFrom string `json:"valid_from,omitempty" jsonschema:"format=date"                    jsonschema_description:"For what was asked from this day on; earlier requests keep the promise of their time."`
}

type channelFile struct {
	ID     string     `json:"id"     jsonschema:"required,example=phone" jsonschema_description:"The word that touchpoints list under channels."`
	Labels labelsFile `json:"labels" jsonschema:"required"               jsonschema_description:"The channel's name, by language."`
}

type touchpointFile struct {
	ID         string     `json:"id"                        jsonschema:"required,pattern=^[a-z0-9][a-z0-9_-]*$" jsonschema_description:"Id of the touchpoint."`
	Labels     labelsFile `json:"labels"                    jsonschema:"required"                               jsonschema_description:"The touchpoint's name, by language."`
	Channels   []string   `json:"channels"                  jsonschema:"required,minItems=1,example=phone"      jsonschema_description:"The media it is reached by; the first is the default: phone, email, web, chat, post, in person."`
	Stages     []string   `json:"stages,omitempty"                                                              jsonschema_description:"The stages it belongs to, in journey order. An interaction counts for the first of them that is not before the case's current stage. Without any, it moves no case."`
	Department string     `json:"department,omitempty"                                                          jsonschema_description:"The department that owns it."`
	MOT        *motFile   `json:"moment_of_truth,omitempty"                                                     jsonschema_description:"Set on a touchpoint that decides: when is the customer's expectation met, when exceeded?"`
}

type motFile struct {
	Exceeded boundsFile `json:"exceeded,omitzero" jsonschema_description:"The expectation is exceeded when all of these hold."`
	Met      boundsFile `json:"met,omitzero"      jsonschema_description:"The expectation is met when all of these hold, and not met otherwise."`
}

type boundsFile struct {
	Wait string   `json:"wait,omitempty" jsonschema:"example=8h"           jsonschema_description:"At most: p75 of answered waits."`
	Mood *float64 `json:"mood,omitempty" jsonschema:"minimum=-2,maximum=2" jsonschema_description:"At least: net mood, from −2 to +2."`
	Loss *float64 `json:"loss,omitempty" jsonschema:"minimum=0,maximum=1"  jsonschema_description:"At most: share of cases lost after it."`
}

type personaFile struct {
	ID     string     `json:"id"             jsonschema:"required,pattern=^[a-z0-9][a-z0-9_-]*$" jsonschema_description:"Id of the persona."`
	Labels labelsFile `json:"labels"         jsonschema:"required"                               jsonschema_description:"The persona's name, by language."`
	Role   labelsFile `json:"role,omitempty"                                                     jsonschema_description:"What they do in their company or life."`
	Goal   labelsFile `json:"goal,omitempty"                                                     jsonschema_description:"What they want from the journey."`
	When   string     `json:"when"           jsonschema:"required"                               jsonschema_description:"Condition over an interaction that gives this persona away."`
}

type ruleFile struct {
	Name       string     `json:"name"                 jsonschema:"required"              jsonschema_description:"Name of the rule, shown wherever an interaction's tag is explained."`
	Source     stringList `json:"source,omitempty"                                        jsonschema_description:"Kinds of source it looks at: form, email, call, ticket, review, order, quote, web, crm, meeting, survey, payment, ad. Left out: any."`
	Type       stringList `json:"type,omitempty"       jsonschema:"example=email.received" jsonschema_description:"Types it looks at. Left out: any."`
	When       string     `json:"when,omitempty"                                          jsonschema_description:"Condition, for example: to == \"sales@example.com\" && has(subject, \"preventivo\", \"quote\")."`
	Touchpoint string     `json:"touchpoint"           jsonschema:"required"              jsonschema_description:"The touchpoint of what matches."`
	Channel    string     `json:"channel,omitempty"                                       jsonschema_description:"Default: the touchpoint's first channel."`
	Stage      string     `json:"stage,omitempty"                                         jsonschema_description:"Fixes the stage. Left out: the touchpoint's stages."`
	Outcome    string     `json:"outcome,omitempty"    jsonschema:"enum=won,enum=lost"    jsonschema_description:"won completes the case, lost ends it as lost."`
	Automatic  bool       `json:"automatic,omitempty"                                     jsonschema_description:"It was a machine: no activity of anybody's, and no answer."`
}

type moodFile struct {
	StopPhrases []string `json:"stop_phrases,omitempty" jsonschema:"example=Buona Tavola" jsonschema_description:"Phrases of one to eight words that tell nothing of a mood, whatever their words: names of products, slogans, formulas of your own forms. Capitals and accents do not matter."`
}

type kpiFile struct {
	ID     string            `json:"id"               jsonschema:"required,pattern=^[a-z0-9][a-z0-9_-]*$" jsonschema_description:"Id of the KPI."`
	Labels labelsFile        `json:"labels"           jsonschema:"required"                               jsonschema_description:"The KPI's name, by language."`
	View   string            `json:"view"             jsonschema:"required"                               jsonschema_description:"The view that has the number."`
	Metric string            `json:"metric"           jsonschema:"required"                               jsonschema_description:"The view's column."`
	Filter map[string]string `json:"filter,omitempty"                                                     jsonschema_description:"Which row: stage, touchpoint, persona, department, channel …"`
	Target *float64          `json:"target,omitempty"                                                     jsonschema_description:"Where it should get to."`
	Better string            `json:"better,omitempty" jsonschema:"enum=up,enum=down"                      jsonschema_description:"Which way is better. Default: up."`
}

// stringList is a list that may be written as its only entry.
type stringList []string
