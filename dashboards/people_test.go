package dashboards

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tappa/journey"
)

// and gives what parts one more parameter from a path.
func and(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

func peopleBlock() journey.Block {
	block := hostileBlock()
	for i, keys := range [][]journey.ContactKey{
		{"crm:suite/7", "email:anna.rossi@acme.it", "phone:+393331234567"}, {"email:info@acme.it", "cookie:1"}, {"email:annalisa@example.com"},
	} {
		rec := block.Records[0]
		rec.Interaction.ID, rec.Interaction.Keys = string(rune('a'+i)), keys
		rec.Interaction.OccurredAt = rec.Interaction.OccurredAt.Add(time.Duration(i+1) * time.Hour)
		rec.Position.Offset = int64(i + 1)
		if i == 0 {
			rec.Interaction.Account = "account:acme.it"
		}
		block.Records = append(block.Records, rec)
	}
	return block
}

// TestWhoIsWho looks people up by any key, on the page in both languages and by the API, and finds keys masked.
func TestWhoIsWho(t *testing.T) {
	s := newSite(t, peopleBlock())
	for _, c := range []struct {
		path string
		code int
		says []string
	}{
		{"/people?lang=en", 200, []string{"Shared contacts", "email:i…@acme.it", "a desk&#39;s mailbox"}},
		{"/people?lang=it", 200, []string{"Contatti condivisi", "casella di un ufficio"}},
		{"/people?q=Anna.Rossi@acme.it&lang=en", 200, []string{"<b>crm:suite/7</b>", "account:acme.it", "email:a…@acme.it", "39…567", "form.submitted", `href="/case/`}},
		{"/people?q=333+1234567&lang=it", 200, []string{"<b>crm:suite/7</b>", "Che cosa li unisce", `<span class="badge in_progress">in corso</span>`}},
		{"/people?q=anna&lang=en", 200, []string{"It may mean", "q=email%3Aannalisa%40example.com"}},
		{"/people?q=nobody@example.com&lang=en", 200, []string{"Nobody has this contact"}},
		{"/people?q=acme.it&lang=en", 200, []string{"Company", "crm:suite/7"}},
		{"/people?case=0000", 404, []string{"non esiste"}},
		{"/people?q=%3Cscript%3Ealert", 200, []string{"&lt;script&gt;alert"}},
		{"/api/v1/identity?q=anna.rossi@acme.it", 200, []string{"email:a…@acme.it"}},
		{"/api/v1/identity/email:anna.rossi@acme.it", 200, []string{`"person":"crm:suite/7"`, `"account":"account:acme.it"`, `"reason":"form.submitted"`, `"case_id"`, `"exit":"in_progress"`}},
		{"/api/v1/identity/email:info@acme.it", 200, []string{`"shared":"desk"`, `"counts":"shared"`}},
		{"/api/v1/identity/email:nobody@example.com", 404, []string{"nobody"}},
		{"/api/v1/accounts/account:acme.it", 200, []string{`"persons":["crm:suite/7"]`}},
		{"/api/v1/accounts/account:nobody.it", 404, []string{"nobody.it"}},
		{"/api/v1/shared-keys", 200, []string{`"reason":"desk"`, `"others":1`}},
	} {
		code, body := fetch(t, s, c.path)
		if code != c.code {
			t.Errorf("%s: status %d, want %d:\n%s", c.path, code, c.code, body)
		}
		for _, says := range c.says {
			if !strings.Contains(body, says) {
				t.Errorf("%s: no %q in\n%s", c.path, says, body)
			}
		}
		if code == http.StatusOK && !strings.Contains(c.path, "q=Anna") && !strings.Contains(c.path, "q=anna") && strings.Contains(body, "anna.rossi@") {
			t.Errorf("%s shows an address in full", c.path)
		}
	}
}
