package alert

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// The YAML form of an alerts file. Field descriptions are what editors show (see Schema).

type alertsFile struct {
	Every    string                  `json:"every,omitempty"     jsonschema:"example=5m"            jsonschema_description:"How often all alerts are looked at. Default 5m."`
	Lang     string                  `json:"lang,omitempty"      jsonschema:"enum=en,enum=it"       jsonschema_description:"Language of the messages. Default en."`
	Link     string                  `json:"link,omitempty"      jsonschema:"example=https://tappa.example.com" jsonschema_description:"Address of tappa's pages, for links in messages."`
	TimeZone string                  `json:"time_zone,omitempty" jsonschema:"example=Europe/Rome"   jsonschema_description:"Time zone of the quiet hours. Default UTC."`
	Quiet    []quietFile             `json:"quiet,omitempty"                                        jsonschema_description:"When nothing is sent. What still holds at the end is sent then."`
	Notify   map[string]notifierFile `json:"notify"              jsonschema:"required"              jsonschema_description:"Who is told, by a name that alerts use."`
	Alerts   []alertFile             `json:"alerts"              jsonschema:"required,minItems=1"   jsonschema_description:"What to watch."`
}

type quietFile struct {
	Days string `json:"days,omitempty" jsonschema:"example=mon-fri,example=sat-sun" jsonschema_description:"Days it begins on: mon-fri, sat, \"mon,wed\". Default: every day."`
	From string `json:"from,omitempty" jsonschema:"example=19:00"                   jsonschema_description:"Default 00:00."`
	To   string `json:"to,omitempty"   jsonschema:"example=08:00"                   jsonschema_description:"A time before from is of the next day. Default 24:00."`
}

type notifierFile struct {
	Webhook *webhookFile `json:"webhook,omitempty" jsonschema_description:"A POST of JSON, signed."`
	Mail    *mailFile    `json:"mail,omitempty"    jsonschema_description:"A mail."`
}

type webhookFile struct {
	URL        string `json:"url"                   jsonschema:"required,example=https://chat.example.com/hooks/1" jsonschema_description:"Where to."`
	SecretFile string `json:"secret_file,omitempty"                                                              jsonschema_description:"File with the secret that signs the messages (Standard Webhooks). Without it they are not signed."`
	CAFile     string `json:"ca_file,omitempty"                                                                  jsonschema_description:"Authorities that vouch for the server, PEM. Default: the system's."`
}

type mailFile struct {
	Server       string   `json:"server"                  jsonschema:"required,example=smtp.example.com:587"        jsonschema_description:"Mail server, host:port."`
	Security     string   `json:"security,omitempty"      jsonschema:"enum=starttls,enum=tls,enum=none"             jsonschema_description:"starttls (default, and required of the server), tls from the first byte, or none."`
	Username     string   `json:"username,omitempty"                                                                jsonschema_description:"Log-in; without it none is tried."`
	PasswordFile string   `json:"password_file,omitempty"                                                           jsonschema_description:"File with the log-in's password."`
	CAFile       string   `json:"ca_file,omitempty"                                                                 jsonschema_description:"Authorities that vouch for the server, PEM. Default: the system's."`
	From         string   `json:"from"                    jsonschema:"required,example=tappa@example.com"           jsonschema_description:"Sender."`
	To           []string `json:"to"                      jsonschema:"required,minItems=1,example=desk@example.com" jsonschema_description:"Recipients."`
}

type alertFile struct {
	ID      string               `json:"id"                 jsonschema:"required,pattern=^[a-z0-9][a-z0-9_-]*$"   jsonschema_description:"Id of the alert."`
	Labels  map[string]string    `json:"labels"             jsonschema:"required"                                 jsonschema_description:"What it says, by language."`
	Journey string               `json:"journey,omitempty"                                                        jsonschema_description:"Journey. May be left out where there is only one."`
	Report  string               `json:"report"             jsonschema:"required,example=waiting,example=timing"  jsonschema_description:"The report the number is in."`
	Column  string               `json:"column"             jsonschema:"required,example=wait_p90_s,example=rows" jsonschema_description:"The column; rows is how many rows there are."`
	Filter  map[string]string    `json:"filter,omitempty"                                                         jsonschema_description:"What the report is asked for: persona, channel, touchpoint, department, stage, state, by. What it is not asked for chooses among its rows."`
	Rows    map[string]valueText `json:"rows,omitempty"                                                           jsonschema_description:"Only rows with these values, by column: {measure: wait, level: 0.9}."`
	Window  string               `json:"window,omitempty"   jsonschema:"example=30d"                              jsonschema_description:"Only what was entered, asked or written in this long up to now. Default: all time."`
	Per     []string             `json:"per,omitempty"      jsonschema:"example=department"                       jsonschema_description:"One cause for each value of these columns. Default: one for all rows."`
	Take    string               `json:"take,omitempty"     jsonschema:"enum=max,enum=min,enum=sum"               jsonschema_description:"Which of a cause's rows counts. Default: max, or min where only below is set."`
	Above   valueText            `json:"above,omitempty"    jsonschema:"example=8h,example=0.3,example=30 %"      jsonschema_description:"It holds above this: a number, a duration where the column is one, or per cent."`
	Below   valueText            `json:"below,omitempty"                                                          jsonschema_description:"Or below this."`
	Change  *changeFile          `json:"change,omitempty"                                                         jsonschema_description:"Or when the number has changed from a baseline."`
	AtLeast float64              `json:"at_least,omitempty" jsonschema:"example=30"                               jsonschema_description:"Rows over fewer than so many say nothing."`
	For     string               `json:"for,omitempty"      jsonschema:"example=15m"                              jsonschema_description:"It must hold for so long. Default: at once."`
	Repeat  string               `json:"repeat,omitempty"   jsonschema:"example=1d"                               jsonschema_description:"Say it again after so long while it holds. Default: once."`
	Cause   string               `json:"cause,omitempty"                                                          jsonschema_description:"Alerts with the same cause (and values of per) are one: the first that holds is told. Default: the id."`
	Urgent  bool                 `json:"urgent,omitempty"                                                         jsonschema_description:"Sent in quiet hours too."`
	Notify  []string             `json:"notify"             jsonschema:"required,minItems=1"                      jsonschema_description:"Who is told."`
}

