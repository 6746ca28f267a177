package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestImportCalls imports call detail records with the company and the rules that docs/calls.md shows: the toll-free number
// and headquarters are two touchpoints of one channel.
func TestImportCalls(t *testing.T) {
	doc, err := os.ReadFile("../../docs/calls.md")
	if err != nil {
		t.Fatal(err)
	}
	journeyFile := "journey: calls\nlabels: {it: Chiamate, en: Calls}\ntime_zone: Europe/Rome\ndefault_country: IT\n" +
		"departments:\n  - {id: service, labels: {it: Assistenza, en: Service}}\nstages:\n"
	for _, stage := range []string{"awareness", "evaluation", "purchase", "use"} {
		journeyFile += "  - {id: " + stage + ", labels: {it: " + stage + ", en: " + stage + "}, silence: 30d}\n"
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		journeyFile += block[1]
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	records := write(t, filepath.Join(dir, "cdr.csv"), `calldate,src,dst,did,dcontext,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid
2026-03-02 09:30:00,+390669821,600,800123456,from-trunk,PJSIP/t-1,,Queue,40,39,ANSWERED,1.1
2026-03-02 09:50:00,+390669821,201,+390521940100,from-trunk,PJSIP/t-2,PJSIP/201-3,Dial,70,60,ANSWERED,2.1
2026-03-02 10:00:00,201,202,,from-internal,PJSIP/201-4,PJSIP/202-5,Dial,70,60,ANSWERED,3.1
2026-03-02 11:00:00,201,0669822,,from-internal,PJSIP/201-6,PJSIP/t-7,Dial,70,60,ANSWERED,4.1
2026-03-02 20:00:00,+390669822,vmu600,800123456,ext-local,PJSIP/t-8,,VoiceMail,30,25,ANSWERED,5.1
2026-03-02 20:00:00,anonymous,600,800123456,from-trunk,PJSIP/t-9,,Queue,40,39,ANSWERED,6.1
`)
	out := mustTappa(t, "import", "--data", data, "--journey", write(t, filepath.Join(dir, "journey.yaml"), journeyFile),
		"--format", "asterisk-cdr", records)
	want := `rows      4 published, 0 could not be mapped
          left out: call of somebody who hid the number      1
          left out: call within the company                  1
records   4 read = 4 new + 0 copies + 0 dead + 0 filtered
stored    4 interactions, 0 of them unmapped
`
	if d := cmp.Diff(out, want); d != "" {
		t.Errorf("(-got, +want):\n%s", d)
	}
	// Per touchpoint the waits answered, how long they took, and those that go on: the call that was missed on the toll-free
	// number waited until one to headquarters was held, the one on the answering machine still does.
	waits := map[string]string{}
	for _, r := range rows(t, data, "timing", "--by", "touchpoint", "--as-of", "2026-03-03") {
		waits[fmt.Sprint(r["key"])] = fmt.Sprint(r["wait_n"], r["wait_p50_s"], r["wait_waiting"])
	}
	wantWaits := map[string]string{"toll-free": "1 1200 0", "headquarters": "0 <nil> 0", "salesperson": "0 <nil> 0", "answering-machine": "0 <nil> 1"}
	if d := cmp.Diff(waits, wantWaits); d != "" {
		t.Errorf("(-got, +want):\n%s", d)
	}
}
