package journey

// sourceNames are the kinds of source, as files write them.
var sourceNames = []string{
	string(SourceForm), string(SourceEmail), string(SourceCall), string(SourceTicket), string(SourceReview),
	string(SourceOrder), string(SourceQuote), string(SourceWeb), string(SourceCRM),
	string(SourceMeeting), string(SourceSurvey),
	string(SourcePayment), string(SourceAd),
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
	"order.placed", "order.delivered", "order.invoiced", "order.cancelled", "order.paid",
	"review.posted",
	"crm.created", "crm.updated", "crm.converted", "crm.linked", "crm.campaign",
	"meeting.held",
	"survey.answered", "survey.rated",
	"payment.received", "payment.failed", "payment.refunded",
	"ad.shown", "ad.clicked",
}

// View describes a report as far as a KPI needs it: its numbers, and what it can be filtered by.
type View struct {
	Metrics []string
	Keys    []string
	Row     string // the key that tells its rows apart, unless a filter does; "" where there is one row
}

// shares are those metrics that are fractions of 1.
var shares = []string{
	"dropoff", "step_conversion", "reached_share", "attainment", "coverage", "loss", "stage_loss", "unmapped_share", "scored_share",
}

// Views are the reports a KPI can follow: those with one row for what the filter leaves. The reports themselves live
// with the database.
var Views = map[string]View{
	"dropoff": {
		Metrics: []string{
			"dropoff", "step_conversion", "entered", "moved_on", "completed", "lost_explicit", "lost_silent", "in_progress",
			"mature", "mature_lost", "mature_open", "decided", "median_s", "reached", "skipped", "reached_share",
		},
		Row:  "stage",
		Keys: []string{"stage", "touchpoint", "department", "persona", "channel"},
	},
	"timing": {
		Metrics: []string{
			"stage_n", "stage_p50_s", "stage_p75_s", "stage_p90_s", "open", "open_past_p90",
			"reply_n", "reply_waiting", "reply_oldest_s", "reply_p50_s", "reply_p75_s", "reply_p90_s",
			"reply_business_n", "reply_business_p50_s", "reply_business_p75_s", "reply_business_p90_s",
			"wait_n", "wait_waiting", "wait_oldest_s", "wait_p50_s", "wait_p75_s", "wait_p90_s",
			"wait_business_n", "wait_business_p50_s", "wait_business_p75_s", "wait_business_p90_s",
			"attainment", "kept", "broken", "past_target", "due",
		},
		Row:  "stage",
		Keys: []string{"stage", "touchpoint", "department", "persona", "channel"},
	},
	"mood": {
		Metrics: []string{
			"net", "curve", "mean_score", "eligible", "scored", "coverage", "positive", "neutral", "negative", "mixed",
			"satisfaction", "impatience", "enthusiasm", "perplexity", "confusion", "disappointment", "joy", "frustration",
		},
		Row:  "stage",
		Keys: []string{"stage", "touchpoint", "department", "persona", "channel"},
	},
	"touchpoints": {
		Metrics: []string{
			"cases", "interactions", "decided", "lost", "loss", "stage_loss", "wait_n", "wait_waiting", "wait_p50_s", "wait_p75_s",
			"late", "scored", "positive", "negative", "net", "curve", "loss_term", "friction",
		},
		Row:  "touchpoint",
		Keys: []string{"touchpoint", "stage", "department", "persona", "channel"},
	},
	"durations": {
		Metrics: []string{"n", "p50", "p90", "max"},
		Keys:    []string{"stage", "touchpoint", "department", "persona", "channel"},
	},
	"coverage": {
		Metrics: []string{"interactions", "unmapped", "unmapped_share", "eligible", "scored", "unscored", "scored_share"},
		Keys:    []string{"source"},
	},
}
