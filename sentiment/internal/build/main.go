// Command build makes the files that package sentiment embeds: the two lexica, from the licensed sources under
// sentiment/lexica/src and tappa's own words, the language profiles, and the weights of the linear model. The same
// sources give the same bytes. Run it from the root of the module:
//
//	go run ./sentiment/internal/build lexica
//	go run ./sentiment/internal/build language DIR     (DIR has mood/ with XED, and goemotions/)
//	go run ./sentiment/internal/build model DIR        (the same DIR)
//	go run ./sentiment/internal/build elita FILE       (reduces ELIta_INTENSITY.txt to the columns used)
package main

import (
	"errors"
	"fmt"
	"os"
)

// root is the folder of package sentiment, seen from the module's root.
const root = "sentiment"

var errUsage = errors.New("usage: build lexica | elita FILE | language DIR | model DIR")

func main() { os.Exit(status(run(os.Args[1:]))) }

func status(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	fmt.Fprintln(os.Stderr, "build:", err)
	return 1
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "lexica":
		return buildLexica()
	case len(args) == 2 && args[0] == "elita":
		return reduceElita(args[1])
	case len(args) == 2 && args[0] == "model":
		return buildModel(args[1])
	case len(args) == 2 && args[0] == "language":
		return buildLanguage(args[1])
	}
	return errUsage
}
