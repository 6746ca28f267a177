package chdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// every are settings that each session begins with, so that the engine behaves as a server does: SQL is not guessed
// from a bare expression, addresses in memory are not shown, and times without a zone are UTC wherever we run.
var every = []setting{
	{"implicit_select", "0"},
	{"allow_introspection_functions", "0"},
	{"session_timezone", "UTC"},
}

// execute runs a statement in a session of its own. Pieces of the result go to write as they come, and are valid
// only during that call. If ctx ends, the statement is killed. It returns the number of rows written by an insert
// with data.
func (e *Engine) execute(ctx context.Context, st *statement, write func([]byte) error) (written uint64, err error) {
	done, err := e.begin(ctx, st.readOnly)
	if err != nil {
		return 0, newException(codeCancelled, "%v", err)
	}
	defer done()
	st.mark = fmt.Sprintf("tappa-%d", e.marks.Add(1))
	s, err := e.session(st)
	if err != nil {
		return 0, err
	}
	defer s.close()
	if st.readOnly {
		if err := e.guard(s, st); err != nil {
			return 0, err
		}
	}
	if several(st.sql) {
		if found, err := s.classify(st.sql); err == nil && found.statements > 1 {
			return 0, newException(codeSyntax, "Multi-statements are not allowed")
		}
	}
	defer e.watch(ctx, st.mark)()
	switch {
	case st.data != nil:
		return s.insert(st.sql, st.input, st.params, st.data)
	case streams(st.sql) && !st.whole:
		return 0, s.stream(st.sql, st.format, st.params, write)
	}
	r, err := s.run(st.sql, st.format, st.params)
	if err != nil {
		return 0, err
	}
	defer r.free()
	if data := r.bytes(); len(data) > 0 {
		return r.written(), write(data)
	}
	return r.written(), nil
}

// session opens the session that a statement runs in, with its settings and database.
func (e *Engine) session(st *statement) (*session, error) {
	settings, err := e.settingsOf(st)
	if err != nil {
		return nil, err
	}
	args := make([]string, 0, len(settings))
	for _, s := range settings {
		args = append(args, "--"+s.name+"="+s.value)
	}
	s := e.lib.connect(e.path, args...)
	if s == nil {
		return nil, e.refused(settings)
	}
	if st.database != "" {
		if err := s.exec("USE " + quoteName(st.database)); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// settingsOf returns the settings of a statement in the order in which they are to be set. An unknown name is refused
// here: among the arguments of a session the engine would pass over it, or take it for one of its own options.
func (e *Engine) settingsOf(st *statement) ([]setting, error) {
	asked := st.settings
	if st.readOnly {
		var err error
		if asked, err = e.limits.bound(asked); err != nil {
			return nil, err
		}
	}
	out := append([]setting(nil), every...)
	out = append(out, setting{"log_comment", st.mark})
	for _, s := range asked {
		if _, ok := e.settings[s.name]; !ok {
			return nil, newException(codeUnknownSetting, "Setting %s is neither a builtin setting nor started with the prefix 'custom_' registered for user-defined settings", s.name)
		}
		if s.name != "log_comment" { // ours: a statement is found by it
			out = append(out, s)
		}
	}
	return out, nil
}

// refused finds out why the engine refused a session its settings, by setting them one by one.
func (e *Engine) refused(settings []setting) error {
	s := e.lib.connect(e.path)
	if s == nil {
		return newException(codeUnknown, "the engine refused a session")
	}
	defer s.close()
	for _, one := range settings {
		if err := s.exec("SET " + quoteName(one.name) + " = " + quoteText(one.value)); err != nil {
			return err
		}
	}
	return newException(codeUnknown, "the engine refused the settings")
}

// watch kills the marked statement when ctx ends or the engine is forced to close. The caller calls the function it
// returns when the statement is over; that waits until nothing more is done about it.
func (e *Engine) watch(ctx context.Context, mark string) func() {
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-over:
			return
		case <-ctx.Done():
		case <-e.force.Done():
		}
		// The statement may not have reached the engine yet, or be one that asks seldom whether it was killed.
		for pause := time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
			if err := e.kill(mark); err != nil {
				e.log.Debug("chdb: kill", "query", mark, "error", err)
			}
			select {
			case <-over:
				return
			case <-time.After(pause):
			}
		}
	}()
	return func() { close(over); <-gone }
}

func (e *Engine) kill(mark string) error {
	s := e.lib.connect(e.path)
	if s == nil {
		return errors.New("no session")
	}
	defer s.close()
	return s.exec("KILL QUERY WHERE Settings['log_comment'] = " + quoteText(mark) + " ASYNC")
}

var (
	textEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	nameEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`")
)

func quoteText(s string) string { return "'" + textEscapes.Replace(s) + "'" }
func quoteName(s string) string { return "`" + nameEscapes.Replace(s) + "`" }
