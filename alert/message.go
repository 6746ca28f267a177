package alert

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Notice is what a notifier sends. Text is for people, the rest for programs.
type Notice struct {
	ID       string    `json:"id"`     // the same however often it is sent again
	Status   string    `json:"status"` // Fires, StillFires, Ended or Trial
	Cause    string    `json:"cause"`
	Since    time.Time `json:"since"`
	EndedAt  time.Time `json:"ended_at,omitzero"`
	Findings []Finding `json:"findings"`
	Link     string    `json:"link,omitempty"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"` // chat systems show this
}

// notice writes what is to be said about a cause.
func (d *Definitions) notice(status string, s *State, now time.Time) Notice {
	w := words[d.Lang]
	n := Notice{
		ID: fmt.Sprintf("%s@%d", s.Cause, s.FiredAt.UnixMilli()), Status: status, Cause: s.Cause, Since: s.Since, EndedAt: s.EndedAt,
		Findings: []Finding{},
	}
	n.ID += "/" + strings.ReplaceAll(status, " ", "-")
	if status == StillFires || status == Trial {
		n.ID += fmt.Sprint("@", now.Unix()) // each reminder is another message
	}
	const minutes = "2006-01-02 15:04 MST"
	var lines, labels []string
	var of Definition // whose journey knows what the cause is of
	for _, a := range d.Alerts {
		h, ok := s.Holding[a.ID]
		label := a.Labels.In(d.Lang)
		if !ok {
			if a.cause(s.Cause) == s.Cause && len(s.Holding) == 0 {
				labels, of = append(labels, label), a
			}
			continue
		}
		labels, of = append(labels, label), a
		n.Findings = append(n.Findings, h.Finding)
		lines = append(lines, d.describe(a, h.Finding, label))
		if d.Link != "" && n.Link == "" {
			n.Link = d.link(a, h.Finding)
		}
	}
	n.Subject = fmt.Sprintf("[tappa] %s: %s", w[status], strings.Join(labels, " · "))
	if per := d.pairs(of, s.Per); per != "" {
		n.Subject += " (" + per + ")"
	}
	when := fmt.Sprintf(w["since"], s.Since.In(d.Zone).Format(minutes))
	if status == Ended {
		when = fmt.Sprintf(w["until"], s.Since.In(d.Zone).Format(minutes), s.EndedAt.In(d.Zone).Format(minutes))
	}
	parts := append([]string{n.Subject, when}, lines...)
	if status == Trial {
		parts = append(parts, w["trial"])
	}
	if n.Link != "" {
		parts = append(parts, n.Link)
	}
	n.Text = strings.Join(parts, "\n")
	return n
}

// describe writes one alert's number in a line or two.
func (d *Definitions) describe(a Definition, f Finding, label string) string {
	w := words[d.Lang]
	line := fmt.Sprintf(w["holds"], label, d.number(f.Value, f.Unit), a.condition(d.Lang))
	var more []string
	if a.Column != countRows && f.N > 0 {
		more = append(more, fmt.Sprintf(w["n"], f.N))
	}
	if len(f.Row) > 0 {
		more = append(more, fmt.Sprintf(w["rows"], f.Rows, d.pairs(a, f.Row)))
	}
	if f.Change != nil {
		more = append(more, fmt.Sprintf(w["from"], d.number(f.Baseline, f.Unit), d.number(f.Change, "share")))
	}
	if len(more) > 0 {
		line += "; " + strings.Join(more, ", ")
	}
	return line + "\n" + fmt.Sprintf(w["how"], f.How)
}

// link is the page of the alert's report, as of the alert's instant.
func (d *Definitions) link(a Definition, f Finding) string {
	v := url.Values{"as_of": {f.AsOf.UTC().Format(time.RFC3339Nano)}, "lang": {d.Lang}}
	for name, value := range map[string]string{
		"journey": a.query.Journey, "persona": a.query.Persona, "channel": a.query.Channel, "touchpoint": a.query.Touchpoint,
		"department": a.query.Department, "stage": a.query.Stage, "state": a.query.State, "by": a.query.By,
	} {
		if per := f.Per[name]; per != "" {
			value = per
		}
		if value != "" {
			v.Set(name, value)
		}
	}
	if a.Window > 0 {
		v.Set("from", f.AsOf.Add(-a.Window).UTC().Format(time.RFC3339Nano))
	}
	return d.Link + "/reports/" + url.PathEscape(a.Report) + "?" + v.Encode()
}
