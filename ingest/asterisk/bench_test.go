package asterisk

import "testing"

// BenchmarkCDR reads a line of Master.csv into an event.
func BenchmarkCDR(b *testing.B) {
	value := []byte(`"","+390669821","201","from-trunk","""Anna Rossi"" <+390669821>","PJSIP/trunk-00000001","PJSIP/201-00000002","Dial","PJSIP/201,30","2026-03-02 09:30:00","2026-03-02 09:30:12","2026-03-02 09:33:00",180,168,"ANSWERED","DOCUMENTATION","1772440200.1",""`)
	s := settings()
	for b.Loop() {
		rows, err := readRows(value, cdrKind)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := cdrCall(rows, &s); err != nil {
			b.Fatal(err)
		}
	}
}
