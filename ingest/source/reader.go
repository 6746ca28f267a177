package source

import (
	"slices"
	"strings"
	"unsafe"

	"tappa/ingest/identity"
	"tappa/ingest/source/tree"
	"tappa/journey"
)

// reader holds what decoding one record needs and the next can use again. It keeps the first thing found wrong, so
// that decoders read field after field and need not look at errors.
type reader struct {
	tree tree.Tree
	kept arena               // of what interactions keep beside the record itself
	in   journey.Interaction // here because decoders fill it through a pointer
	err  *Error
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
	if size > largeRecord {
		return
	}
	r.in, r.err = journey.Interaction{}, nil
	d.readers.Put(r)
}

// object is a JSON object being read. An absent member and null are the same: the zero value.
type object struct {
	r    *reader
	in   tree.Value // absent: an object without members
	path string     // where it stands, for errors
}

// open begins to read an object. A name that stands there twice is refused: JSON readers disagree about which one
// counts, and the rules, which read the raw payload, must not see another value than the decoder.
func (r *reader) open(path string, v tree.Value) object {
	o := object{r: r, in: v, path: path}
	if m := v.Repeated(); m.Kind() != tree.Absent {
		o.fail(clip(string(m.Name())), "there twice")
	}
	return o
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

// get returns a member, or the zero value if it is absent or null.
func (o object) get(name string) tree.Value {
	m := o.in.Member(name)
	if m.Kind() == tree.Null {
		return tree.Value{}
	}
	return m
}

// said returns what a string says, in memory that lives on, and false for a value that is none.
func (r *reader) said(v tree.Value) (string, bool) {
	b, ok := v.Text()
	if v.Escaped() {
		return r.kept.text(b), ok
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), ok // of the record, which nobody writes to
}

// text returns a member that is text.
func (o object) text(name string) string {
	v := o.get(name)
	if v.Kind() == tree.Absent {
		return ""
	}
	s, ok := o.r.said(v)
	if !ok {
		o.fail(name, "expected text, got %s", v.Kind())
	}
	return s
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
	} else if o.get(name).Kind() == tree.String {
		o.fail(name, "empty, expected one of %s", strings.Trim(strings.Join(words, ", "), " ,"))
	}
	return words[0]
}

// number returns a member that is a number.
func (o object) number(name string) float64 {
	v := o.get(name)
	if v.Kind() == tree.Absent {
		return 0
	}
	f, ok := v.Float64()
	if !ok {
		o.fail(name, "expected a number, got %s", v.Kind())
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
	switch v := o.get(name); v.Kind() {
	case tree.True:
		return true
	case tree.Absent, tree.False:
	default:
		o.fail(name, "expected true or false, got %s", v.Kind())
	}
	return false
}

// texts returns a member that is a list of texts.
func (o object) texts(name string) []string {
	v := o.get(name)
	if v.Kind() == tree.Absent {
		return nil
	}
	if v.Kind() != tree.Array {
		o.fail(name, "expected a list of texts, got %s", v.Kind())
		return nil
	}
	list := []string{}
	for inner := v.First(); inner.Kind() != tree.Absent; inner = v.After(inner) {
		s, ok := o.r.said(inner)
		if !ok {
			o.fail(name, "expected a list of texts, got %s in it", inner.Kind())
		}
		list = append(list, s)
	}
	return list
}

// object returns a member that is an object; absent, one without members.
func (o object) object(name string) object {
	path := o.path + "." + name
	v := o.get(name)
	if k := v.Kind(); k != tree.Absent && k != tree.Object {
		o.fail(name, "expected an object, got %s", k)
		v = tree.Value{}
	}
	return o.r.open(path, v)
}

// required reports a member that is not there.
func (o object) required(name string) {
	if o.get(name).Kind() == tree.Absent {
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
	if o.get("rating").Kind() == tree.Absent {
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
