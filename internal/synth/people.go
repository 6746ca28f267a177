package synth

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"tappa/ingest/source"
	"tappa/journey"
)

// person is a customer: one human, with the identifiers each system knows of them. No system knows them all.
type person struct {
	number  int
	persona journey.PersonaID
	lang    string
	first   string
	last    string
	company string
	domain  string
	city    string
	email   string
	phone   string // E.164
	dialled string // the same number, as the person writes it into a form
	cookie  string
	crm     string
	trade   trade
	product string // what they make
	amount  string // how much of it
	staff   int
	sales   salesperson // who looks after them
}

// salesperson is one of the company's own.
type salesperson struct{ name, mailbox, number string }

// colleagues in sales, with their own numbers and addresses.
var colleagues = []salesperson{
	{"Marco Tedeschi", "m.tedeschi@tramoggia.example", "+393351940101"},
	{"Lucia Ferri", "l.ferri@tramoggia.example", "+393351940102"},
	{"Davide Pini", "d.pini@tramoggia.example", "+393351940103"},
	{"Sara Montali", "s.montali@tramoggia.example", "+393351940104"},
}

// agents of the other departments, by department.
var agents = map[journey.DepartmentID][]string{
	"service":        {"Elena Gatti", "Omar Bassi", "Paolo Neri", "Chiara Landi"},
	"marketing":      {"Giulia Roversi"},
	"logistics":      {"Franco Dosi", "Irene Zani"},
	"administration": {"Marta Conti"},
	"sales":          {"Marco Tedeschi", "Lucia Ferri", "Davide Pini", "Sara Montali"},
}

var names = map[string]struct{ first, last, city []string }{
	"it": {
		first: words("Anna Marco Giulia Luca Paolo Francesca Andrea Elisa Roberto Simona Davide Chiara Stefano Laura Matteo Silvia Giorgio Monica Fabio Elena " +
			"Alessandro Valentina Antonio Sara Giuseppe Paola Riccardo Barbara Massimo Federica Enrico Cristina Vincenzo Daniela Claudio Teresa Salvatore Ilaria Nicola Rosa"),
		last: words("Serra Moretti Rinaldi Ferrara Gallo Conti Marini Greco Lombardi Barbieri Fontana Santoro Caruso Mariani Villa Ferri Bianco Longo Martini Leone " +
			"Gentile Vitale Coppola Parisi Sanna Fabbri Bruno Galli Farina Testa Grassi Pellegrini Palumbo Monti Bernardi Riva Donati Sala Cattaneo Orlando " +
			"Sartori Silvestri Valentini Messina Guerra Piras Ruggiero Negri Basile Rossetti Fiore Colombo Mancini Costa Giordano Rizzo Esposito Ricci Marchetti Zanetti"),
		city: []string{
			"Parma", "Modena", "Reggio Emilia", "Bologna", "Verona", "Padova", "Cuneo", "Bari", "Altamura", "Gragnano", "Salerno", "Treviso", "Bergamo", "Brescia", "Piacenza",
			"Cremona", "Siena", "Lucca", "Perugia", "Catania", "Ragusa", "Sassari", "Udine", "Trento", "Asti", "Novara", "Lecce", "Foggia",
		},
	},
	"en": {
		first: words("James Sarah Oliver Emma Thomas Claire Jan Katrin Lukas Anne Pierre Sophie Miguel Laura Peter Helen David Ruth Henrik Ingrid Stefan Julia Pavel Eva Marek Nina"),
		last: words("Hale Carter Whitfield Brandt Keller Vogel Lindqvist Moreau Lefevre Garnier Novak Dvorak Kowalski Jansen Visser Bakker Hughes Murray Doyle Walsh Schmid Huber " +
			"Larsen Nilsson Torres Vidal Marin Petrov Horvath Kral"),
		city: []string{
			"Leeds", "Bristol", "Cork", "Munich", "Graz", "Lyon", "Ghent", "Utrecht", "Malmö", "Aarhus", "Brno", "Poznań", "Valencia", "Porto", "Ljubljana", "Basel",
			"Nantes", "Kassel",
		},
	},
}

func words(s string) []string { return strings.Fields(s) }

