package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"tappa/aggregate"
)

// IdentityOptions says whose identity is looked at or stated, and where.
type IdentityOptions struct {
	Target    Target
	Key       string              // ShowIdentity: a contact key or an account, or what FindKeys makes one of
	Statement aggregate.Statement // State; its keys may be given as Key is
	Limit     int                 // SharedKeys: how many, 0 for all
	Masked    bool                // contact keys are shortened
	JSON      bool
	Out       io.Writer
	Logger    *slog.Logger
}

// ShowIdentity prints who a key belongs to: the person or account, the keys, what connects them, and the cases.
func ShowIdentity(ctx context.Context, opts IdentityOptions) error {
	return opts.with(ctx, func(at *workshop) error {
		key, err := oneKey(ctx, at.store, opts.Key)
		if err != nil {
			return err
		}
		if aggregate.IsAccount(key) {
			found, err := at.store.Account(ctx, key)
			if err != nil {
				return err
			}
			if opts.Masked {
				found = found.Masked()
			}
			return opts.print(found, func(w io.Writer) { printAccount(w, found) })
		}
		found, err := at.store.Identity(ctx, key)
		if err != nil {
			return err
		}
		if opts.Masked {
			found = found.Masked()
		}
		return opts.print(found, func(w io.Writer) { printIdentity(w, found) })
	})
}

// SharedKeys prints the keys that connect nobody.
func SharedKeys(ctx context.Context, opts IdentityOptions) error {
	return opts.with(ctx, func(at *workshop) error {
		list, err := at.store.SharedKeys(ctx, opts.Limit)
		if err != nil {
			return err
		}
		for i := range list {
			if opts.Masked {
				list[i].Key = aggregate.MaskKey(list[i].Key)
			}
		}
		return opts.print(append([]aggregate.SharedKey{}, list...), func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "no contact key is shared")
				return
			}
			fmt.Fprintln(w, "key\treason\tcrm\temail\tphone\tothers\tlast seen\taccount")
			for _, k := range list {
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", k.Key, k.Reason, k.CRM, k.Email, k.Phone, k.Others, day(k.LastAt), k.Account)
			}
		})
	})
}

// Statements prints what people state of keys, the newest first.
func Statements(ctx context.Context, opts IdentityOptions) error {
	return opts.with(ctx, func(at *workshop) error {
		list, err := at.store.Statements(ctx)
		if err != nil {
			return err
		}
		return opts.print(append([]aggregate.Statement{}, list...), func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "nothing is stated")
				return
			}
			fmt.Fprintln(w, "verdict\ta\tb\tby\tat\twhy")
			for _, s := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Verdict, s.A, s.B, s.By, s.At.UTC().Format("2006-01-02 15:04"), s.Why)
			}
		})
	})
}

// State stores what a person says of two keys, or takes it back, and has the persons concerned walked.
func State(ctx context.Context, opts IdentityOptions) error {
	return opts.with(ctx, func(at *workshop) error {
		st := opts.Statement
		var err error
		for _, key := range []*string{&st.A, &st.B} {
			if *key, err = oneKey(ctx, at.store, *key); err != nil {
				return err
			}
		}
		if err := at.store.State(ctx, st); err != nil {
			return err
		}
		fmt.Fprintf(opts.Out, "%s and %s: %s, says %s\n", st.A, st.B, cmp.Or(st.Verdict, "what was stated is taken back"), st.By)
		if !at.own {
			return nil
		}
		journeys, err := at.journeys(ctx, nil)
		if err != nil {
			return err
		}
		if err := at.walk(ctx, opts.Out, journeys, opts.Logger); err != nil {
			return err
		}
		return told(ctx, at.store, st, opts.Out)
	})
}

// told says how two keys stand to each other now, since other facts may weigh more than what was stated.
func told(ctx context.Context, store *aggregate.Store, st aggregate.Statement, out io.Writer) error {
	a, err := store.Identity(ctx, st.A)
	if err != nil {
		return err
	}
	b, err := store.Identity(ctx, st.B)
	if err != nil {
		return err
	}
	switch same := a.Person == b.Person; {
	case same:
		fmt.Fprintf(out, "they are one person now: %s\n", a.Person)
	default:
		fmt.Fprintf(out, "they are two persons now: %s and %s\n", a.Person, b.Person)
	}
	if st.Verdict == aggregate.VerdictSame && a.Person != b.Person {
		fmt.Fprintln(out, "another statement keeps them apart: `tappa identity statements` lists them")
	}
	return nil
}

func (o IdentityOptions) with(ctx context.Context, use func(*workshop) error) (err error) {
	at, err := o.Target.open(ctx, o.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	return use(&at)
}

func (o IdentityOptions) print(value any, table func(io.Writer)) error {
	if o.JSON {
		return printJSON(o.Out, value)
	}
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// oneKey gives the key that a text means. If it may mean several, the error lists them.
func oneKey(ctx context.Context, store *aggregate.Store, text string) (string, error) {
	found, err := store.FindKeys(ctx, text, 10)
	if err != nil {
		return "", err
	}
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("%q: %w: give a mail address, a phone number, a CRM id or a company's domain", text, aggregate.ErrNoKey)
	case len(found) == 1 || found[0] == text:
		return found[0], nil
	}
	list := ""
	for _, key := range found {
		list += "\n  " + key
	}
	return "", fmt.Errorf("%q may be any of these; name one in full:%s", text, list)
}

func printAccount(w io.Writer, a aggregate.AccountIdentity) {
	fmt.Fprintf(w, "account %s: %d persons\n", a.Account, len(a.Persons))
	for _, person := range a.Persons {
		fmt.Fprintf(w, "  %s\n", person)
	}
	printCases(w, a.Cases)
}

func printIdentity(w io.Writer, i aggregate.Identity) {
	fmt.Fprintf(w, "person %s", i.Person)
	if i.Account != "" {
		fmt.Fprintf(w, " of %s", i.Account)
	}
	fmt.Fprintln(w)
	if i.Shared != "" {
		fmt.Fprintf(w, "%s is shared (%s): it connects nobody\n", i.Key, i.Shared)
	}
	fmt.Fprintln(w, "\nkey\tinteractions\tlast seen")
	for _, k := range i.Keys {
		fmt.Fprintf(w, "%s\t%d\t%s\n", k.Key, k.Interactions, day(k.LastAt))
	}
	if i.MoreKeys {
		fmt.Fprintln(w, "…")
	}
	if len(i.Links) > 0 {
		fmt.Fprintln(w, "\nlink\twith\twhy\tcounts\tfirst\tlast\tshown by")
	}
	for _, l := range i.Links {
		by := l.Origin + " " + l.ID
		if l.By != "" {
			by = l.By + ": " + l.Why
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.A, l.B, l.Reason, l.Counts, day(l.At), day(l.LastAt), by)
	}
	printCases(w, i.Cases)
}

func printCases(w io.Writer, cases []aggregate.IdentityCase) {
	if len(cases) == 0 {
		fmt.Fprintln(w, "\nno case")
		return
	}
	fmt.Fprintln(w, "\ncase\tjourney\tof\tattempt\tstage\texit\topened\tlast seen")
	for _, c := range cases {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", c.CaseID, c.Journey, c.Subject, c.Attempt, c.Stage, c.Exit, day(c.OpenedAt), day(c.LastAt))
	}
}

// day gives a day, or a dash for none.
func day(at time.Time) string {
	if at.Unix() <= 0 {
		return "–"
	}
	return at.UTC().Format(time.DateOnly)
}
