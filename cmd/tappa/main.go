// Command tappa computes customer-journey maps from what customers really did.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes: done, failed, wrong usage.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errUsage marks an error of the command line itself; its text has already been prepared for the user.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(errOut, "tappa:", err)
	if usage := (usageError{}); errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "tappa",
		Short: "Customer-journey maps computed from what customers really did",
		Long: `tappa reads real interactions (forms, emails, calls, tickets) from Kafka, tags them to
the stages and touchpoints of your journey, and shows where customers are lost, how long
they wait and how they feel, stage by stage.

Start with:  tappa up --demo      then open the page it prints.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q; `tappa --help` lists them", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; `%s --help` lists the flags", err, cmd.CommandPath())}
	})
	root.AddCommand(
		newUpCommand(),
		newServeCommand(),
		newImportCommand(),
		newReportCommand(),
		newKPICommand(),
		newRefreshCommand(),
		newSnapshotCommand(),
		newOpportunityCommand(),
		newNoteCommand(),
		newAlertCommand(),
		newExportCommand(),
		newVerifyCommand(),
		newSuiteCRMCommand(),
		newReplayCommand(),
		newRetagCommand(),
		newRescoreCommand(),
		newCorrectCommand(),
		newIdentityCommand(),
		newCheckCommand(),
		newEraseCommand(),
		newRetractCommand(),
		newExplainCommand(),
		newScoreCommand(),
		newTrainMoodCommand(),
		newSchemaCommand(),
		newTemplateCommand(),
		newDiscoverCommand(),
		newVersionCommand(),
	)
	for _, cmd := range root.Commands() {
		cmd.Args = asUsage(cmd.Args)
	}
	return root
}

// asUsage makes wrong arguments of a command an error of the command line.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		return usageError{fmt.Errorf("%w; `%s --help` says how it is used", err, cmd.CommandPath())}
	}
}