// person invents person number i. Every sixth pair works for the same company: the purchasing manager begins, and the
// production manager follows.
func (w *World) person(i int) *person {
	pair := i
	if i%6 == 5 {
		pair = i - 1
	}
	house := rand.New(rand.NewPCG(w.options.Seed, uint64(pair)<<8|2))
	own := rand.New(rand.NewPCG(w.options.Seed, uint64(i)<<8|3))

	p := &person{number: i, lang: "it"}
	if house.Float64() < 0.25 {
		p.lang = "en"
	}
	p.persona = choosePersona(i, house)
	n := names[p.lang]
	p.trade = trades[pair%len(trades)]
	p.company, p.domain = company(pair, p.trade, p.lang, house.IntN(len(n.last)))
	p.city = pick(house, n.city)
	p.product = pick(house, p.trade.product[p.lang])
	p.amount = fmt.Sprintf("%d kg", 20*(1+house.IntN(60)))
	p.staff = 3 + house.IntN(60)
	if p.persona == artisan {
		p.amount, p.staff = fmt.Sprintf("%d kg", 10*(3+house.IntN(25))), 2+house.IntN(8)
	}
	p.sales = colleagues[house.IntN(len(colleagues))]

	p.first, p.last = pick(own, n.first), pick(own, n.last)
	p.email = fmt.Sprintf("%s.%s@%s", strings.ToLower(p.first[:1]), slug(p.last), p.domain)
	if pair != i {
		p.email = fmt.Sprintf("%s.%s@%s", slug(p.first), slug(p.last), p.domain)
	}
	p.phone, p.dialled = phone(i, p.lang, own)
	p.cookie = fmt.Sprintf("%08x%08x", own.Uint32(), own.Uint32())
	p.crm = fmt.Sprintf("suite/%08x-%04x", own.Uint32(), i)
	return p
}

func choosePersona(i int, r *rand.Rand) journey.PersonaID {
	x := r.Float64()
	switch {
	case i%6 == 5:
		return production
	case i%6 == 4:
		return buyer
	case x < 0.4:
		return buyer
	case x < 0.85:
		return artisan
	}
	return production
}

// company names the i-th company and its domain. Domains end in .example, which belongs to nobody.
func company(i int, t trade, lang string, last int) (name, domain string) {
	n := names[lang]
	family := n.last[(last+i/len(trades))%len(n.last)]
	name = t.name[lang] + " " + family
	if lang == "en" {
		name = family + " " + t.name[lang]
	}
	return name, fmt.Sprintf("%s-%d.example", strings.ReplaceAll(slug(name), " ", "-"), 100+i)
}

// phone returns the i-th person's number. Numbers never repeat within ten million people.
func phone(i int, lang string, r *rand.Rand) (e164, dialled string) {
	line := (i*5000011 + 1234567) % 10_000_000
	if lang == "it" {
		prefix := pick(r, []string{"333", "335", "338", "347", "348", "349", "328", "320", "340", "339"})
		number := fmt.Sprintf("%s%07d", prefix, line)
		forms := []string{"+39" + number, number, number[:3] + " " + number[3:], "+39 " + number[:3] + " " + number[3:6] + " " + number[6:], "0039 " + number}
		return "+39" + number, pick(r, forms)
	}
	number := pick(r, []string{"+44740%07d", "+491512%07d", "+43664%07d"})
	if strings.HasPrefix(number, "+44") {
		number = "+447400%06d"
		line %= 1_000_000
	}
	number = fmt.Sprintf(number, line)
	return number, pick(r, []string{number, number[:3] + " " + number[3:], "00" + number[1:]})
}

// slug writes a name as mail addresses do.
func slug(s string) string {
	replace := strings.NewReplacer("ö", "o", "ń", "n", "à", "a", "è", "e")
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' || r < unicode.MaxASCII && unicode.IsLetter(r) {
			return r
		}
		return -1
	}, replace.Replace(strings.ToLower(s)))
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// identifier is one of the ways in which systems know a person.
type identifier uint8

const (
	byCookie identifier = 1 << iota
	byEmail
	byPhone
	byCRM
)

// party identifies the person by the identifiers that a system has. The first time a system meets them it is told who
// they are by one identifier that is known already, as call tracking, a CRM's telephone integration and mail plug-ins
// do; from then on its own identifier has to do. So everybody can be recognised, but only by those who put the links
// together.
func (s *story) party(by identifier) source.Party {
	if s.known != 0 && s.known&by == 0 {
		for _, one := range []identifier{byEmail, byPhone, byCookie, byCRM} {
			if s.known&one != 0 {
				by |= one
				break
			}
		}
	}
	s.known |= by
	p, out := s.person, source.Party{}
	if by&byCookie != 0 {
		out.Cookie = p.cookie
	}
	if by&byEmail != 0 {
		out.Email = p.email
	}
	if by&byPhone != 0 {
		out.Phone = p.phone
	}
	if by&byCRM != 0 {
		out.CRM, out.Name, out.Account = p.crm, p.first+" "+p.last, p.domain
	}
	return out
}
