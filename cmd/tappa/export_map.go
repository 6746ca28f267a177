package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/dashboards"
	"tappa/journey"
)

// mapFlags are what only a map is asked for with.
type mapFlags struct{ lang, page string }

func (m *mapFlags) add(cmd *cobra.Command) {
	langFlag(cmd, &m.lang, "of a map: its language, it or en")
	cmd.Flags().StringVar(&m.page, "page", dashboards.MapPages[0], "of a map: paper's size, a3 or a4")
}

// check refuses values that there are not.
func (m *mapFlags) check() error {
	if !slices.Contains(dashboards.MapPages, m.page) {
		return fmt.Errorf("--page %q: there are: %s", m.page, strings.Join(dashboards.MapPages, ", "))
	}
	return nil
}

// exportMap writes the journey map on one page.
func exportMap(cmd *cobra.Command, f reportFlags, m mapFlags, file string) (err error) {
	checked := f
	checked.format = "csv"
	if err := checkReport("dropoff", checked); err != nil {
		return usageError{err}
	}
	ctx := cmd.Context()
	store, closeStore, err := openStore(ctx, f.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	stored, err := store.Journeys(ctx)
	if err != nil {
		return err
	}
	j, err := chooseJourney(stored, f.query.Journey)
	if err != nil {
		return err
	}
	f.query.Journey = string(j.ID)
	q, err := f.withInstants(ctx, store)
	if err != nil {
		return err
	}
	// Written wholly before a file is made: half a map is none, and an error leaves no file behind.
	var out strings.Builder
	what := dashboards.MapFile{Store: store, Journey: j, Query: q, Lang: m.lang, Format: f.format, Page: m.page}
	if err := what.Write(ctx, &out); err != nil {
		err = fmt.Errorf("export map: %w", err)
		if wrong := (*dashboards.MapError)(nil); errors.As(err, &wrong) {
			return usageError{err}
		}
		return err
	}
	return toFile(cmd, file, func(w io.Writer) error {
		_, err := io.WriteString(w, out.String())
		return err
	})
}

// chooseJourney finds a stored journey; "" is the only one there is.
func chooseJourney(stored []aggregate.StoredJourney, id string) (*journey.Journey, error) {
	var ids []string
	for _, s := range stored {
		if string(s.Journey) == id || id == "" && len(stored) == 1 {
			j, err := journey.Parse(string(s.Journey), []byte(s.YAML))
			if err != nil {
				return nil, fmt.Errorf("read stored journey %s: %w", s.Journey, err)
			}
			return j, nil
		}
		ids = append(ids, string(s.Journey))
	}
	switch {
	case len(ids) == 0:
		return nil, errors.New("export map: no journey is stored: import something first (`tappa import --journey FILE …`)")
	case id == "":
		return nil, usageError{fmt.Errorf("--journey: say which; there are: %s", strings.Join(ids, ", "))}
	}
	return nil, usageError{fmt.Errorf("--journey %q: there are: %s", id, strings.Join(ids, ", "))}
}
