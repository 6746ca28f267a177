package aggregate

import (
	"fmt"
	"strconv"
	"strings"

	"tappa/aggregate/walk"
	"tappa/journey"
)

// tag is what interactions have in common that were tagged alike: everything but who, when, where and what was written. Few
// tags stand for many interactions, so each is taken apart once.
type tag struct {
	origin, source, kind, activity, direction, priority                string
	journey, touchpoint, channel, department, persona, outcome, stages string
	moodLabel, moodEmotion, moodLang                                   string
	automatic, moodEligible                                            bool

	role      walk.Role
	positions []uint8 // of stages in the definition walked, ascending
}

// tagColumns are the columns of interactions that make a tag, in the order in which parseTag takes them.
var tagColumns = []string{
	"origin", "source", "type", "activity", "direction", "priority",
	"journey", "touchpoint", "channel", "department", "persona", "outcome", "arrayStringConcat(stages, ',')",
	"mood_label", "mood_emotion", "mood_lang",
	"toString(automatic + 2 * public + 4 * held + 8 * mood_eligible)",
}

// tagSeparator stands between the columns of a tag. A source's own words could contain it, so tagExpression takes it out.
const tagSeparator = "\x1f"

// tagExpression gives the tag of a row as one string: reading and interning that is several times faster than reading
// seventeen.
var tagExpression = func() string {
	parts := make([]string, len(tagColumns))
	for i, c := range tagColumns {
		parts[i] = "replaceAll(" + c + `, '\x1f', ' ')`
	}
	return "concatWithSeparator('\\x1f', " + strings.Join(parts, ", ") + ")"
}()

// tags interns tags.
type tags struct {
	known       map[string]*tag
	definitions map[string]*walk.Definition // by journey
}

// enoughTags bounds the memory that tags take where a source's words are different every time.
const enoughTags = 1 << 18

func (t *tags) get(text string) (*tag, error) {
	if known := t.known[text]; known != nil {
		return known, nil
	}
	parsed, err := parseTag(text)
	if err != nil {
		return nil, err
	}
	if def := t.definitions[parsed.journey]; def != nil && parsed.stages != "" {
		for id := range strings.SplitSeq(parsed.stages, ",") {
			if at, known := def.Position(id); known {
				parsed.positions = append(parsed.positions, at)
			}
		}
		sortUnique(&parsed.positions)
	}
	if len(t.known) >= enoughTags {
		t.known = map[string]*tag{}
	}
	t.known[text] = parsed
	return parsed, nil
}

func parseTag(text string) (*tag, error) {
	f := strings.Split(text, tagSeparator)
	if len(f) != len(tagColumns) {
		return nil, fmt.Errorf("tag %q has %d parts, want %d", text, len(f), len(tagColumns))
	}
	flags, err := strconv.Atoi(f[16])
	if err != nil {
		return nil, fmt.Errorf("tag %q: %w", text, err)
	}
	t := &tag{
		origin: f[0], source: f[1], kind: f[2], activity: f[3], direction: f[4], priority: f[5],
		journey: f[6], touchpoint: f[7], channel: f[8], department: f[9], persona: f[10], outcome: f[11], stages: f[12],
		moodLabel: f[13], moodEmotion: f[14], moodLang: f[15],
		automatic: flags&1 != 0, moodEligible: flags&8 != 0,
	}
	t.role = walk.RoleOf(journey.Source(t.source), t.kind, journey.Direction(t.direction), t.automatic, flags&2 != 0, flags&4 != 0)
	return t, nil
}
