//go:build race

package main

// buildFlags builds the program under test with the race detector too.
var buildFlags = []string{"-race"}
