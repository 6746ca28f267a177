package journey

import "embed"

// Templates holds journey files to start from, as templates/NAME.yaml, each with its tagging tests beside it, as
// templates/NAME.tests.yaml.
//
//go:embed templates/*.yaml
var Templates embed.FS
