package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tappa/ingest/source"
	"tappa/ingest/source/vendor"
	"tappa/internal/app"
	"tappa/journey"
)

func newExplainCommand() *cobra.Command {
	var files []string
	var format, record string
	cmd := &cobra.Command{
		Use:   "explain --journey FILE < INTERACTION.json",
		Short: "Say which rule tags an interaction, and why",
		Long: `Explain reads interactions from standard input, JSON objects one after the other, and tells for each what it is
and whose, which rule of the journey decides, which rules came before it and which part of their conditions failed on what values.

An interaction is either a CloudEvent, as collectors read it from Kafka, or the short form of tagging tests:

  {"type": "form.submitted", "to": "contact", "data": {"fields": {"role": "buyer"}}}

With --record, standard input is one record in a vendor's format, as collectors read it from Kafka: a mail, a webhook's body.

Several --journey are tried in order, as collectors do: the first that tags an interaction has it.`,
		Example: `  echo '{"type": "call.missed", "to": "+39800123456"}' | tappa explain --journey journeys/machinery.yaml
  tappa explain --journey journey.yaml --record rfc5322 < mail.eml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(files) == 0 {
				return usageError{errors.New("which journey? tappa explain --journey FILE")}
			}
			if format != "text" && format != "json" {
				return usageError{fmt.Errorf("--format %q is not possible; use text or json", format)}
			}
			if formats := slices.Sorted(maps.Keys(vendor.Formats)); record != "" && !slices.Contains(formats, record) {
				return usageError{fmt.Errorf("--record %q: there are %s", record, strings.Join(formats, ", "))}
			}
			return explain(cmd.InOrStdin(), cmd.OutOrStdout(), files, format, record)
		},
	}
	cmd.Flags().StringArrayVar(&files, "journey", nil, "journey file; may be given several times")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&record, "record", "", "standard input is one record in this vendor's format, such as rfc5322 (a mail)")
	return cmd
}

// explanation is what is said about one interaction by one journey.
type explanation struct {
	Told     *told             `json:"interaction,omitempty"` // what an event or record became; the short form of tests became nothing
	Journey  journey.JourneyID `json:"journey"`
	File     string            `json:"file"`
	Tag      *explainedTag     `json:"tag"` // null: unmapped
	Rules    []journey.Trial   `json:"rules"`
	Others   int               `json:"rules_for_other_sources_or_types"`
	Personas []journey.Trial   `json:"personas"`
}

// told is what an event or a vendor's record became, beside what rules read.
type told struct {
	Origin    string               `json:"origin"`
	ID        string               `json:"id"`
	Type      string               `json:"type"`
	At        time.Time            `json:"time"`
	Direction journey.Direction    `json:"direction"`
	Keys      []journey.ContactKey `json:"keys"`
	Account   journey.ContactKey   `json:"account,omitempty"`
	Thread    string               `json:"thread,omitempty"`
}

// tellOf says what an interaction is that was decoded; nil of one that has no id, as those of tests.
func tellOf(in *journey.Interaction) *told {
	if in.ID == "" {
		return nil
	}
	return &told{in.Origin, in.ID, in.Type, in.OccurredAt.UTC(), in.Direction, in.Keys, journey.ContactKey(in.Account), in.Thread}
}

func (t *told) write(out io.Writer) {
	keys := make([]string, len(t.Keys))
	for i, k := range t.Keys {
		keys[i] = string(k)
	}
	fmt.Fprintf(out, "%s, %s, at %s\n", t.Type, t.Direction, t.At.Format("2006-01-02T15:04:05.999Z07:00"))
	for _, field := range [][2]string{
		{"id", fmt.Sprintf("%q of %s", t.ID, t.Origin)}, {"customer", strings.Join(keys, ", ")}, {"account", string(t.Account)}, {"thread", t.Thread},
	} {
		if field[1] != "" {
			fmt.Fprintf(out, "  %-11s %s\n", field[0], field[1])
		}
	}
	fmt.Fprintln(out)
}

type explainedTag struct {
	Version    string               `json:"version"`
	Rule       string               `json:"rule"`
	Touchpoint journey.TouchpointID `json:"touchpoint"`
	Channel    string               `json:"channel"`
	Department journey.DepartmentID `json:"department"`
	Persona    journey.PersonaID    `json:"persona"`
	Stages     []journey.StageID    `json:"stages"`
	Outcome    journey.Outcome      `json:"outcome"`
	Automatic  bool                 `json:"automatic"`
}

func explain(in io.Reader, out io.Writer, files []string, format, record string) error {
	var journeys []*journey.Journey
	var errs []error
	for _, file := range files {
		j, err := journey.Load(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		journeys = append(journeys, j)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	decoder := app.NewDecoder(journeys)
	if record != "" {
		interaction, err := readRecord(decoder, in, record)
		if err != nil {
			return err
		}
		return explainOne(out, files, journeys, &interaction, format)
	}
	input := json.NewDecoder(in)
	for n := 1; ; n++ {
		var raw json.RawMessage
		err := input.Decode(&raw)
		if errors.Is(err, io.EOF) && n > 1 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return errors.New("standard input is empty; pipe an interaction into it, as JSON")
		}
		if err != nil {
			return fmt.Errorf("interaction %d: not a JSON object: %w", n, err)
		}
		interaction, err := readInteraction(decoder, raw)
		if err != nil {
			return fmt.Errorf("interaction %d: %w", n, err)
		}
		if err := explainOne(out, files, journeys, &interaction, format); err != nil {
			return err
		}
	}
}

// readRecord reads a record in a vendor's format, which Kafka has just got.
func readRecord(decoder *source.Decoder, in io.Reader, format string) (journey.Interaction, error) {
	value, err := io.ReadAll(in)
	if err != nil {
		return journey.Interaction{}, err
	}
	return decoder.Decode(source.Record{
		Value: value, Headers: []source.Header{{Key: source.HeaderFormat, Value: []byte(format)}}, Time: time.Now(),
	})
}

// readInteraction reads a CloudEvent or the short form.
func readInteraction(decoder *source.Decoder, raw json.RawMessage) (journey.Interaction, error) {
	var envelope struct {
		SpecVersion string `json:"specversion"`
	}
	if err := json.Unmarshal(raw, &envelope); err == nil && envelope.SpecVersion != "" {
		return decoder.Decode(source.Record{Value: raw})
	}
	var form journey.GivenForm
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&form); err != nil {
		return journey.Interaction{}, fmt.Errorf("neither a CloudEvent (no specversion) nor the short form: %w", err)
	}
	return form.Interaction()
}

// explainOne explains an interaction by every journey up to the first that tags it.
func explainOne(out io.Writer, files []string, journeys []*journey.Journey, in *journey.Interaction, format string) error {
	became := tellOf(in)
	if became != nil && format == "text" {
		became.write(out)
	}
	for i, j := range journeys {
		e := j.Explain(in)
		if format == "text" {
			writeExplanation(out, files[i], in, e)
		} else if err := writeExplanationJSON(out, files[i], j, e, became); err != nil {
			return err
		}
		if e.Tag.Rule != "" {
			break
		}
	}
	return nil
}

func writeExplanationJSON(out io.Writer, file string, j *journey.Journey, e journey.Explanation, became *told) error {
	x := explanation{Told: became, Journey: j.ID, File: file, Rules: e.Rules, Others: e.Others, Personas: e.Personas}
	if t := e.Tag; t.Rule != "" {
		x.Tag = &explainedTag{t.Version, t.Rule, t.Touchpoint, t.Channel, t.Department, t.Persona, t.Stages, t.Outcome, t.Automatic}
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(x)
}

func writeExplanation(out io.Writer, file string, in *journey.Interaction, e journey.Explanation) {
	t := e.Tag
	if t.Rule == "" {
		fmt.Fprintf(out, "unmapped: no rule of %s matches\n", file)
	} else {
		fmt.Fprintf(out, "rule %q of %s (version %s)\n", t.Rule, file, t.Version)
		for _, field := range [][2]string{
			{"touchpoint", string(t.Touchpoint)},
			{"channel", t.Channel},
			{"department", string(t.Department)},
			{"stages", stageNames(t.Stages)},
			{"persona", string(t.Persona)},
			{"outcome", string(t.Outcome)},
			{"automatic", yes(t.Automatic)},
		} {
			if field[1] != "" {
				fmt.Fprintf(out, "  %-11s %s\n", field[0], field[1])
			}
		}
	}
	fmt.Fprintf(out, "\nrules for source %q, type %q (the other %d look elsewhere):\n", in.Source, in.Type, e.Others)
	writeTrials(out, file, e.Rules)
	if len(e.Personas) > 0 {
		fmt.Fprintf(out, "\npersonas:\n")
		writeTrials(out, file, e.Personas)
	}
}

// writeTrials lists trials up to the one that decides in full, and those after it that match too by name.
func writeTrials(out io.Writer, file string, trials []journey.Trial) {
	decided := false
	for _, t := range trials {
		if decided {
			if t.Matched {
				fmt.Fprintf(out, "  -   %s  %s:%d (would match too, but comes later)\n", t.Name, file, t.Line)
			}
			continue
		}
		verdict := "no "
		if t.Decides {
			verdict = "YES"
		}
		fmt.Fprintf(out, "  %s %s  %s:%d\n", verdict, t.Name, file, t.Line)
		decided = t.Decides
		for _, term := range t.Terms {
			mark := "holds"
			if !term.Holds {
				mark = "fails"
			}
			fmt.Fprintf(out, "        %s  %s\n", mark, term.Text)
			if term.Error != "" {
				fmt.Fprintf(out, "               %s\n", term.Error)
			}
			for _, v := range term.Values {
				fmt.Fprintf(out, "               %s = %s\n", v.Name, shown(v.Value))
			}
		}
	}
}

func stageNames(ids []journey.StageID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	return strings.Join(names, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// shown renders a value in one line; a missing one is said to be so, and a long text is cut.
func shown(v any) string {
	if v == nil {
		return "missing"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 100
	s := string(b)
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return s
}
