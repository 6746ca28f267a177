// Package journey holds tappa's domain: interactions, and the journey file that says what they mean. It knows nothing of
// Kafka, ClickHouse or HTTP, and imports no other package of tappa. What a customer felt is told by package sentiment,
// what became of them by package aggregate/walk.
//
// # A tour of the code, in the order the data flows
//
// Something happens: a form is sent, a mail written, a call missed. It reaches Kafka as a CloudEvent, from a webhook
// (ingest/gateway), a file (ingest, by the import command) or a system of the company's own.
//
// A collector (ingest) reads it. ingest/source decodes its payload into an [Interaction], and ingest/identity turns the
// addresses and numbers on it into [ContactKey] values, so that mail and calls of one human meet.
//
// [Journey.Tag] says what the interaction means: which [Touchpoint], on which channel, owned by which [Department], in
// which [Stage] of the journey, whether it decides the case, and whether it gives away a [Persona]. Its rules stand in a
// YAML file that [Load] reads, checks and compiles. sentiment scores what the customer wrote ([Mood]).
//
// Interaction, tag, mood and the place in Kafka make a [Record]; records make a [Block], which is stored whole or not at
// all (aggregate). What is stored says itself how far Kafka was read, so nothing is counted twice.
//
// aggregate notices which people a block touched and has aggregate/walk go through all their interactions in order. The
// walk finds cases, visits to stages and waits for answers. It measures waits by [Department.Business], within opening
// hours, and against the promise that [Department.ServiceLevel] gives for the instant of the question.
//
// Reports are views in ClickHouse (aggregate/sql) over what the walk found. The pages, the API and the exports
// (dashboards), the command line (cmd/tappa) and the analyst's own SQL ask the same views.
//
// internal/app wires all of it; internal/broker and internal/chdb are the Kafka and ClickHouse of a single process.
//
// # This package, file by file
//
//   - interaction.go, definition.go, calendar.go, block.go: the types
//   - file.go, yaml.go, decode.go, load.go, build*.go, values.go, problem.go: from a YAML file to a [Journey], or to [Problems]
//   - program.go, condition.go, native.go, frame.go, functions.go, fold.go, tag.go: rules, compiled and applied
//   - explain.go, example.go: why a tag is what it is, and the tests that hold rules to what their author means
//   - schedule.go, holidays.go: opening hours, counted
//   - templates: journey files to start from
package journey
