package aggregate

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// needlesAtOnce is how many texts the engine looks for in one go.
const needlesAtOnce = 255

// shortNeedle is the length below which an address or a number is looked for with its kind before it: alone it would be found anywhere.
const shortNeedle = 6

// needle is what of a key somebody may have written in a text: a mail address or a cookie itself, a number's digits, else the key.
func needle(key string) string {
	kind, rest, _ := strings.Cut(key, ":")
	switch kind {
	case "phone":
		rest = strings.TrimPrefix(rest, "+")
	case "email", "cookie":
	default:
		return key
	}
	if len(rest) < shortNeedle {
		return key
	}
	return rest
}

// Needles are what Mentions looks for, for keys.
func Needles(keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = needle(key)
	}
	sortUnique(&out)
	return out
}

// naming is a regular expression that finds needles where they end: the number of a longer ticket, address or number of somebody
// else may begin with one. What stands before is left open, since texts are searched as their sources escaped them. No letter may
// follow, but for numbers, behind which a text may go on without a blank.
func naming(needles []string) string {
	some := make([]string, len(needles))
	for i, n := range needles {
		end := "[^0-9a-z]"
		if strings.Trim(n, "0123456789") == "" {
			end = "[^0-9]"
		}
		some[i] = regexp.QuoteMeta(n) + "(?:" + end + "|$)"
	}
	return "(?i)(?:" + strings.Join(some, "|") + ")"
}

// Naming finds texts that name one of some keys, whatever their capitals.
func Naming(keys []string) *regexp.Regexp { return regexp.MustCompile(naming(Needles(keys))) }

// Mentions counts, by table and column, the rows that name a key in any text, list or payload, whoever they are of. Capitals count as small
// letters. It reads everything that is stored.
func (s *Store) Mentions(ctx context.Context, keys []string) (map[string]uint64, error) {
	columns, err := s.textColumns(ctx)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	out, needles := map[string]uint64{}, Needles(keys)
	for table, names := range columns {
		for some := range slices.Chunk(needles, needlesAtOnce) {
			var counts []string
			var args []any
			for _, name := range names {
				counts = append(counts, fmt.Sprintf("countIf(multiSearchAnyCaseInsensitive(toString(%[1]s), ?) AND match(toString(%[1]s), ?))", name))
				args = append(args, some, naming(some))
			}
			found := make([]uint64, len(names))
			dest := make([]any, len(names))
			for i := range found {
				dest[i] = &found[i]
			}
			query := fmt.Sprintf("SELECT %s FROM %s", strings.Join(counts, ", "), table)
			if err := s.conn.QueryRow(longQuery(ctx), query, args...).Scan(dest...); err != nil {
				return nil, fmt.Errorf("look through table %s: %w", table, err)
			}
			for i, n := range found {
				if n > 0 {
					out[table+"."+names[i]] += n
				}
			}
		}
	}
	return out, nil
}

// textColumns gives the columns of each table that hold texts. What an erasure at work notes of its keys is not among them.
func (s *Store) textColumns(ctx context.Context) (map[string][]string, error) {
	const query = `
		SELECT table, name FROM system.columns
		WHERE database = currentDatabase() AND type LIKE '%String%' AND table != 'erasures'
			AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')
		ORDER BY table, position`
	out := map[string][]string{}
	err := s.each(ctx, func(scan func(...any) error) error {
		var table, name string
		err := scan(&table, &name)
		out[table] = append(out[table], "`"+name+"`")
		return err
	}, query)
	return out, err
}
