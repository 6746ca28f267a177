package identity

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// plan is the numbering plan of a calling code, made of the library's data: its patterns, as automata over digits, in place
// of the dozen regular expressions that the library tries on a number. It says which numbers are valid, as
// phonenumbers.IsValidNumber does.
type plan struct {
	code    string     // "39"
	regions []region   // in the library's order
	idd     *automaton // with what numbers abroad begin in the country; nil: nothing
	trunk   *automaton // with what numbers begin in the country and not from abroad; nil: nothing
}

// region is a country, or a territory that shares a country's calling code.
type region struct {
	leading *automaton // with what exactly its numbers begin; nil: only validity tells
	general numbers
	kinds   []numbers // of fixed lines, mobile telephones, …
}

// numbers are those of a region, or of one kind.
type numbers struct {
	lengths uint32 // by bits; 0 is any
	pattern *automaton
}

// maxCode is above all calling codes.
const maxCode = 1000

// plans has the plan of each calling code, made when it is first asked for; nil where the library's data cannot be read.
var plans = func() (all [maxCode]func() *plan) {
	for code := range all {
		all[code] = sync.OnceValue(func() *plan { return newPlan(code) })
	}
	return all
}()

// territories are the library's data by region, and by calling code for numbers of no region.
var territories = sync.OnceValue(func() map[string]*phonenumbers.PhoneMetadata {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil
	}
	out := map[string]*phonenumbers.PhoneMetadata{}
	for _, t := range all.GetMetadata() {
		out[territory(t.GetId(), int(t.GetCountryCode()))] = t
	}
	return out
})

func territory(id string, code int) string {
	if id == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
		return id + strconv.Itoa(code)
	}
	return id
}

// newPlan makes the plan of a calling code; nil where there is none, or a pattern is of an unknown kind.
func newPlan(code int) *plan {
	ids := phonenumbers.GetRegionCodesForCountryCode(code)
	if len(ids) == 0 {
		return nil
	}
	p := &plan{code: strconv.Itoa(code)}
	known := true
	compile := func(pattern string) *automaton {
		if pattern == "" {
			return nil
		}
		a, ok := newAutomaton(pattern)
		known = known && ok
		return a
	}
	for i, id := range ids {
		t := territories()[territory(id, code)]
		if t == nil {
			return nil
		}
		if i == 0 {
			p.idd, p.trunk = compile(t.GetInternationalPrefix()), compile(t.GetNationalPrefixForParsing())
		}
		r := region{general: numbersOf(t.GetGeneralDesc(), compile)}
		if len(ids) > 1 { // else nothing has to be told apart
			r.leading = compile(t.GetLeadingDigits())
		}
		for _, kind := range [...]*phonenumbers.PhoneNumberDesc{
			t.GetFixedLine(), t.GetMobile(), t.GetTollFree(), t.GetPremiumRate(), t.GetSharedCost(), t.GetVoip(),
			t.GetPersonalNumber(), t.GetPager(), t.GetUan(), t.GetVoicemail(),
		} {
			if n := numbersOf(kind, compile); n.pattern != nil {
				r.kinds = append(r.kinds, n)
			}
		}
		p.regions = append(p.regions, r)
	}
	if !known {
		return nil
	}
	return p
}

func numbersOf(d *phonenumbers.PhoneNumberDesc, compile func(string) *automaton) numbers {
	n := numbers{pattern: compile(d.GetNationalNumberPattern())}
	for _, length := range d.GetPossibleLength() {
		if length < 0 {
			return numbers{} // the library's way to say that there are none
		}
		n.lengths |= 1 << length
	}
	return n
}

// valid reports whether there may be a number of these digits, without calling code, at most 31 of them.
func (p *plan) valid(digits []byte) bool {
	for i := range p.regions {
		r := &p.regions[i]
		if r.leading != nil && r.leading.begins(digits) {
			return r.valid(digits)
		}
		if r.leading == nil && r.valid(digits) {
			return true
		}
	}
	return false
}

func (r *region) valid(digits []byte) bool {
	if !r.general.include(digits) {
		return false
	}
	for i := range r.kinds {
		if r.kinds[i].include(digits) {
			return true
		}
	}
	return false
}

func (n *numbers) include(digits []byte) bool {
	return (n.lengths == 0 || n.lengths>>len(digits)&1 != 0) && n.pattern != nil && n.pattern.matches(digits)
}

// planFor returns the plan of the calling code with which the digits of an international number begin, or nil.
func planFor(digits []byte) *plan {
	code := 0
	for i := 0; i < len(digits) && i < 3; i++ {
		code = code*10 + int(digits[i]-'0')
		if code == 0 {
			return nil
		}
		if p := plans[code](); p != nil {
			return p
		}
	}
	return nil
}

// planOf returns the plan of a country, or nil where the country is not the first of its calling code.
func planOf(country string) *plan {
	code := phonenumbers.GetCountryCodeForRegion(country)
	if ids := phonenumbers.GetRegionCodesForCountryCode(code); len(ids) == 0 || ids[0] != country {
		return nil
	}
	return plans[code]()
}

// plain takes a number apart that is written in digits and separators only, and returns its digits from the calling code on,
// and those behind it. It comes to what phonenumbers.Parse comes to, which tries some ten regular expressions on every
// number. p is nil for a number of which it takes more to say: one that begins with what is dialled in the country only, or
// may begin with a calling code without a plus. Whether the number exists is not looked at.
func plain(s, country string, room []byte) (p *plan, all, national []byte) {
	rest, abroad := strings.CutPrefix(s, "+")
	if !abroad {
		if p = planOf(country); p == nil {
			return nil, nil, nil
		}
		room = append(room, p.code...)
	}
	begin := len(room)
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			room = append(room, c)
		case i == 0 || strings.IndexByte(" -./", c) < 0:
			return nil, nil, nil
		}
	}
	if abroad {
		if p = planFor(room); p == nil {
			return nil, nil, nil
		}
		begin = len(p.code)
	}
	national = room[begin:]
	switch {
	case len(national) < 5 || len(room) > 15: // hardly a number: let the library say
		return nil, nil, nil
	case p.trunk != nil && p.trunk.begins(national):
		return nil, nil, nil
	case !abroad && (strings.HasPrefix(string(national), p.code) || p.idd != nil && p.idd.begins(national)):
		return nil, nil, nil
	}
	return p, room, national
}
