package aggregate

import "tappa/aggregate/walk"

// caseColumns, visitColumns, waitColumns and stepColumns are the columns of the tables of those names, in their order.
var caseColumns = []column[caseRow]{
	fill("journey", typeWord, func(r *caseRow) string { return r.journey }),
	fill("subject", typeString, func(r *caseRow) string { return r.subject }),
	fill("attempt", "UInt32", func(r *caseRow) uint32 { return r.attempt }),
	fill("case_id", typeString, func(r *caseRow) string { return r.caseID }),
	fill("person", typeString, func(r *caseRow) string { return r.person }),
	fill("account", typeString, func(r *caseRow) string { return r.account }),
	fill("persona", typeWord, func(r *caseRow) string { return r.persona }),
	fill("customer", typeWord, func(r *caseRow) string { return r.customer }),
	fill("opened_at", typeTime, func(r *caseRow) int64 { return r.Opened }),
	fill("closed_at", typeTime, func(r *caseRow) int64 { return r.Closed }),
	fill("exit", typeWord, func(r *caseRow) string { return string(r.Exit) }),
	fill("stage", typeWord, func(r *caseRow) string { return r.stage }),
	fill("position", "UInt8", func(r *caseRow) uint8 { return r.Stage }),
	fill("first_at", typeTime, func(r *caseRow) int64 { return r.First }),
	fill("last_at", typeTime, func(r *caseRow) int64 { return r.Last }),
	fill("interactions", "UInt32", func(r *caseRow) uint32 { return r.Interactions }),
	fill("value", typeFloat, func(r *caseRow) float64 { return r.Value }),
	fill("walked", "UInt64", func(r *caseRow) uint64 { return r.walked }),
	fill("deleted", "UInt8", func(r *caseRow) uint8 { return r.deleted }),
}

var visitColumns = []column[visitRow]{
	fill("journey", typeWord, func(r *visitRow) string { return r.journey }),
	fill("subject", typeString, func(r *visitRow) string { return r.subject }),
	fill("attempt", "UInt32", func(r *visitRow) uint32 { return r.attempt }),
	fill("position", "UInt8", func(r *visitRow) uint8 { return r.Stage }),
	fill("case_id", typeString, func(r *visitRow) string { return r.caseID }),
	fill("person", typeString, func(r *visitRow) string { return r.person }),
	fill("account", typeString, func(r *visitRow) string { return r.account }),
	fill("persona", typeWord, func(r *visitRow) string { return r.persona }),
	fill("customer", typeWord, func(r *visitRow) string { return r.customer }),
	fill("value_known", typeFloat, func(r *visitRow) float64 { return r.Known }),
	fill("stage", typeWord, func(r *visitRow) string { return r.stage }),
	fill("entered_at", typeTime, func(r *visitRow) int64 { return r.Entered }),
	fill("left_at", typeTime, func(r *visitRow) int64 { return r.Left }),
	fill("exit", typeWord, func(r *visitRow) string { return string(r.Exit) }),
	fill("last_activity_at", typeTime, func(r *visitRow) int64 { return r.LastActivity }),
	fill("touchpoint", typeWord, func(r *visitRow) string { return r.entry.touchpoint }),
	fill("channel", typeWord, func(r *visitRow) string { return r.entry.channel }),
	fill("department", typeWord, func(r *visitRow) string { return r.entry.department }),
	fill("interactions", "UInt32", func(r *visitRow) uint32 { return r.Interactions }),
	fill("value", typeFloat, func(r *visitRow) float64 { return r.Value }),
	fill("walked", "UInt64", func(r *visitRow) uint64 { return r.walked }),
	fill("deleted", "UInt8", func(r *visitRow) uint8 { return r.deleted }),
}

const (
	typeMaybeTime  = "Nullable(DateTime64(3, 'UTC'))"
	typeMaybeInt64 = "Nullable(Int64)"
)

