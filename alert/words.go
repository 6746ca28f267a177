package alert

import (
	"fmt"
	"strings"

	"tappa/aggregate"
)

// words of the messages, by language.
var words = map[string]map[string]string{
	"en": {
		Fires: "ALERT", StillFires: "STILL", Ended: "OVER", Trial: "TEST", "since": "since %s", "until": "from %s to %s",
		"holds": "%s: %s (alert when %s)", "n": "over n = %d", "rows": "of %d rows: %s", "from": "before: %s, change %s", "how": "How computed: %s",
		"trial": "This is a test; nothing needs to be done.",

		"above": "above %s", "below": "below %s", "or": " or ",
		"over " + Previous: "more than %s over the previous", "under " + Previous: "more than %s under the previous",
		"over " + Snapshot: "more than %s over the snapshot", "under " + Snapshot: "more than %s under the snapshot",
	},
	"it": {
		Fires: "ALLARME", StillFires: "ANCORA", Ended: "FINITO", Trial: "PROVA", "since": "dal %s", "until": "dal %s al %s",
		"holds": "%s: %s (allarme: %s)", "n": "su n = %d", "rows": "di %d righe: %s", "from": "prima: %s, variazione %s", "how": "Come si calcola: %s",
		"trial": "Questa è una prova; non c'è nulla da fare.",

		"above": "sopra %s", "below": "sotto %s", "or": " o ",
		"over " + Previous: "oltre %s in più del periodo precedente", "under " + Previous: "oltre %s in meno del periodo precedente",
		"over " + Snapshot: "oltre %s in più dell'ultimo mese congelato", "under " + Snapshot: "oltre %s in meno dell'ultimo mese congelato",
	},
}

// dimensions are Italian names of columns that say what a number is of; in English they are called what the column is.
var dimensions = map[string]string{
	"stage": "fase", "touchpoint": "punto di contatto", "department": "reparto", "persona": "persona", "channel": "canale", "key": "voce",
	"from": "da", "to": "a", "fact": "fatto", "value": "valore", "activity": "attività", "source": "fonte", "measure": "misura",
	"level": "livello", "case_id": "caso", "account": "azienda", "priority": "priorità", "kind": "tipo",
}

// number writes a number in the form of the messages' language.
func (d *Definitions) number(v *float64, unit string) string { return numberIn(d.Lang, v, unit) }

func numberIn(lang string, v *float64, unit string) string {
	s := aggregate.FormatNumber(v, unit)
	if lang != "it" {
		return s
	}
	if unit == "s" {
		return strings.Replace(s, "d ", "g ", 1)
	}
	return strings.Replace(s, ".", ",", 1)
}

// condition says in words of a language when the alert holds.
func (d Definition) condition(lang string) string {
	w := words[lang]
	var parts []string
	add := func(word string, v *float64, unit string) {
		if v != nil {
			parts = append(parts, fmt.Sprintf(w[word], numberIn(lang, v, unit)))
		}
	}
	add("above", d.Above, d.unit())
	add("below", d.Below, d.unit())
	if c := d.Change; c != nil {
		add("over "+c.Against, c.Above, "share")
		add("under "+c.Against, c.Below, "share")
	}
	return strings.Join(parts, w["or"])
}

// pairs writes values with their columns; what the alert's journey has a label for by its label.
func (d *Definitions) pairs(a Definition, values map[string]string) string {
	j, _ := a.journey(d.Journeys)
	var parts []string
	for _, column := range sortedKeys(values) {
		name := column
		if d.Lang == "it" && dimensions[column] != "" {
			name = dimensions[column]
		}
		label := values[column]
		if j != nil {
			label = j.Label(column, label, d.Lang)
		}
		parts = append(parts, name+" "+label)
	}
	return strings.Join(parts, ", ")
}
