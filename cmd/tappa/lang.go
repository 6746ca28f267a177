package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// languages are those that labels are in.
var languages = []string{"it", "en"}

// langFlag adds --lang to a command: English unless it says otherwise.
func langFlag(cmd *cobra.Command, lang *string, usage string) {
	*lang = "en"
	cmd.Flags().Var((*language)(lang), "lang", usage)
}

// language is a flag's value that takes languages only.
type language string

func (l *language) String() string { return string(*l) }

// Type is what --help calls the value.
func (l *language) Type() string { return "string" }

// Set refuses a language that nothing is written in.
func (l *language) Set(s string) error {
	if !slices.Contains(languages, s) {
		return fmt.Errorf("there are: %s", strings.Join(languages, ", "))
	}
	*l = language(s)
	return nil
}
