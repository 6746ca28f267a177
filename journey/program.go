package journey

// program is a journey's rules, compiled and indexed by source and type.
type program struct{}
