// Package source decodes what a Kafka record carries into a journey.Interaction, one decoder per source.
package source

// The payloads of tappa's own CloudEvents, one struct per source. Their JSON Schemas are generated from these
// structs (`tappa schema`), and fields that are not listed here are kept in Interaction.Payload, where tagging rules
// reach them as data.NAME.
//
// CloudEvents attributes: id (unique per source), source (the system), type (below), time (when it happened, RFC 3339).
//
//	type                     payload   meaning
//	tappa.form.submitted     Form      a customer sent a form
//	tappa.email.received     Email     a customer wrote
//	tappa.email.sent         Email     the company wrote
//	tappa.email.bounced      Email     a mail of the company's came back
//	tappa.call.held          Call      a call took place; payload says in which direction
//	tappa.call.missed        Call      nobody spoke: not answered, abandoned, voicemail
//	tappa.ticket.opened      Ticket    a ticket came to be
//	tappa.ticket.commented   Ticket    a public comment
//	tappa.ticket.noted       Ticket    an internal note
//	tappa.ticket.updated     Ticket    status, priority, assignment … changed
//	tappa.ticket.solved      Ticket    set to solved
//	tappa.ticket.closed      Ticket    closed for good
//	tappa.ticket.rated       Ticket    the customer stated a satisfaction
//	tappa.web.visited        Web       a page was seen
//	tappa.quote.sent         Quote     a quote was sent; likewise quote.accepted, quote.rejected, quote.expired
//	tappa.order.placed       Order     an order was placed; likewise order.delivered, order.invoiced, order.cancelled, order.paid
//	tappa.review.posted      Review    a public review
//	tappa.crm.created        CRM       a CRM's record came to be; likewise crm.updated, crm.converted
//	tappa.crm.linked         CRM       two identifiers are the same human's, or a human is a company's
//	tappa.crm.campaign       CRM       what a campaign did to somebody, or somebody with a campaign
//	tappa.meeting.held       Meeting   a meeting took place
//	tappa.survey.answered    Survey    a survey was answered, or one of its questions in words
//	tappa.survey.rated       Survey    one of its questions was answered by a number
//	tappa.payment.received   Payment   money came in; likewise payment.failed, payment.refunded
//	tappa.ad.shown           Ad        the customer saw an advertisement; likewise ad.clicked
//	tappa.interaction.retracted  Retraction  what the source told before is not so: it does not count

// Party identifies a human on either side. Every field is optional; a customer needs at least one identifier.
type Party struct {
	Email   string `json:"email,omitempty"   jsonschema:"format=email"`
	Phone   string `json:"phone,omitempty"   jsonschema:"description=As dialled; E.164 or national with the journey's default country"`
	CRM     string `json:"crm,omitempty"     jsonschema:"description=Id in the CRM\\, namespaced: suite/1a2b"`
	Cookie  string `json:"cookie,omitempty"`
	Name    string `json:"name,omitempty"`
	Account string `json:"account,omitempty" jsonschema:"description=Company: CRM id or web domain"`
}

// Form is what a customer typed into a form.
type Form struct {
	Form     string            `json:"form"             jsonschema:"minLength=1,description=Which form"`
	Page     string            `json:"page,omitempty"`
	Customer Party             `json:"customer"`
	Subject  string            `json:"subject,omitempty"`
	Message  string            `json:"message,omitempty"`
	Fields   map[string]string `json:"fields,omitempty" jsonschema:"description=Every other field of the form"`
	Lang     string            `json:"lang,omitempty"`
	Thread   string            `json:"thread,omitempty"`
	Activity string            `json:"activity,omitempty"`
}

// Email is one message. In tappa.email.received the customer is From, otherwise the first of To.
type Email struct {
	MessageID  string   `json:"message_id,omitempty"`
	InReplyTo  string   `json:"in_reply_to,omitempty"`
	References []string `json:"references,omitempty"`
	Thread     string   `json:"thread,omitempty" jsonschema:"description=Conversation; default: first of references\\, in_reply_to\\, message_id"`
	From       string   `json:"from"             jsonschema:"minLength=1"`
	To         []string `json:"to,omitempty"`
	Customer   Party    `json:"customer,omitzero" jsonschema:"description=Further identifiers of the customer"`
	Subject    string   `json:"subject,omitempty"`
	Text       string   `json:"text,omitempty"`
	Lang       string   `json:"lang,omitempty"`
	Automatic  bool     `json:"automatic,omitempty"`
	Agent      string   `json:"agent,omitempty"`
	Activity   string   `json:"activity,omitempty"`

	Attachments int `json:"attachments,omitempty" jsonschema:"minimum=0,description=How many files were attached"`
}

