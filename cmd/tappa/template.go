package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tappa/journey"
)

func newTemplateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "template [NAME]",
		Short: "Print a journey file to start from; without a name, list them",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listTemplates(cmd)
			}
			data, err := journey.Templates.ReadFile("templates/" + args[0] + ".yaml")
			if err != nil {
				return usageError{fmt.Errorf("there is no template %q; `tappa template` lists them", args[0])}
			}
			_, err = cmd.OutOrStdout().Write(data)
			return err
		},
	}
}

func listTemplates(cmd *cobra.Command) error {
	for _, name := range journey.TemplateNames() {
		j, err := journey.Template(name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-16s %s\n", name, j.Labels.In("en")); err != nil {
			return err
		}
	}
	return nil
}