type changeFile struct {
	Against string    `json:"against"         jsonschema:"required,enum=previous,enum=snapshot"    jsonschema_description:"previous: the window before this one, as it was known at its end. snapshot: the newest frozen month, as of its end."`
	Above   valueText `json:"above,omitempty" jsonschema:"example=20 %"                            jsonschema_description:"Grown by more than this share of the baseline."`
	Below   valueText `json:"below,omitempty" jsonschema:"example=20 %"                            jsonschema_description:"Fallen by more than this share."`
	Noise   bool      `json:"noise,omitempty"                                                      jsonschema_description:"Also where chance alone might do that."`
}

// valueText is a text that may be written as a number too.
type valueText string

// filterNames are what a report can be asked for.
var filterNames = []string{"persona", "channel", "touchpoint", "department", "stage", "state", "by"}

// Load reads an alerts file. An error about its content is of type journey.Problems.
func Load(path string) (*Definitions, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load alerts: %w", err)
	}
	return Parse(path, data)
}

// Parse reads an alerts file's content; name is what problems call it, and other files that it names are looked for beside
// it. All problems are reported at once, as journey.Problems sorted by place.
func Parse(name string, data []byte) (*Definitions, error) {
	var f alertsFile
	r := &reader{Form: journey.ReadForm(name, data, &f), dir: filepath.Dir(name)}
	d := &Definitions{Every: defaultEvery, Lang: "en", Link: strings.TrimSuffix(f.Link, "/"), Zone: time.UTC, Notifiers: map[string]Notifier{}}
	if f.Every != "" {
		d.Every = r.span("every", f.Every)
	}
	if f.Lang != "" {
		d.Lang = r.oneOf("lang", f.Lang, []string{"en", "it"})
	}
	if f.TimeZone != "" {
		zone, err := time.LoadLocation(f.TimeZone)
		if err != nil {
			r.Refuse("time_zone", "%q is no time zone; write one like Europe/Rome", f.TimeZone)
		} else {
			d.Zone = zone
		}
	}
	for i, q := range f.Quiet {
		d.Quiet = append(d.Quiet, r.quiet(fmt.Sprintf("quiet[%d]", i), q))
	}
	for id, n := range f.Notify {
		d.Notifiers[id] = r.notifier("notify."+id, n)
	}
	if len(f.Alerts) == 0 {
		r.Refuse("alerts", "no alert is defined")
	}
	for i, a := range f.Alerts {
		path := fmt.Sprintf("alerts[%d]", i)
		if slices.ContainsFunc(d.Alerts, func(other Definition) bool { return other.ID == a.ID }) {
			r.Refuse(path+".id", "there is an alert %q already", a.ID)
		}
		d.Alerts = append(d.Alerts, r.alert(path, a, d.Notifiers))
	}
	for i := range d.Alerts {
		d.Alerts[i].query.Lang = d.Lang
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// reader turns the file's form into what is watched, and notes what is wrong.
type reader struct {
	*journey.Form
	dir string
}

func (r *reader) span(path, s string) time.Duration {
	if s == "" {
		return 0
	}
	d, err := journey.ParseSpan(s)
	if err != nil {
		r.Refuse(path, "%v", err)
	}
	return d
}

func (r *reader) oneOf(path, s string, known []string) string {
	if !slices.Contains(known, s) {
		r.Refuse(path, "unknown %q%s", s, journey.Suggest(s, known))
	}
	return s
}

// value reads a threshold: a number, a duration for seconds, or per cent.
func (r *reader) value(path string, text valueText, unit string) *float64 {
	s := string(text)
	if s == "" {
		return nil
	}
	number, scale := strings.TrimSpace(s), 1.
	if share, ok := strings.CutSuffix(number, "%"); ok {
		number, scale = strings.TrimSpace(share), 0.01
	}
	v, err := strconv.ParseFloat(number, 64)
	if err == nil {
		v *= scale
		return &v
	}
	if unit == "s" {
		d, err := journey.ParseSpan(s)
		if err != nil {
			r.Refuse(path, "%v", err)
		}
		v = d.Seconds()
		return &v
	}
	r.Refuse(path, "%q is not a number", s)
	return nil
}

// alert reads one alert.
func (r *reader) alert(path string, f alertFile, notifiers map[string]Notifier) Definition {
	d := Definition{
		ID: f.ID, Labels: f.Labels, Report: f.Report, Column: f.Column, Rows: map[string]string{}, Per: f.Per, Take: f.Take, AtLeast: int64(f.AtLeast),
		Cause: f.Cause, Urgent: f.Urgent, Notify: f.Notify, Window: r.span(path+".window", f.Window), For: r.span(path+".for", f.For),
		Repeat: r.span(path+".repeat", f.Repeat),
	}
	d.query = r.query(path, f, d.Rows)
	for column, value := range f.Rows {
		d.Rows[column] = string(value)
	}
	d.line, d.column = r.Place(path)
	d.filters = r.places(path, f.Filter)
	if f.ID == "" || strings.ContainsAny(f.ID, "/ ,=") {
		r.Refuse(path+".id", "an alert needs an id of letters, digits, - and _")
	}
	if len(f.Labels) == 0 {
		r.Refuse(path+".labels", "say what it means, by language: {en: …}")
	}
	if d.Cause == "" {
		d.Cause = d.ID
	}
	if r.columns(path, f) {
		unit := aggregate.UnitOf(f.Column)
		d.Above, d.Below = r.value(path+".above", f.Above, unit), r.value(path+".below", f.Below, unit)
	}
	if f.Change != nil {
		d.Change = r.change(path+".change", *f.Change, d.Window)
	}
	if f.Above == "" && f.Below == "" && f.Change == nil {
		r.Refuse(path, "say when it holds: above, below or change")
	}
	switch {
	case d.Take != "":
		r.oneOf(path+".take", d.Take, []string{"max", "min", "sum"})
	case d.Below != nil && d.Above == nil:
		d.Take = "min"
	default:
		d.Take = "max"
	}
	if f.Column == "" {
		r.Refuse(path+".column", "name the number: a column of the report, or rows")
	}
	if len(f.Notify) == 0 {
		r.Refuse(path+".notify", "name who is told")
	}
	for i, n := range f.Notify {
		if _, ok := notifiers[n]; !ok {
			r.Refuse(fmt.Sprintf("%s.notify[%d]", path, i), "nobody is called %q under notify%s", n, journey.Suggest(n, sortedKeys(notifiers)))
		}
	}
	return d
}

func (r *reader) change(path string, f changeFile, window time.Duration) *Change {
	c := &Change{Against: f.Against, Noise: f.Noise, Above: r.value(path+".above", f.Above, ""), Below: r.value(path+".below", f.Below, "")}
	r.oneOf(path+".against", f.Against, []string{Previous, Snapshot})
	if c.Above == nil && c.Below == nil {
		r.Refuse(path, "say by how much: above or below, a share of the baseline such as 20 %%")
	}
	if f.Against == Previous && window == 0 {
		r.Refuse(path+".against", "the previous window is as long as this one: set the alert's window")
	}
	return c
}

// query checks what the report is asked for, and puts what chooses among its rows instead into rows.
func (r *reader) query(path string, f alertFile, rows map[string]string) aggregate.Query {
	q := aggregate.Query{Journey: f.Journey}
	var names []string
	var info aggregate.ReportInfo
	for _, i := range aggregate.Reports() {
		names = append(names, i.Name)
		if i.Name == f.Report {
			info = i
		}
	}
	r.oneOf(path+".report", f.Report, names)
	columns := columnNames(f.Report)
	fields := map[string]*string{
		"persona": &q.Persona, "channel": &q.Channel, "touchpoint": &q.Touchpoint, "department": &q.Department,
		"stage": &q.Stage, "state": &q.State, "by": &q.By,
	}
	for name, value := range f.Filter {
		field, ok := fields[name]
		if !ok {
			r.Refuse(path+".filter."+name, "unknown filter %q%s", name, journey.Suggest(name, filterNames))
			continue
		}
		if info.Name == "" || info.Takes(name) || name == "by" {
			*field = value
			continue
		}
		// What the report is not asked for may tell its rows apart, as stages do those of dropoff. Else the filter would do nothing.
		if rows[name] = value; !slices.Contains(columns, name) {
			r.Refuse(path+".filter."+name, "report %s takes no filter %q%s", f.Report, name, journey.Suggest(name, slices.DeleteFunc(slices.Clone(filterNames), func(other string) bool {
				return !info.Takes(other) && !slices.Contains(columns, other)
			})))
		}
	}
	r.by(path+".filter.by", q.By, info)
	if q.State != "" && info.Name != "" {
		r.oneOf(path+".filter.state", q.State, info.States)
	}
	return q
}

// file reads a file that the alerts file names, without its last line break.
func (r *reader) file(path, name string) string {
	if name == "" {
		return ""
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(r.dir, name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		r.Refuse(path, "%v", err)
		return ""
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		r.Refuse(path, "%s is empty", name)
	}
	return text
}