// Call is one phone call.
type Call struct {
	Direction   string  `json:"direction"              jsonschema:"enum=inbound,enum=outbound"`
	Customer    Party   `json:"customer"`
	Number      string  `json:"number,omitempty"       jsonschema:"description=The company's number\\, called or calling"`
	Queue       string  `json:"queue,omitempty"`
	Agent       string  `json:"agent,omitempty"`
	Reason      string  `json:"reason,omitempty"       jsonschema:"description=Why a call was missed: no-answer\\, abandoned\\, busy\\, voicemail\\, closed"`
	RingSeconds float64 `json:"ring_seconds,omitempty" jsonschema:"minimum=0"`
	TalkSeconds float64 `json:"talk_seconds,omitempty" jsonschema:"minimum=0"`
	Transcript  string  `json:"transcript,omitempty"   jsonschema:"description=What the customer said"`
	Lang        string  `json:"lang,omitempty"`
	Thread      string  `json:"thread,omitempty"`
	Activity    string  `json:"activity,omitempty"`
}

// Ticket is one thing that happened to a ticket.
type Ticket struct {
	Ticket   string  `json:"ticket"              jsonschema:"minLength=1,description=The ticket's id"`
	Customer Party   `json:"customer,omitzero"   jsonschema:"description=Who asked; default: the ticket itself"`
	Author   string  `json:"author,omitempty"    jsonschema:"enum=customer,enum=agent,enum=system,description=Who did it"`
	Agent    string  `json:"agent,omitempty"`
	Status   string  `json:"status,omitempty"`
	Priority string  `json:"priority,omitempty"`
	Group    string  `json:"group,omitempty"`
	Subject  string  `json:"subject,omitempty"`
	Text     string  `json:"text,omitempty"`
	Lang     string  `json:"lang,omitempty"`
	Rating   *Rating `json:"rating,omitempty"`
	Activity string  `json:"activity,omitempty"  jsonschema:"description=The help desk's own word for it; default: the type"`
}

// Rating is a stated satisfaction with its scale.
type Rating struct {
	Kind  string  `json:"kind"  jsonschema:"enum=csat,enum=nps,enum=ces,enum=stars"`
	Score float64 `json:"score"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

// Web is a visit to a page.
type Web struct {
	Page     string `json:"page"               jsonschema:"minLength=1"`
	Referrer string `json:"referrer,omitempty"`
	Search   string `json:"search,omitempty"   jsonschema:"description=What was searched for"`
	Campaign string `json:"campaign,omitempty"`
	Customer Party  `json:"customer"`
	Activity string `json:"activity,omitempty"`
}

// Quote is an offer and what became of it.
type Quote struct {
	Quote    string  `json:"quote"              jsonschema:"minLength=1"`
	Customer Party   `json:"customer"`
	Value    float64 `json:"value,omitempty"    jsonschema:"minimum=0"`
	Currency string  `json:"currency,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Text     string  `json:"text,omitempty"`
	Agent    string  `json:"agent,omitempty"`
	Thread   string  `json:"thread,omitempty"`
	Activity string  `json:"activity,omitempty"`
}

