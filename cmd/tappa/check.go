package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tappa/journey"
)

func newCheckCommand() *cobra.Command {
	var schema bool
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Validate journey files and run the tagging tests beside them",
		Long: `Check reads journey files and says what is wrong, as FILE:LINE:COLUMN: message, all of it at once. Warnings
are shown and do not fail.

Beside JOURNEY.yaml it looks for JOURNEY.tests.yaml: a list of interactions, each with the tag the rules must give
it. A test that fails is shown with what differs, -got and +want. The exit code is 1 if anything failed.

With --schema it prints the JSON Schema of journey files instead, for editors. Journey files may name it on a line

  # yaml-language-server: $schema=journey.schema.json`,
		Example: `  tappa check journeys/machinery.yaml
  tappa check --schema > journey.schema.json`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if schema {
				_, err := cmd.OutOrStdout().Write(journey.Schema())
				return err
			}
			if len(files) == 0 {
				return usageError{errors.New("which file? tappa check FILE…")}
			}
			return check(cmd.OutOrStdout(), files)
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of journey files")
	return cmd
}

// check validates every file and says what it found. The error counts what failed; the failures are in out.
func check(out io.Writer, files []string) error {
	bad, failed := 0, 0
	for _, file := range files {
		if strings.HasSuffix(file, testsSuffix) {
			file = strings.TrimSuffix(file, testsSuffix) + ".yaml"
		}
		j, err := journey.Load(file)
		if err != nil {
			fmt.Fprintln(out, err)
			bad++
			continue
		}
		for _, w := range j.Warnings() {
			fmt.Fprintln(out, w)
		}
		ran, wrong, err := runExamples(out, j, testsBeside(file))
		if err != nil {
			fmt.Fprintln(out, err)
			bad++
			continue
		}
		failed += wrong
		tests := "no tagging tests beside it"
		if ran > 0 {
			tests = fmt.Sprintf("%d of %s pass", ran-wrong, count(ran, "tagging test"))
		}
		fmt.Fprintf(out, "%s: %s, version %s: %s, %s, %s, %s; %s\n", file, j.ID, j.Version,
			count(len(j.Stages), "stage"), count(len(j.Touchpoints), "touchpoint"), count(len(j.Personas), "persona"), count(len(j.Rules), "rule"), tests)
	}
	switch {
	case bad > 0 && failed > 0:
		return fmt.Errorf("%s cannot be used, %s failed", count(bad, "file"), count(failed, "tagging test"))
	case bad > 0:
		return fmt.Errorf("%s cannot be used", count(bad, "file"))
	case failed > 0:
		return fmt.Errorf("%s failed", count(failed, "tagging test"))
	}
	return nil
}

const testsSuffix = ".tests.yaml"

// testsBeside names the file of tagging tests that belongs to a journey file.
func testsBeside(file string) string {
	for _, ext := range []string{".yaml", ".yml"} {
		if base, ok := strings.CutSuffix(file, ext); ok {
			return base + testsSuffix
		}
	}
	return file + testsSuffix
}

// runExamples runs the tagging tests of a file and returns how many there were and how many failed. There need be none.
func runExamples(out io.Writer, j *journey.Journey, file string) (ran, wrong int, err error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	examples, err := journey.LoadExamples(file)
	if err != nil {
		return 0, 0, err
	}
	for _, e := range examples {
		if diff := e.Diff(j); diff != "" {
			wrong++
			fmt.Fprintf(out, "%s:%d: %s (-got, +want)\n%s", e.File, e.Line, e.Name, indent(diff))
		}
	}
	return len(examples), wrong, nil
}

func indent(s string) string {
	return "\t" + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n\t") + "\n"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