var waitColumns = []column[waitRow]{
	fill("journey", typeWord, func(r *waitRow) string { return r.journey }),
	fill("subject", typeString, func(r *waitRow) string { return r.subject }),
	fill("number", "UInt32", func(r *waitRow) uint32 { return r.Number }),
	fill("attempt", "UInt32", func(r *waitRow) uint32 { return r.attempt }),
	fill("case_id", typeString, func(r *waitRow) string { return r.caseID }),
	fill("person", typeString, func(r *waitRow) string { return r.person }),
	fill("account", typeString, func(r *waitRow) string { return r.account }),
	fill("persona", typeWord, func(r *waitRow) string { return r.persona }),
	fill("customer", typeWord, func(r *waitRow) string { return r.customer }),
	fill("value_known", typeFloat, func(r *waitRow) float64 { return r.Known }),
	fill("thread", typeString, func(r *waitRow) string { return r.ask.thread }),
	fill("first", typeBool, func(r *waitRow) bool { return r.First }),
	fill("missed_call", typeBool, func(r *waitRow) bool { return r.Missed }),
	fill("source", typeWord, func(r *waitRow) string { return r.ask.source }),
	fill("stage", typeWord, func(r *waitRow) string { return r.stage }),
	fill("touchpoint", typeWord, func(r *waitRow) string { return r.ask.touchpoint }),
	fill("channel", typeWord, func(r *waitRow) string { return r.ask.channel }),
	fill("department", typeWord, func(r *waitRow) string { return r.Department }),
	fill("priority", typeWord, func(r *waitRow) string { return r.Priority }),
	fill("asked_at", typeTime, func(r *waitRow) int64 { return r.ask.at }),
	fill("ask_origin", typeWord, func(r *waitRow) string { return r.ask.origin }),
	fill("ask_id", typeString, func(r *waitRow) string { return r.ask.id }),
	fill("answered_at", typeMaybeTime, func(r *waitRow) *int64 {
		if r.answer == &noInteraction {
			return nil
		}
		return &r.answer.at
	}),
	fill("answer_origin", typeWord, func(r *waitRow) string { return r.answer.origin }),
	fill("answer_id", typeString, func(r *waitRow) string { return r.answer.id }),
	fill("waited_ms", typeMaybeInt64, func(r *waitRow) *int64 { return maybe(r, &r.Waited) }),
	fill("business_ms", typeMaybeInt64, func(r *waitRow) *int64 { return maybe(r, &r.Business) }),
	fill("target_ms", typeMaybeInt64, func(r *waitRow) *int64 { return maybe(r, &r.Target) }),
	fill("target_business", typeBool, func(r *waitRow) bool { return r.TargetBusiness }),
	fill("due_at", typeMaybeTime, func(r *waitRow) *int64 { return maybe(r, &r.Due) }),
	fill("walked", "UInt64", func(r *waitRow) uint64 { return r.walked }),
	fill("deleted", "UInt8", func(r *waitRow) uint8 { return r.deleted }),
}

// maybe gives null for what the walk has no value of, and throughout in a tombstone.
func maybe(r *waitRow, v *int64) *int64 {
	if *v == walk.Null || r.deleted == 1 {
		return nil
	}
	return v
}

var stepColumns = []column[stepRow]{
	fill("journey", typeWord, func(r *stepRow) string { return r.ofCase.journey }),
	fill("subject", typeString, func(r *stepRow) string { return r.ofCase.subject }),
	fill("attempt", "UInt32", func(r *stepRow) uint32 { return r.attempt }),
	fill("number", "UInt32", func(r *stepRow) uint32 { return r.number }),
	fill("case_id", typeString, func(r *stepRow) string { return r.caseID }),
	fill("person", typeString, func(r *stepRow) string { return r.interaction.person }),
	fill("account", typeString, func(r *stepRow) string { return r.ofCase.account }),
	fill("persona", typeWord, func(r *stepRow) string { return r.ofCase.persona }),
	fill("customer", typeWord, func(r *stepRow) string { return r.customer }),
	fill("value_known", typeFloat, func(r *stepRow) float64 { return r.known }),
	fill("contact_key", typeString, func(r *stepRow) string { return r.contact }),
	fill("occurred_at", typeTime, func(r *stepRow) int64 { return r.at }),
	fill("origin", typeWord, func(r *stepRow) string { return r.origin }),
	fill("id", typeString, func(r *stepRow) string { return r.id }),
	fill("source", typeWord, func(r *stepRow) string { return r.source }),
	fill("type", typeWord, func(r *stepRow) string { return r.kind }),
	fill("activity", typeWord, func(r *stepRow) string { return r.activity }),
	fill("direction", typeWord, func(r *stepRow) string { return r.direction }),
	fill("stage", typeWord, func(r *stepRow) string { return r.stage }),
	fill("is_return", typeBool, func(r *stepRow) bool { return r.isReturn }),
	fill("touchpoint", typeWord, func(r *stepRow) string { return r.touchpoint }),
	fill("channel", typeWord, func(r *stepRow) string { return r.channel }),
	fill("department", typeWord, func(r *stepRow) string { return r.department }),
	fill("automatic", typeBool, func(r *stepRow) bool { return r.automatic }),
	fill("outcome", typeWord, func(r *stepRow) string { return r.outcome }),
	fill("mood_eligible", typeBool, func(r *stepRow) bool { return r.moodEligible }),
	fill("mood_label", typeWord, func(r *stepRow) string { return r.moodLabel }),
	fill("mood_score", typeFloat32, func(r *stepRow) float32 { return r.moodScore }),
	fill("mood_emotion", typeWord, func(r *stepRow) string { return r.moodEmotion }),
	fill("mood_lang", typeWord, func(r *stepRow) string { return r.moodLang }),
	fill("walked", "UInt64", func(r *stepRow) uint64 { return r.walked }),
	fill("deleted", "UInt8", func(r *stepRow) uint8 { return r.deleted }),
}