// Order is a purchase and what became of it.
type Order struct {
	Order    string  `json:"order"              jsonschema:"minLength=1"`
	Customer Party   `json:"customer"`
	Value    float64 `json:"value,omitempty"    jsonschema:"minimum=0"`
	Currency string  `json:"currency,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Text     string  `json:"text,omitempty"`
	Activity string  `json:"activity,omitempty"`
}

// Review is a public opinion.
type Review struct {
	Site     string  `json:"site,omitempty"`
	Customer Party   `json:"customer"`
	Text     string  `json:"text,omitempty"`
	Rating   *Rating `json:"rating,omitempty"`
	Lang     string  `json:"lang,omitempty"`
	Activity string  `json:"activity,omitempty"`
}

// CRM is what became of a record in a CRM, as far as no other payload fits.
type CRM struct {
	Module    string  `json:"module"              jsonschema:"minLength=1,description=Kind of record: lead\\, contact\\, opportunity …"`
	Record    string  `json:"record,omitempty"    jsonschema:"description=The record's id"`
	Customer  Party   `json:"customer"`
	SameAs    Party   `json:"same_as,omitzero"    jsonschema:"description=Further identifiers of the same human"`
	Party     string  `json:"party,omitempty"     jsonschema:"description=What the customer is in the CRM: contact\\, lead\\, account …"`
	Direction string  `json:"direction,omitempty" jsonschema:"enum=internal,enum=inbound,enum=outbound"`
	Automatic bool    `json:"automatic,omitempty"`
	Field     string  `json:"field,omitempty"     jsonschema:"description=What changed"`
	From      string  `json:"from,omitempty"      jsonschema:"description=The field's value before"`
	To        string  `json:"to,omitempty"        jsonschema:"description=The field's value after"`
	Status    string  `json:"status,omitempty"`
	Campaign  string  `json:"campaign,omitempty"`
	Value     float64 `json:"value,omitempty"     jsonschema:"minimum=0"`
	Currency  string  `json:"currency,omitempty"`
	Subject   string  `json:"subject,omitempty"`
	Text      string  `json:"text,omitempty"`
	Lang      string  `json:"lang,omitempty"`
	Agent     string  `json:"agent,omitempty"`
	Thread    string  `json:"thread,omitempty"`
	Activity  string  `json:"activity,omitempty"`
}

// Meeting is a meeting that took place, in person or by video.
type Meeting struct {
	Customer  Party   `json:"customer"`
	Direction string  `json:"direction,omitempty" jsonschema:"enum=outbound,enum=inbound,description=Who called it"`
	Place     string  `json:"place,omitempty"`
	Subject   string  `json:"subject,omitempty"`
	Minutes   float64 `json:"minutes,omitempty"   jsonschema:"minimum=0"`
	Agent     string  `json:"agent,omitempty"`
	Thread    string  `json:"thread,omitempty"`
	Activity  string  `json:"activity,omitempty"`
}

// Survey is a customer's answer to a survey, or to one question of it.
type Survey struct {
	Survey   string  `json:"survey"             jsonschema:"minLength=1"`
	Response string  `json:"response,omitempty" jsonschema:"description=Id of the filled-in survey"`
	Customer Party   `json:"customer"`
	Question string  `json:"question,omitempty"`
	Text     string  `json:"text,omitempty"`
	Rating   *Rating `json:"rating,omitempty"`
	Lang     string  `json:"lang,omitempty"`
	Activity string  `json:"activity,omitempty"`
}

// Payment is money that changed hands, or should have.
type Payment struct {
	Payment  string  `json:"payment"            jsonschema:"minLength=1,description=The payment's id"`
	Customer Party   `json:"customer"`
	Order    string  `json:"order,omitempty"    jsonschema:"description=The order or invoice it is for"`
	Value    float64 `json:"value,omitempty"    jsonschema:"minimum=0"`
	Currency string  `json:"currency,omitempty"`
	Method   string  `json:"method,omitempty"   jsonschema:"description=Card\\, transfer\\, …"`
	Reason   string  `json:"reason,omitempty"   jsonschema:"description=Why it failed or was refunded"`
	Text     string  `json:"text,omitempty"     jsonschema:"description=What the customer wrote with it"`
	Thread   string  `json:"thread,omitempty"`
	Activity string  `json:"activity,omitempty"`
}

// Retraction takes back an event of the same source: a call logged by mistake, a test, a record that was deleted. Both count for nothing
// from then on, whichever came first. It names the same customer as the other, and the same ticket or thread.
type Retraction struct {
	Interaction string `json:"interaction"      jsonschema:"minLength=1,maxLength=1014,description=Id of the event that is taken back"`
	Customer    Party  `json:"customer,omitzero" jsonschema:"description=The customer of that event"`
	Ticket      string `json:"ticket,omitempty"  jsonschema:"description=Its ticket"`
	Thread      string `json:"thread,omitempty"  jsonschema:"description=Its conversation"`
	Reason      string `json:"reason,omitempty"`
}

// Ad is an advertisement that one customer saw or clicked.
type Ad struct {
	Campaign string  `json:"campaign"           jsonschema:"minLength=1"`
	Network  string  `json:"network,omitempty"  jsonschema:"description=Where it ran: google\\, meta\\, a trade journal"`
	Ad       string  `json:"ad,omitempty"       jsonschema:"description=The advertisement's id or name"`
	Keyword  string  `json:"keyword,omitempty"`
	Page     string  `json:"page,omitempty"     jsonschema:"description=The page it leads to"`
	Cost     float64 `json:"cost,omitempty"     jsonschema:"minimum=0,description=What this one cost"`
	Currency string  `json:"currency,omitempty"`
	Customer Party   `json:"customer"`
	Activity string  `json:"activity,omitempty"`
}
