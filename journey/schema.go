package journey

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of journey files, for editors.
func Schema() []byte { return schema }
