package app

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/kelseyhightower/envconfig"

	"tappa/journey"
)

// variablePrefix is what the names of all variables begin with.
const variablePrefix = "TAPPA_"

// foreign are variables that begin likewise and are none of Config's: where the engine's library is, and what Kubernetes
// tells every container of a service whose name begins with tappa.
var foreign = regexp.MustCompile(`^(LIBCHDB|([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_[A-Z0-9_]+))=|^([A-Z0-9_]+_)?PORT=[a-z]+://`)

// unknown gives the variables that Config does not have, without what they begin with, and for each the one that was
// probably meant, or "".
func unknown() (map[string]string, error) {
	var list strings.Builder
	if err := envconfig.Usagef("tappa", &Config{}, &list, "{{range .}}{{if usage_description .}}{{usage_key .}} {{end}}{{end}}"); err != nil {
		return nil, err
	}
	known := strings.Fields(strings.ToLower(strings.ReplaceAll(list.String(), variablePrefix, "")))
	out := map[string]string{}
	for _, pair := range os.Environ() {
		pair, ours := strings.CutPrefix(pair, variablePrefix)
		name, _, _ := strings.Cut(pair, "=")
		if ours && !foreign.MatchString(pair) && !slices.Contains(known, strings.ToLower(name)) {
			out[name] = strings.ToUpper(journey.Nearest(name, known))
		}
	}
	return out, nil
}

// checkNames refuses variables that are nearly one of Config's. Others are kept to be warned of: the gateway's file may
// name them.
func (c *Config) checkNames(w *wrong) {
	names, err := unknown()
	if err != nil {
		w.errs = append(w.errs, err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		near := names[name]
		if near == "" {
			c.unknown = append(c.unknown, variablePrefix+name)
			continue
		}
		w.add(name, fmt.Sprintf("there is no such variable; did you mean %s%s?", variablePrefix, near))
	}
}

// warnOfUnknown tells of variables that nothing reads.
func (c *Config) warnOfUnknown(logger *slog.Logger) {
	if len(c.unknown) > 0 {
		logger.Warn("there are no such variables, and nothing but a gateway's file may use them; `tappa serve --help` lists those there are", "variables", c.unknown)
	}
}
