package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/journey"
)

func newNoteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "note",
		Short: "what people said in interviews, or saw: kept beside the numbers, never mixed into them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNoteAddCommand(), newNoteListCommand(), newNoteDeleteCommand())
	return cmd
}

func newNoteAddCommand() *cobra.Command {
	var dir, journeyID, feeling string
	var n aggregate.Note
	cmd := &cobra.Command{
		Use:   "add",
		Short: "add a note",
		Example: `  tappa note add --data data/demo --kind interview --stage decision --touchpoint quote --feeling -2 --by Anna --day 2026-03-03 \
      --text "Mi sentivo abbandonato: dopo il preventivo nessuno ha più chiamato"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if feeling != "" {
				v, err := strconv.ParseFloat(feeling, 64)
				if err != nil {
					return usageError{fmt.Errorf("--feeling %q: a number from -2 to 2", feeling)}
				}
				n.Feeling = &v
			}
			n.Journey = journey.JourneyID(journeyID)
			return writing(cmd, dir, func(ctx context.Context, store *aggregate.Store) error {
				added, err := store.AddNote(ctx, n)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "note %s added\n", added.ID)
				return err
			})
		},
	}
	targetFlag(cmd, &dir)
	flags := cmd.Flags()
	flags.StringVar(&journeyID, "journey", "", "journey's id (default: the only one stored)")
	flags.StringVar(&n.Kind, "kind", "interview", strings.Join(aggregate.NoteKinds(), ", "))
	flags.StringVar(&n.Stage, "stage", "", "stage it is about")
	flags.StringVar(&n.Touchpoint, "touchpoint", "", "touchpoint it is about")
	flags.StringVar(&n.Persona, "persona", "", "persona who said it")
	flags.StringVar(&feeling, "feeling", "", "how it felt, as they put it, from -2 to 2")
	flags.StringVar(&n.Text, "text", "", "what was said or seen")
	flags.StringVar(&n.By, "by", "", "who wrote it down")
	flags.StringVar(&n.Day, "day", "", "when it was said: 2026-03-03 (default: today)")
	for _, name := range []string{"text", "by"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func newNoteListCommand() *cobra.Command {
	var f snapshotFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list the notes of a journey",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.reading(cmd, func(ctx context.Context, store *aggregate.Store) error {
				list, err := store.Notes(ctx, f.journey)
				if err != nil {
					return err
				}
				if f.format == "json" {
					return writeIndented(cmd.OutOrStdout(), append([]aggregate.Note{}, list...))
				}
				return writeNotes(cmd.OutOrStdout(), list)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func writeNotes(w io.Writer, list []aggregate.Note) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "id\tday\tkind\tstage\ttouchpoint\tpersona\tfeeling\tby\ttext")
	for _, n := range list {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", n.ID, n.Day, n.Kind, dashed(n.Stage), dashed(n.Touchpoint), dashed(n.Persona),
			number(n.Feeling, ""), n.By, strings.Join(strings.Fields(n.Text), " "))
	}
	return out.Flush()
}

func newNoteDeleteCommand() *cobra.Command {
	var dir, id string
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "take a note away",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return writing(cmd, dir, func(ctx context.Context, store *aggregate.Store) error {
				if err := store.DeleteNote(ctx, id, args[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "note %s deleted\n", args[0])
				return err
			})
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().StringVar(&id, "journey", "", "journey's id (default: the only one stored)")
	return cmd
}
