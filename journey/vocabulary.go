package journey

// sourceNames are the kinds of source, as files write them.
var sourceNames = []string{
	string(SourceForm), string(SourceEmail), string(SourceCall), string(SourceTicket), string(SourceReview),
	string(SourceOrder), string(SourceQuote), string(SourceWeb), string(SourceCRM),
}

// typeNames are the types of tappa's own events, without the leading "tappa.". Other systems' decoders may bring
// further ones; these serve to notice a misspelt type.
var typeNames = []string{
	"form.submitted",
	"email.received", "email.sent", "email.bounced",
	"call.held", "call.missed",
	"ticket.opened", "ticket.commented", "ticket.noted", "ticket.updated", "ticket.solved", "ticket.closed", "ticket.rated",
	"web.visited",
	"quote.sent", "quote.accepted", "quote.rejected", "quote.expired",
	"order.placed", "order.delivered", "order.cancelled", "order.paid",
	"review.posted",
}

// View describes a report as far as a KPI needs it: its numbers, and what it can be filtered by.
type View struct {
	Metrics []string
	Keys    []string
}

// Views are the reports a KPI can follow. The reports themselves live with the database; their tests hold this list
// against them.
var Views = map[string]View{
	"dropoff": {
		Metrics: []string{"entered", "moved_on", "completed", "lost_explicit", "lost_silent", "in_progress", "mature", "drop_off", "step_conversion", "overall_conversion", "value_lost"},
		Keys:    []string{"stage", "persona", "channel", "touchpoint", "department"},
	},
	"timing": {
		Metrics: []string{"n", "waiting", "oldest", "p50", "p75", "p90", "attainment", "kept", "broken"},
		Keys:    []string{"stage", "persona", "channel", "touchpoint", "department", "measure", "clock", "priority"},
	},
	"mood": {
		Metrics: []string{"eligible", "scored", "coverage", "positive", "neutral", "negative", "mixed", "net_mood", "csat", "nps", "ces"},
		Keys:    []string{"stage", "persona", "channel", "touchpoint", "department", "emotion", "lang"},
	},
	"touchpoints": {
		Metrics: []string{"cases", "interactions", "loss_after", "friction"},
		Keys:    []string{"stage", "persona", "channel", "touchpoint", "department"},
	},
	"paths": {
		Metrics: []string{"cases", "lost_after"},
		Keys:    []string{"touchpoint", "next", "stage", "persona"},
	},
}
