package mail

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestThreads holds what joins and what does not, whatever order mails arrive in.
func TestThreads(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC) }
	anna, us := []Address{{Email: "anna@b.it"}}, []Address{{Email: "info@example.it"}}
	carla := []Address{{Email: "carla@c.it"}}
	mails := map[string]*Message{
		"q":        {From: anna, To: us, Subject: "guasto", Date: at(1)},
		"a":        {From: us, To: anna, Subject: "R: guasto", Date: at(2), InReplyTo: []string{"q"}},
		"r":        {From: anna, To: us, Subject: "R: guasto", Date: at(3), InReplyTo: []string{"a"}}, // no References
		"orphan":   {From: anna, To: us, Subject: "altro", Date: at(4), References: []string{"lost", "lost2"}},
		"orphan2":  {From: us, To: anna, Subject: "R: altro", Date: at(5), References: []string{"lost2"}},
		"index":    {From: anna, To: us, Subject: "indice", Date: at(6), ThreadIndex: "01"},
		"index2":   {From: us, To: anna, Subject: "RE: indice", Date: at(7), ThreadIndex: "01"},
		"subject":  {From: anna, To: us, Subject: "preventivo", Date: at(8)},
		"subject2": {From: us, To: anna, Subject: "Re[2]: R: [ticket 7] preventivo", Date: at(9)},
		"carla":    {From: carla, To: us, Subject: "preventivo", Date: at(8)},
		"new":      {From: anna, To: us, Subject: "preventivo", Date: at(12)}, // no reply: a new question
		"which":    {From: us, To: anna, Subject: "R: preventivo", Date: at(14)},
		"late":     {From: us, To: carla, Subject: "R: preventivo", Date: at(8).AddDate(0, 0, 31)},
		"forward":  {From: us, To: anna, Subject: "I: guasto", Date: at(9)},
	}
	want := map[string]string{
		"q": "q", "a": "q", "r": "q", "orphan": "orphan", "orphan2": "orphan", "index": "index", "index2": "index", "subject": "subject",
		"subject2": "subject", "carla": "carla", "new": "new", "which": "which", "late": "late", "forward": "forward",
	}
	for range 20 { // maps are walked in another order each time
		threads, got := NewThreads(), map[string]string{}
		for key, m := range mails {
			threads.Add(m, key)
		}
		threads.JoinSubjects()
		for key := range mails {
			got[key] = threads.Thread(key)
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Fatalf("(-got, +want):\n%s", d)
		}
	}
}
