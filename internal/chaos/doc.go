// Package chaos breaks tappa on purpose and holds what is left against what was put in. It has tests only.
//
// A row of the suite is a kind of fault. Real parts are used throughout: Apache Kafka, the ClickHouse engine in a process
// of its own, and the tappa binary as collectors and walk, all of which can be killed. Between tappa and ClickHouse stands
// a TCP proxy that can cut, hold back and refuse.
//
// While the faults happen, a producer publishes a synthetic company's customers and keeps a ledger of what Kafka has
// acknowledged. Afterwards the faults end, tappa catches up, and the judge compares:
//
//   - the interactions stored with the ledger, id by id: none is lost, none is there that was never committed;
//   - rows with places in Kafka: a reader sees none twice, and none has a second row, unless a collector has stalled. Merges
//     are off, so that none can hide one;
//   - every report with that of a second database, into which the ledger was written without Kafka, collectors or faults,
//     and the drop-off of every stage with what the company's inventor wrote down;
//   - the dead letters with the bad records published.
//
// `go test ./internal/chaos` runs all faults at once, for a short time and by a seed that it prints; `make chaos` runs
// every row for as long as it takes and writes the table of results in docs/faults.md. CHAOS_SEED repeats a run's
// decisions, though not the scheduling of its processes.
package chaos
