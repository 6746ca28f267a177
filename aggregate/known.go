package aggregate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tappa/journey"
)

// namedFilters are the filters whose values are names of things: of the journey file, or of what was stored under an earlier one.
func (q *Query) namedFilters() [][2]string {
	return [][2]string{{"persona", q.Persona}, {"channel", q.Channel}, {"touchpoint", q.Touchpoint}, {"department", q.Department}}
}

// checkNames refuses a value of a filter that neither a definition of the journey knows nor anything stored has: a slip would give an
// answer of zeros.
func (s *Store) checkNames(ctx context.Context, info ReportInfo, q Query) error {
	for _, filter := range q.namedFilters() {
		what, value := filter[0], filter[1]
		if value == "" || value == noneKey || q.Journey == "" || !info.takes(what) {
			continue
		}
		stored, err := s.storedNames(ctx, q.Journey, what)
		if err != nil {
			return err
		}
		if slices.Contains(stored, value) {
			continue
		}
		current, earlier, err := s.declaredNames(ctx, q.Journey, what)
		if err != nil {
			return err
		}
		if slices.Contains(earlier, value) {
			continue // something may be kept that asks for it: an opportunity, an alert
		}
		known := append(stored, current...)
		slices.Sort(known)
		if err := oneOf(what, value, slices.Compact(known)); err != nil {
			return err
		}
	}
	return nil
}

// storedNames are the values that tags of a journey have, under whatever definition.
func (s *Store) storedNames(ctx context.Context, id, what string) (names []string, err error) {
	// What is a name of ours, and a column of table tags.
	query := fmt.Sprintf("SELECT arraySort(groupUniqArray(toString(%[1]s))) FROM tags WHERE journey = {journey:String} AND %[1]s != ''", what)
	if err := s.conn.QueryRow(withParameters(ctx, map[string]string{"journey": id}), query).Scan(&names); err != nil {
		return nil, fmt.Errorf("list what is stored of %s: %w", what, err)
	}
	return names, nil
}

// declaredNames are those of the journey's current definition, and of all before it.
func (s *Store) declaredNames(ctx context.Context, id, what string) (current, earlier []string, err error) {
	const query = "SELECT yaml FROM journeys FINAL WHERE journey = {journey:String} ORDER BY loaded DESC"
	first := true
	err = s.each(withParameters(ctx, map[string]string{"journey": id}), func(scan func(...any) error) error {
		var yaml string
		if err := scan(&yaml); err != nil {
			return err
		}
		if j, err := journey.Parse(id, []byte(yaml)); err == nil { // one that this program no longer reads says nothing
			if first {
				current = j.Names(what)
			} else {
				earlier = append(earlier, j.Names(what)...)
			}
		}
		first = false
		return nil
	}, query)
	if err != nil {
		return nil, nil, fmt.Errorf("read definitions of %s: %w", id, err)
	}
	return current, earlier, nil
}

// checkPeriod refuses a period that nothing can be in.
func checkPeriod(info ReportInfo, q Query, zone *time.Location) error {
	if !info.takes("from") || q.From.Before(q.To) {
		return nil
	}
	minutes := wordsOf(q.Lang).instant
	from, to := q.From.In(zone).Format(minutes), q.To.In(zone).Format(minutes)
	text := fmt.Sprintf("the period from %s to before %s is empty: its end has to be after its beginning", from, to)
	return &BadQueryError{text: text, What: "period", Value: from, Known: []string{to}}
}

// checkValues refuses bounds between which no value is, and those that every case is within: a value is 0 or more.
func checkValues(q Query) error {
	if lower := min(q.ValueMin, q.ValueMax); lower < 0 {
		text := fmt.Sprintf("value %s: the value of a case is 0 or more, so a bound cannot be less", number(lower))
		return &BadQueryError{text: text, What: "negative value", Value: number(lower)}
	}
	if q.ValueMax == 0 || q.ValueMin <= q.ValueMax {
		return nil
	}
	low, high := number(q.ValueMin), number(q.ValueMax)
	text := fmt.Sprintf("no value is between %s and %s: the second has to be the larger one", low, high)
	return &BadQueryError{text: text, What: "values", Value: low, Known: []string{high}}
}

// checkCase refuses a case that there is not.
func (s *Store) checkCase(ctx context.Context, info ReportInfo, q Query) error {
	if q.Case == "" || !info.takes("case_id") {
		return nil
	}
	var n uint64
	const query = "SELECT count() FROM cases WHERE journey = {journey:String} AND case_id = {case_id:String}"
	if err := s.conn.QueryRow(withParameters(ctx, map[string]string{"journey": q.Journey, "case_id": q.Case}), query).Scan(&n); err != nil {
		return fmt.Errorf("look for case %s: %w", q.Case, err)
	}
	if n == 0 {
		text := fmt.Sprintf("there is no case %q in journey %s; the report cases lists them", q.Case, q.Journey)
		return &BadQueryError{text: text, What: "case", Value: q.Case}
	}
	return nil
}
