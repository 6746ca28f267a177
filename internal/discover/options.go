package discover

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"tappa/journey"
)

// probe is the smallest journey file that says what Options say: the loader of journey files knows what is wrong with it.
const probe = `journey: %q
labels: {it: x, en: x}
time_zone: %q
%sstages: [{id: x, labels: {it: x, en: x}, silence: 1d}]
touchpoints: [{id: x, labels: {it: x, en: x}, channels: [web], stages: [x]}]
rules: [{name: x, touchpoint: x}]
`

// Check says what of the options no journey file can hold, before anything is read.
func (o Options) Check() error {
	country := ""
	if o.Country != "" {
		country = fmt.Sprintf("default_country: %q\n", o.Country)
	}
	_, err := journey.Parse("options", fmt.Appendf(nil, probe, cmp.Or(o.ID, "discovered"), cmp.Or(o.TimeZone, "Europe/Rome"), country))
	problems, ok := errors.AsType[journey.Problems](err)
	if !ok {
		return err
	}
	says := make([]string, len(problems))
	for i, p := range problems {
		says[i] = p.Message
	}
	return errors.New(strings.Join(says, "; "))
}
