package aggregate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// viewStatement is a view's definition in a file of sql/.
var viewStatement = regexp.MustCompile(`(?s)CREATE OR REPLACE VIEW (\w+) AS\n.*?;\n`)

// renewViews defines those views anew whose text is not the one that this database was given last: a migration is applied
// once, and what its view means may have been put more exactly since. The files named fresh were applied just now.
func (s *Store) renewViews(ctx context.Context, fresh map[string]bool) error {
	given := map[string]string{}
	err := s.each(ctx, func(scan func(...any) error) error {
		var name, hash string
		err := scan(&name, &hash)
		given[name] = hash
		return err
	}, "SELECT view, argMax(sha256, given) FROM views GROUP BY view")
	if err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "sql/*.sql")
	if err != nil {
		return err
	}
	var renewed []viewRow
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return err
		}
		for _, m := range viewStatement.FindAllStringSubmatch(string(text), -1) {
			sum := sha256.Sum256([]byte(m[0]))
			row := viewRow{view: m[1], sha256: hex.EncodeToString(sum[:])}
			if given[row.view] == row.sha256 {
				continue
			}
			if !fresh[path.Base(file)] {
				if err := s.conn.Exec(ctx, strings.TrimSuffix(m[0], ";\n")); err != nil {
					return fmt.Errorf("view %s: %w", row.view, err)
				}
			}
			renewed = append(renewed, row)
		}
	}
	return insert(ctx, s, "views", viewColumns, renewed, "")
}

type viewRow struct{ view, sha256 string }

var viewColumns = []column[viewRow]{
	fill("view", typeString, func(r *viewRow) string { return r.view }),
	fill("sha256", typeString, func(r *viewRow) string { return r.sha256 }),
}
