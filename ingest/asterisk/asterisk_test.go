package asterisk

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/ingest/mapping"
	"tappa/ingest/source"
	"tappa/journey"
)

// said is an event in short.
func said(t *testing.T, e source.Event, err error) string {
	t.Helper()
	if err != nil {
		return err.Error()
	}
	b, err := json.Marshal(e.Data)
	if err != nil {
		t.Fatal(err)
	}
	return e.ID + " " + e.Type + " " + e.Time.Format(time.RFC3339) + " " + string(b)
}

func settings() source.Settings {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		panic(err)
	}
	return source.Settings{Zone: rome, Company: journey.Company{
		Numbers: []string{"2??", "600", "800*", "0521*"}, Inbound: []string{"from-trunk*"}, Outbound: []string{"from-internal"},
	}}
}

// calls are the rows of one call, and what they say together.
var calls = []struct {
	name, rows, want string
	kind             kind
}{
	{"the hour that comes twice, the first time", `"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/203-4","Dial","x","2026-10-25 02:30:00","2026-10-25 02:30:05","2026-10-25 02:31:05",65,60,"ANSWERED","3","1792888200.1"`, `1792888200.1 call.held 2026-10-25T00:30:00Z {"direction":"inbound","customer":{"phone":"+390669821"},"number":"600","agent":"203","ring_seconds":5,"talk_seconds":60,"call":"1792888200.1"}`, cdrKind},
	{"the hour that comes twice, the second time", `"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/203-4","Dial","x","2026-10-25 02:30:00","2026-10-25 02:30:05","2026-10-25 02:31:05",65,60,"ANSWERED","3","pbx-1-1792891800.1"`, `pbx-1-1792891800.1 call.held 2026-10-25T01:30:00Z {"direction":"inbound","customer":{"phone":"+390669821"},"number":"600","agent":"203","ring_seconds":5,"talk_seconds":60,"call":"pbx-1-1792891800.1"}`, cdrKind},
	{"answered in the hour that comes twice", `"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/203-4","Dial","x","2026-10-25 01:59:50","2026-10-25 02:00:05","2026-10-25 02:01:05",75,60,"ANSWERED","3","1792886390.1"`, `1792886390.1 call.held 2026-10-24T23:59:50Z {"direction":"inbound","customer":{"phone":"+390669821"},"number":"600","agent":"203","ring_seconds":15,"talk_seconds":60,"call":"1792886390.1"}`, cdrKind},
	{"the clocks put back while it rang", `"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/203-4","Dial","x","2026-10-25 02:59:50","2026-10-25 02:00:05","2026-10-25 02:01:05",75,60,"ANSWERED","3","1792889990.1"`, `1792889990.1 call.held 2026-10-25T00:59:50Z {"direction":"inbound","customer":{"phone":"+390669821"},"number":"600","agent":"203","ring_seconds":15,"talk_seconds":60,"call":"1792889990.1"}`, cdrKind},
	{"the hour that comes twice, and an id without a time", `"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/203-4","Dial","x","2026-10-25 02:30:00","2026-10-25 02:30:05","2026-10-25 02:31:05",65,60,"ANSWERED","3","x.1"`, `x.1 call.held 2026-10-25T01:30:00Z {"direction":"inbound","customer":{"phone":"+390669821"},"number":"600","agent":"203","ring_seconds":5,"talk_seconds":60,"call":"x.1"}`, cdrKind},
	{"a ring group", `"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/202-3","Dial","x","2026-03-02 09:30:00","","2026-03-02 09:30:12",12,0,"NO ANSWER","3","1.1","","","1.1","2"
"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/203-4","Dial","x","2026-03-02 09:30:00","2026-03-02 09:30:12","2026-03-02 09:31:12",72,60,"ANSWERED","3","1.1","","","1.1","3"
"","+390669821","600","from-trunk","+390669821","PJSIP/trunk-1","PJSIP/201-2","Dial","x","2026-03-02 09:30:00","","2026-03-02 09:30:12",12,0,"BUSY","3","1.1","","","1.1","1"`, `1.1 call.held 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"+390669821"},"number":"600","agent":"203","ring_seconds":12,"talk_seconds":60,"call":"1.1"}`, cdrKind},
	{"nobody, then the answering machine", `{"calldate": "2026-03-02 09:30:00", "src": "0669821", "dst": "201", "did": "800123456", "dcontext": "from-trunk-tim", "channel": "SIP/t-1", "dstchannel": "SIP/201-2", "lastapp": "Dial", "duration": 20, "billsec": 0, "disposition": "NO ANSWER", "uniqueid": "2.1", "linkedid": "2.1", "sequence": 1}
{"calldate": "2026-03-02 09:30:20", "src": "0669821", "dst": "vmu201", "did": "800123456", "dcontext": "ext-local", "channel": "SIP/t-1", "dstchannel": "", "lastapp": "VoiceMail", "duration": 30, "billsec": 30, "disposition": "ANSWERED", "uniqueid": "2.1", "linkedid": "2.1", "sequence": 2}`, `2.1/missed call.missed 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"0669821"},"number":"800123456","reason":"voicemail","ring_seconds":50,"call":"2.1"}`, cdrKind},
	{"handed on", `{"calldate": "2026-03-02 09:30:00", "answer": "2026-03-02 09:30:05", "src": "0669821", "dst": "201", "dcontext": "from-trunk", "channel": "SIP/t-1", "dstchannel": "SIP/201-2", "lastapp": "Dial", "duration": 35, "billsec": 30, "disposition": "ANSWERED", "uniqueid": "3.1", "linkedid": "3.1", "sequence": 1}
{"calldate": "2026-03-02 09:30:35", "answer": "2026-03-02 09:30:35", "src": "0669821", "dst": "202", "dcontext": "from-internal", "channel": "SIP/t-1", "dstchannel": "SIP/202-2", "lastapp": "Dial", "duration": 60, "billsec": 60, "disposition": "ANSWERED", "uniqueid": "3.1", "linkedid": "3.1", "sequence": 2}`, `3.1 call.held 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"0669821"},"number":"201","agent":"201","ring_seconds":5,"talk_seconds":90,"call":"3.1"}`, cdrKind},
	{"abandoned in a queue", `{"calldate": "2026-07-02 09:30:00", "clid": "\"Anna Rossi\" <0669821>", "src": "0669821", "dst": "600", "dcontext": "from-trunk", "channel": "SIP/t-1", "lastapp": "Queue", "lastdata": "vendite,t,,,60", "duration": 35, "billsec": 34, "disposition": "ANSWERED", "uniqueid": "4.1"}`, `4.1/missed call.missed 2026-07-02T07:30:00Z {"direction":"inbound","customer":{"phone":"0669821","name":"Anna Rossi"},"number":"600","queue":"vendite","reason":"abandoned","ring_seconds":35,"call":"4.1"}`, cdrKind},
	{"a hidden number", `{"calldate": "2026-07-02 09:30:00", "src": "anonymous", "dst": "600", "dcontext": "x", "channel": "SIP/t-1", "uniqueid": "5.1"}`, "no-interaction: call of somebody who hid the number", cdrKind},
	{"two queues", `1772440200|6.1|NONE|NONE|DID|800123456
1772440200|6.1|vendite|NONE|ENTERQUEUE||+390669821|1
1772440260|6.1|vendite|NONE|EXITWITHTIMEOUT|1|1|60
1772440260|6.1|centralino|NONE|ENTERQUEUE||+390669821|1
1772440265|6.1|centralino|SIP/300|RINGNOANSWER|5000
1772440270|6.1|centralino|SIP/301|CONNECT|10|1772440265.20|5
1772440300|6.1|centralino|SIP/301|COMPLETEAGENT|10|30|1`, `6.1 call.held 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"+390669821"},"number":"800123456","queue":"centralino","agent":"301","ring_seconds":70,"talk_seconds":30,"call":"6.1"}`, queueKind},
	{"two queues in vain", `1772440200|7.1|vendite|NONE|ENTERQUEUE||+390669821|1
1772440260|7.1|vendite|NONE|EXITWITHTIMEOUT|1|1|60
1772440260|7.1|centralino|NONE|ENTERQUEUE||+390669821|1
1772440290|7.1|centralino|NONE|ABANDON|1|1|30`, `7.1/missed call.missed 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"+390669821"},"queue":"centralino","reason":"abandoned","ring_seconds":90,"call":"7.1"}`, queueKind},
	{"channels", `"CHAN_START","1772440200","Anna","+390669821","","","800123456","600","from-trunk","PJSIP/trunk-1","","","3","","8.1","8.1","","","",""
"CHAN_START","1772440201","","","","","","s","from-internal","PJSIP/201-2","","","3","","8.2","8.1","","","",""
"BRIDGE_ENTER","1772440212","","201","","","","","from-internal","PJSIP/201-2","AppDial","","3","","8.2","8.1","","","",""
"BRIDGE_ENTER","1772440213","Anna","+390669821","","","","600","from-trunk","PJSIP/trunk-1","Dial","PJSIP/201","3","","8.1","8.1","","","",""
"BRIDGE_EXIT","1772440273","","201","","","","","from-internal","PJSIP/201-2","AppDial","","3","","8.2","8.1","","","",""
"HANGUP","1772440274","Anna","+390669821","","","","600","from-trunk","PJSIP/trunk-1","","","3","","8.1","8.1","","","",""
"LINKEDID_END","1772440274","Anna","+390669821","","","","600","from-trunk","PJSIP/trunk-1","","","3","","8.1","8.1","","","",""`, `8.1 call.held 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"+390669821","name":"Anna"},"number":"800123456","agent":"201","ring_seconds":13,"talk_seconds":60,"call":"8.1"}`, celKind},
}

