package main

import (
	"slices"
	"strings"

	"tappa/sentiment/internal/token"
)

// inflector knows the forms of Italian words: verbs by Pattern's table or the regular endings, adjectives by
// their last vowel.
type inflector struct {
	verbs map[string][]string // folded infinitive → folded forms
	known map[string]bool     // folded forms that were seen in Italian texts
	adj   map[string]bool     // folded adjectives
}

func newInflector() (*inflector, error) {
	in := &inflector{verbs: map[string][]string{}, known: map[string]bool{}, adj: map[string]bool{}}
	err := lines(source("pattern", "it-verbs.txt"), func(line string) error {
		cells := strings.Split(line, ",")
		for _, c := range cells {
			if form := token.Fold(c); form != "" {
				in.verbs[token.Fold(cells[0])] = append(in.verbs[token.Fold(cells[0])], form)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = lines(source("pattern", "it-spelling.txt"), func(line string) error {
		form, _, _ := strings.Cut(line, " ")
		in.known[token.Fold(form)] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = lines(source("pattern", "wordforms-it-wiktionary.csv"), func(line string) error {
		cells := strings.Split(strings.ReplaceAll(line, `"`, ""), ",")
		if cells[0] == "j" {
			in.adj[token.Fold(cells[1])] = true
		}
		return nil
	})
	return in, err
}

// verb returns the forms of an infinitive, participles in all genders.
func (in *inflector) verb(infinitive string) []string {
	forms := slices.Clone(in.verbs[infinitive])
	if len(forms) == 0 {
		forms = regular(infinitive)
	}
	for _, f := range slices.Clone(forms) {
		if strings.HasSuffix(f, "to") || strings.HasSuffix(f, "so") {
			stem := f[:len(f)-1]
			forms = append(forms, stem+"a", stem+"i", stem+"e")
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// regularEndings of the three conjugations, accents folded; the -ire verbs take both patterns.
var regularEndings = map[string]string{
	"are": "are o i a iamo ate ano ando ai asti o ammo arono ato avo avi ava avamo avate avano ero erai era eremo erete " +
		"eranno erei eresti erebbe eremmo ereste erebbero ino assi asse assimo assero",
	"ere": "ere o i e iamo ete ono endo ei esti ette emmo ettero uto evo evi eva evamo evate evano ero erai era eremo erete " +
		"eranno erei eresti erebbe eremmo ereste erebbero a ano essi esse essimo essero",
	"ire": "ire o i e isco isci isce iamo ite ono iscono endo ii isti i immo irono ito ivo ivi iva ivamo ivate ivano iro irai " +
		"ira iremo irete iranno irei iresti irebbe iremmo ireste irebbero a ano isca iscano issi isse issimo issero",
}

func regular(infinitive string) []string {
	if len(infinitive) < 5 {
		return []string{infinitive}
	}
	stem, ending := infinitive[:len(infinitive)-3], infinitive[len(infinitive)-3:]
	var forms []string
	for _, e := range strings.Fields(regularEndings[ending]) {
		s := stem
		if ending == "are" && (e[0] == 'i' || e[0] == 'e') {
			switch { // giudicare → giudichi, annoiare → annoi, lasciare → lascera
			case strings.HasSuffix(s, "c"), strings.HasSuffix(s, "g"):
				s += "h"
			case strings.HasSuffix(s, "i"):
				s = s[:len(s)-1]
			}
		}
		forms = append(forms, s+e)
	}
	return append(forms, infinitive)
}

// adjective returns the genders and numbers of an adjective.
func adjective(form string) []string {
	stem := form[:len(form)-1]
	switch {
	case strings.HasSuffix(form, "co") && !strings.HasSuffix(form, "ico"), strings.HasSuffix(form, "go"):
		return []string{form, stem + "a", stem + "hi", stem + "he"}
	case strings.HasSuffix(form, "ico"):
		return []string{form, stem + "a", stem + "i", stem + "he"}
	case strings.HasSuffix(form, "io"):
		return []string{form, stem + "a", stem, stem + "e"}
	case strings.HasSuffix(form, "o"):
		return []string{form, stem + "a", stem + "i", stem + "e"}
	case strings.HasSuffix(form, "e"):
		return []string{form, stem + "i"}
	case strings.HasSuffix(form, "ista"):
		return []string{form, stem + "i", stem + "e"}
	}
	return []string{form}
}

// adjectival endings that nouns seldom have.
var adjectival = []string{
	"oso", "ivo", "ato", "ito", "uto", "ico", "ante", "ente", "abile", "ibile", "evole", "ale", "are", "ario", "esco", "ido", "ardo",
}

func hasAny(form string, endings []string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(form, e) })
}

// forms returns what an entry of a dictionary may look like in a text, and how far its polarity is an opinion
// (an adjective or verb) rather than an association (a noun).
func (in *inflector) forms(w word) (forms []string, opinion float64) {
	f := w.form
	switch {
	case strings.Contains(f, " ") || len(f) < 4:
		return []string{f}, 1
	case w.tag == "VB" || in.verbs[f] != nil || w.tag == "" && hasAny(f, []string{"are", "ere", "ire"}) && in.known[f]:
		return in.seen(in.verb(f), f), 0.6
	case w.tag == "JJ" || in.adj[f] || hasAny(f, adjectival):
		return in.seen(adjective(f), f), 1
	case w.tag == "RB" || strings.HasSuffix(f, "mente"):
		return []string{f}, 1
	case strings.HasSuffix(f, "o"), strings.HasSuffix(f, "e"):
		return in.seen([]string{f, f[:len(f)-1] + "i"}, f), 0.5
	case strings.HasSuffix(f, "a"):
		return in.seen([]string{f, f[:len(f)-1] + "e"}, f), 0.5
	}
	return []string{f}, 0.5
}

// seen drops the forms that no Italian text showed; the form of the dictionary stays.
func (in *inflector) seen(forms []string, keep string) []string {
	return slices.DeleteFunc(forms, func(f string) bool { return f != keep && !in.known[f] })
}
