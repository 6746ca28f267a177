// Package journey holds tappa's domain: interactions, and the journey file that says what they mean. It knows nothing of
// Kafka, ClickHouse or HTTP, and imports no other package of tappa. What a customer felt is told by package sentiment,
// what became of them by package aggregate/walk.
//
// # A tour of the code, in the order the data flows
//
// Something happens: a form is sent, a mail written, a call missed. It reaches Kafka as a CloudEvent, from whatever
// system saw it, or from a file that `tappa import` reads by a mapping (ingest/mapping), or unchanged, as a vendor's webhook
// brought it to the gateway (ingest/gateway), to be read by that vendor's format (ingest/source/vendor). A CRM's tables, of
// which each knows a part of it, go through a relay first (ingest/suitecrm).
//
// A collector (ingest.Collector) fetches it. The work on one record is one function, in ingest/work.go: ingest/source
// decodes the payload into an [Interaction], and ingest/identity turns the addresses and numbers on it into [ContactKey]
// values, so that mail and calls of one human meet.
//
// [Journey.Tag] says what the interaction means: which [Touchpoint], on which channel, owned by which [Department], in
// which [Stage] of the journey, whether it decides the case, and whether it gives away a [Persona]. Its rules stand in a
// YAML file that [Load] reads, checks and compiles. sentiment.Scorer scores what the customer wrote ([Mood]). A record
// that cannot be used leaves here for the dead-letter topic (ingest/deadletter.go).
//
// Interaction, tag, mood and the place in Kafka make a [Record]; a lane (ingest/lane.go) gathers records into a [Block],
// which aggregate.Store.Write stores whole or not at all. What is stored says itself how far Kafka was read
// (aggregate.Store.Stored, ingest/start.go), so nothing is lost and nothing counted twice.
//
// aggregate.Walker sees by the offsets what arrived, learns which contact keys are one person (aggregate/people.go), and has
// aggregate/walk go through all interactions of everybody touched, in order. The walk finds cases, visits to stages and
// waits for answers. It measures waits by [Department.Business], within opening hours, and against the promise that
// [Department.ServiceLevel] gives for the instant of the question.
//
// Reports are parameterised views in ClickHouse (aggregate/sql) over what the walk found, asked through
// aggregate.Store.Report. The pages and the API (dashboards), `tappa report` (cmd/tappa) and the analyst's own SQL ask the
// same views, so all show the same number; dashboards/draw puts the map on paper. [MOT.Judge] says how a moment of truth
// turned out by them.
//
// Package alert asks the same reports again and again and tells people when a number is too much. aggregate.Store.Refresh
// freezes a month's numbers; opportunities and notes say what is done about them, and later months whether it worked.
//
// internal/app wires all of it, in up.go on the embedded Kafka (internal/broker) and ClickHouse (internal/chdb) of a single
// process, in production.go on servers. internal/synth invents the customers of the demo and of the tests, and
// internal/arrows says which package may import which.
//
// # This package, file by file
//
//   - interaction.go, definition.go, calendar.go, block.go, lookup.go: the types, and finding things in a [Journey]
//   - file.go, yaml.go, decode.go, load.go, build*.go, values.go, vocabulary.go, problem.go: from a YAML file to a
//     [Journey], or to [Problems]; schema.json: the same form for editors, held to file.go by a test; form.go: other files,
//     read likewise
//   - program.go, condition.go, native.go, frame.go, functions.go, fold.go, tag.go: rules, compiled and applied
//   - explain.go, example.go: why a tag is what it is, and the tests that hold rules to what their author means
//   - schedule.go, holidays.go: opening hours, counted; mot.go: thresholds, judged
//   - templates: journey files to start from
package journey
