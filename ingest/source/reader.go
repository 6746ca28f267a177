package source

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/valyala/fastjson"

	"tappa/ingest/identity"
	"tappa/journey"
)

// reader holds what decoding one record needs and the next can use again. It keeps the first thing found wrong, so
// that decoders read field after field and need not look at errors.
type reader struct {
	parser  fastjson.Parser
	kept    arena // of what interactions keep
	members []member
	in      journey.Interaction // here because decoders fill it through a pointer
	err     *Error
}

// member is one member of an object.
type member struct {
	name  []byte // the parser's memory
	value *fastjson.Value
}

// largeRecord is where a reader's memory stops being worth keeping, in bytes of the record.
const largeRecord = 1 << 20

func (d *Decoder) reader() *reader {
	if r, ok := d.readers.Get().(*reader); ok {
		return r
	}
	return &reader{}
}

func (d *Decoder) release(r *reader, size int) {
	if size > largeRecord || len(r.members) > 1024 {
		return
	}
	clear(r.members)
	r.members, r.in, r.err = r.members[:0], journey.Interaction{}, nil
	d.readers.Put(r)
}

// object is a JSON object being read. An absent member and null are the same: the zero value.
type object struct {
	r       *reader
	members []member
	path    string // where it stands, for errors
}

// open lists an object's members. A name that stands there twice is refused: JSON readers disagree about which one
// counts, and the rules, which read the raw payload, must not see another value than the decoder.
func (r *reader) open(path string, o *fastjson.Object) object {
	start, many := len(r.members), o.Len() > 48
	o.Visit(func(key []byte, v *fastjson.Value) {
		if !many && slices.ContainsFunc(r.members[start:], func(m member) bool { return bytes.Equal(m.name, key) }) {
			r.fail(path+"."+clip(string(key)), "there twice")
		}
		r.members = append(r.members, member{key, v})
	})
	members := r.members[start:len(r.members):len(r.members)]
	if many {
		seen := make(map[string]bool, len(members))
		for _, m := range members {
			if seen[string(m.name)] {
				r.fail(path+"."+clip(string(m.name)), "there twice")
			}
			seen[string(m.name)] = true
		}
	}
	return object{r: r, members: members, path: path}
}

func (r *reader) fail(field, format string, args ...any) {
	if r.err == nil {
		r.err = fail(ReasonBadPayload, field, format, args...)
	}
}

// fail keeps what is wrong with a member.
func (o object) fail(name, format string, args ...any) {
	o.r.fail(o.path+"."+name, format, args...)
}

// get returns a member, or nil if it is absent or null.
func (o object) get(name string) *fastjson.Value {
	for i := range o.members {
		if string(o.members[i].name) == name {
			if v := o.members[i].value; v.Type() != fastjson.TypeNull {
				return v
			}
			return nil
		}
	}
	return nil
}

// text returns a member that is text.
func (o object) text(name string) string {
	v := o.get(name)
	if v == nil {
		return ""
	}
	b, err := v.StringBytes()
	if err != nil {
		o.fail(name, "expected text, got %s", v.Type())
	}
	return o.r.kept.text(b)
}

// need returns a member that is text and not empty.
func (o object) need(name string) string {
	s := o.text(name)
	if s == "" {
		o.fail(name, "missing or empty, expected text")
	}
	return s
}

// oneOf returns a member that is one of a few words; the first of them is what an absent one means.
func (o object) oneOf(name string, words ...string) string {
	s := o.text(name)
	if slices.Contains(words, s) {
		return s
	}
	if s != "" {
		o.fail(name, "%q, expected one of %s", clip(s), strings.Trim(strings.Join(words, ", "), " ,"))
	} else if v := o.get(name); v != nil && v.Type() == fastjson.TypeString {
		o.fail(name, "empty, expected one of %s", strings.Trim(strings.Join(words, ", "), " ,"))
	}
	return words[0]
}

// number returns a member that is a number.
func (o object) number(name string) float64 {
	v := o.get(name)
	if v == nil {
		return 0
	}
	f, err := v.Float64()
	if err != nil || f-f != 0 { // not finite
		o.fail(name, "expected a number, got %s", v.Type())
		return 0
	}
	return f
}

// amount returns a member that is a number of at least 0.
func (o object) amount(name string) float64 {
	f := o.number(name)
	if f < 0 {
		o.fail(name, "%v, expected at least 0", f)
	}
	return f
}

// flag returns a member that is true or false.
func (o object) flag(name string) bool {
	v := o.get(name)
	if v == nil {
		return false
	}
	b, err := v.Bool()
	if err != nil {
		o.fail(name, "expected true or false, got %s", v.Type())
	}
	return b
}

// texts returns a member that is a list of texts.
func (o object) texts(name string) []string {
	v := o.get(name)
	if v == nil {
		return nil
	}
	values, err := v.Array()
	if err != nil {
		o.fail(name, "expected a list of texts, got %s", v.Type())
		return nil
	}
	list := make([]string, len(values))
	for i, v := range values {
		b, err := v.StringBytes()
		if err != nil {
			o.fail(name, "expected a list of texts, got %s in it", v.Type())
		}
		list[i] = o.r.kept.text(b)
	}
	return list
}

// object returns a member that is an object; absent, one without members.
func (o object) object(name string) object {
	path := o.path + "." + name
	v := o.get(name)
	if v == nil {
		return object{r: o.r, path: path}
	}
	inner, err := v.Object()
	if err != nil {
		o.fail(name, "expected an object, got %s", v.Type())
		return object{r: o.r, path: path}
	}
	return o.r.open(path, inner)
}

// required reports a member that is not there.
func (o object) required(name string) {
	if o.get(name) == nil {
		o.fail(name, "missing")
	}
}

// party returns a member that says who somebody is, and the name in it.
func (o object) party(member string) (identity.Party, string) {
	c := o.object(member)
	p := identity.Party{
		CRM: c.text("crm"), Email: c.text("email"), Phone: c.text("phone"), Cookie: c.text("cookie"), Account: c.text("account"),
	}
	name := c.text("name")
	return p, name
}

// rating returns the member "rating", or nil.
func (o object) rating() *journey.Rating {
	if o.get("rating") == nil {
		return nil
	}
	in := o.object("rating")
	for _, name := range []string{"kind", "score", "min", "max"} {
		in.required(name)
	}
	r := &journey.Rating{
		Kind: in.oneOf("kind", "csat", "nps", "ces", "stars"), Score: in.number("score"), Min: in.number("min"), Max: in.number("max"),
	}
	if r.Min >= r.Max || r.Score < r.Min || r.Score > r.Max {
		in.fail("score", "%v on a scale from %v to %v", r.Score, r.Min, r.Max)
	}
	return r
}

// lang returns the member "lang" as a bare language: "it" for "it-IT".
func (o object) lang() string {
	s := strings.TrimSpace(o.text("lang"))
	if i := strings.IndexAny(s, "-_"); i >= 0 {
		s = s[:i]
	}
	return strings.ToLower(s)
}

// activity sets the source's own word for what happened, where there is one.
func (o object) activity(in *journey.Interaction) {
	if s := o.text("activity"); s != "" {
		in.Activity = s
	}
}

// unescape returns the text of a JSON string without its quotes.
func unescape(written []byte) string {
	var s string
	quoted := append(append([]byte{'"'}, written...), '"')
	if err := json.Unmarshal(quoted, &s); err != nil {
		return ""
	}
	return s
}
