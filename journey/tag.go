package journey

// Tag says what the journey file says about an interaction: the first rule whose source, type and condition match
// decides, and the first persona whose condition holds is revealed. The zero Tag means no rule matched. Tag reads
// nothing but its argument, keeps nothing of it, and may be called from many goroutines at once. The tag's Stages are
// shared; callers must not change them.
//
// A condition that fails while it is evaluated (a number compared with a text inside the payload) counts as not
// matched and is counted; see RuleErrors.
func (j *Journey) Tag(in *Interaction) Tag {
	p := j.program
	candidates := p.candidates(in.Source, in.Type)
	if len(candidates) == 0 {
		return Tag{}
	}
	f := p.frames.Get().(*frame)
	f.load(in)
	tag := p.tag(f, candidates)
	f.release()
	p.frames.Put(f)
	return tag
}

func (p *program) tag(f *frame, candidates []int) Tag {
	for _, i := range candidates {
		r := &p.rules[i]
		if !r.when.holds(f, &r.errors) {
			continue
		}
		tag := r.tag
		tag.Automatic = tag.Automatic || f.Automatic
		for k := range p.personas {
			if persona := &p.personas[k]; persona.when.holds(f, &persona.errors) {
				tag.Persona = persona.id
				break
			}
		}
		return tag
	}
	return Tag{}
}

// RuleErrors counts, by rule name, how often a condition failed while it was evaluated; personas are listed as
// "persona NAME". Rules without failures are left out.
func (j *Journey) RuleErrors() map[string]uint64 {
	out := map[string]uint64{}
	for i := range j.program.rules {
		if n := j.program.rules[i].errors.Load(); n > 0 {
			out[j.Rules[i].Name] = n
		}
	}
	for i := range j.program.personas {
		if n := j.program.personas[i].errors.Load(); n > 0 {
			out["persona "+string(j.program.personas[i].id)] = n
		}
	}
	return out
}