// TestCallsInAnyOrder holds the rows of a call to be one interaction, and the same in whatever order they come.
func TestCallsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range calls {
		rows := strings.Split(c.rows, "\n")
		for range 20 {
			raw := source.Raw{Settings: settings(), Origin: c.kind.name}
			raw.Value = []byte(strings.Join(rows, "\n"))
			event, err := read(raw, c.kind)
			if d := cmp.Diff(said(t, event, err), c.want); d != "" {
				t.Errorf("%s (-got, +want):\n%s\n%s", c.name, d, raw.Value)
				break
			}
			if err == nil && event.Origin != Origin {
				t.Errorf("%s: origin %q", c.name, event.Origin)
			}
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
	}
}

// TestFiles holds files to say the same with the rows of all calls mixed, over two files, and to say what is wrong where.
func TestFiles(t *testing.T) {
	for name, k := range map[string]kind{"asterisk-cdr": cdrKind, "asterisk-cel": celKind, "asterisk-queue-log": queueKind} {
		var rows []string
		want := map[string]int{}
		for _, c := range calls {
			if c.kind.name == k.name {
				rows = append(rows, strings.Split(c.rows, "\n")...)
				want[c.want]++
			}
		}
		rand.New(rand.NewPCG(3, 4)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		half := len(rows) / 2
		dir := t.TempDir()
		paths := []string{filepath.Join(dir, "1"), filepath.Join(dir, "2")}
		for i, part := range [][]string{rows[:half], append(rows[half:], "", "no,row")} {
			if err := os.WriteFile(paths[i], []byte(strings.Join(part, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, bad := map[string]int{}, 0
		for event, err := range Files[name](paths, "pbx", settings()) {
			if row, ok := errors.AsType[*mapping.RowError](err); ok {
				if bad++; row.File != paths[1] || row.Line != len(rows)-half+2 {
					t.Errorf("%s: %v", name, row)
				}
				continue
			}
			got[said(t, event, err)]++
		}
		if d := cmp.Diff(got, want); d != "" || bad != 1 {
			t.Errorf("%s: %d bad lines (-got, +want):\n%s", name, bad, d)
		}
	}
}

// TestFilesOfAllLogs imports the CDR and the queue_log of the same calls: the number called and the name are the CDR's, the
// wait, the agent and the talk time the queue's, which began when a person answered.
func TestFilesOfAllLogs(t *testing.T) {
	dir := t.TempDir()
	cdr, queue, cel := filepath.Join(dir, "cdr"), filepath.Join(dir, "queue_log"), filepath.Join(dir, "cel")
	for path, text := range map[string]string{
		cdr: `"","+390669821","600","from-trunk","""Anna"" <+390669821>","PJSIP/t-1","PJSIP/201-2","Queue","vendite,t","2026-03-02 09:30:00","2026-03-02 09:30:01","2026-03-02 09:31:31",91,90,"ANSWERED","3","1.1",""
"","+390669822","600","from-trunk","+390669822","PJSIP/t-2","","Queue","vendite,t","2026-03-02 09:30:00","2026-03-02 09:30:01","2026-03-02 09:31:01",61,60,"ANSWERED","3","2.1",""
{"start": "2026-03-02 09:30:00", "src": "0669823", "dst": "201", "dcontext": "from-trunk", "disposition": "BUSY", "uniqueid": "3.1"}
`,
		queue: `1772440200|QUEUESTART|NONE|NONE|QUEUESTART|
1772440202|1.1|vendite|NONE|ENTERQUEUE||+390669821|1
1772440230|1.1|vendite|PJSIP/201|CONNECT|28|1.2|5
1772440291|1.1|vendite|PJSIP/201|COMPLETEAGENT|28|61|1
1772440202|2.1|vendite|NONE|ENTERQUEUE||+390669822|1
1772440261|2.1|vendite|NONE|EXITWITHTIMEOUT|1|1|59
`,
		cel: calls[len(calls)-1].rows,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for event, err := range Files["asterisk"]([]string{queue, cdr, cel}, "pbx", settings()) {
		got = append(got, said(t, event, err))
	}
	want := []string{
		"no-interaction: row of a queue that is about no call",
		`1.1 call.held 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"+390669821","name":"Anna"},"number":"600","queue":"vendite","agent":"201","ring_seconds":30,"talk_seconds":61,"call":"1.1"}`,
		`2.1/missed call.missed 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"+390669822"},"number":"600","queue":"vendite","reason":"no-answer","ring_seconds":61,"call":"2.1"}`,
		`3.1/missed call.missed 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"0669823"},"number":"201","reason":"busy","call":"3.1"}`,
		calls[len(calls)-1].want,
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got, +want):\n%s", d)
	}
}

// TestHeaderLine reads a file whose first line names its columns, in their own order.
func TestHeaderLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.csv")
	text := "\ufeffuniqueid,\"calldate\",src,dst,did,dcontext,disposition,billsec,duration,dstchannel,channel\n" +
		"9.1,2026-03-02 09:30:00,0669821,201,800123456,from-trunk,ANSWERED,60,65,SIP/201-1,SIP/t-1\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for event, err := range Files["asterisk-cdr"]([]string{path}, "pbx", settings()) {
		want := `9.1 call.held 2026-03-02T08:30:00Z {"direction":"inbound","customer":{"phone":"0669821"},"number":"800123456","agent":"201","ring_seconds":5,"talk_seconds":60,"call":"9.1"}`
		if d := cmp.Diff(said(t, event, err), want); d != "" {
			t.Errorf("(-got, +want):\n%s", d)
		}
	}
}

// TestSides holds who is the customer.
func TestSides(t *testing.T) {
	s := settings()
	for _, c := range []struct {
		from, to, context string
		want              journey.Direction
	}{
		{"0669821", "201", "from-trunk-tim", journey.Inbound},
		{"201", "0669821", "from-internal", journey.Outbound},
		{"201", "202", "from-internal", journey.Internal},
		{"0669821", "0521940100", "elsewhere", journey.Inbound},
		{"0521940100", "0669821", "elsewhere", journey.Outbound},
		{"0669821", "0669822", "elsewhere", journey.Inbound},
		{"201", "202", "from-trunk", journey.Inbound}, // the context decides
	} {
		var got call
		if got.sides(c.from, c.to, c.context, &s.Company); got.direction != c.want {
			t.Errorf("%s → %s in %s: %s, want %s", c.from, c.to, c.context, got.direction, c.want)
		}
	}
}
