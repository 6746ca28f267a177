package alert

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of alerts files, for editors.
func Schema() []byte { return schema }
