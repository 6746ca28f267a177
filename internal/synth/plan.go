package synth

import (
	"time"

	"tappa/journey"
)

// The stages and personas of the machinery template.
const (
	awareness  journey.StageID = "awareness"
	evaluation journey.StageID = "evaluation"
	decision   journey.StageID = "decision"
	purchase   journey.StageID = "purchase"
	use        journey.StageID = "use"
	loyalty    journey.StageID = "loyalty"

	buyer      journey.PersonaID = "buyer"
	artisan    journey.PersonaID = "artisan"
	production journey.PersonaID = "production"
)

// order of the stages.
var order = []journey.StageID{awareness, evaluation, decision, purchase, use, loyalty}

const day = 24 * time.Hour

// silences returns the template's silences.
func silences() map[journey.StageID]time.Duration {
	return map[journey.StageID]time.Duration{
		awareness: 30 * day, evaluation: 30 * day, decision: 45 * day, purchase: 75 * day, use: 120 * day, loyalty: 90 * day,
	}
}

// roles are how people sign; the template's personas look for these words.
var roles = map[journey.PersonaID]map[string]string{
	buyer:      {"it": "Ufficio Acquisti", "en": "Purchasing Dept"},
	artisan:    {"it": "Titolare", "en": "Owner, {company}"},
	production: {"it": "Direzione di Produzione", "en": "Production Manager"},
}

// field is the value of the form field "ruolo".
var field = map[journey.PersonaID]string{buyer: "acquisti", artisan: "titolare", production: "produzione"}

// audience is the page that the site's front asks each kind of visitor to go to.
var audience = map[journey.PersonaID]string{buyer: "/per/acquisti", artisan: "/per/artigiani", production: "/per/produzione"}

// nature is how a persona behaves. Losses are what the world aims at before anything goes wrong: waiting adds to them.
type nature struct {
	leaveAwareness  float64 // share that only looks
	leaveEvaluation float64 // share that never gets as far as a quote, when answered well
	winBefore       float64 // share of quotes won until February, and from March on
	winAfter        float64
	cancel          float64 // share of orders cancelled
	overdue         float64 // share that does not pay in time
	breakdown       float64 // share whose machine breaks down within the year
	loyal           float64 // share of contented customers that come back for parts and contracts
	temper          float64 // leans to negative (above 1) or positive moods (below 1)
	price           [2]int  // thousands of euros
	evening         float64 // share of what they write that is written after seven
	mobile          float64 // share that dials a salesperson's own number
}

var natures = map[journey.PersonaID]nature{
	buyer: {
		leaveAwareness: 0.36, leaveEvaluation: 0.24, winBefore: 0.27, winAfter: 0.42, cancel: 0.03, overdue: 0.34, breakdown: 0.55,
		loyal: 0.86, temper: 0.9, price: [2]int{35, 140}, evening: 0.03, mobile: 0.2,
	},
	artisan: {
		leaveAwareness: 0.5, leaveEvaluation: 0.36, winBefore: 0.22, winAfter: 0.33, cancel: 0.06, overdue: 0.26, breakdown: 0.5,
		loyal: 0.74, temper: 0.8, price: [2]int{9, 42}, evening: 0.35, mobile: 0.1,
	},
	production: {
		leaveAwareness: 0.42, leaveEvaluation: 0.28, winBefore: 0.25, winAfter: 0.38, cancel: 0.04, overdue: 0.3, breakdown: 0.75,
		loyal: 0.82, temper: 1.3, price: [2]int{25, 110}, evening: 0.1, mobile: 0.45,
	},
}

// remindedPays is the share of those reminded who pay in the end.
const remindedPays = 0.56

// Turn is when the company changed how it follows up quotes and forms. It is a moment of every spring: the first of
// March of the year in which the world ends.
func (w *World) Turn() time.Time {
	return time.Date(w.options.End.In(w.office.zone).Year(), time.March, 1, 0, 0, 0, 0, w.office.zone)
}

// manner is how a department answers on one touchpoint: half of the answers come within the median of business time.
type manner struct {
	department journey.DepartmentID
	median     time.Duration
	spread     float64 // of the logarithm
	never      float64 // share never answered
}

var manners = map[journey.TouchpointID]manner{
	"contact-form":        {"sales", 7 * time.Hour, 0.9, 0.06},
	"trade-fair":          {"sales", 14 * time.Hour, 0.7, 0.03},
	"info-mail":           {"marketing", 11 * time.Hour, 0.9, 0.12},
	"sales-mail":          {"sales", 4 * time.Hour, 0.9, 0.04},
	"service-mail":        {"service", 6 * time.Hour, 1.0, 0.07},
	"administration-mail": {"administration", 9 * time.Hour, 0.8, 0.06},
	"returns":             {"logistics", 14 * time.Hour, 0.8, 0.03},
	"help-desk":           {"service", 5 * time.Hour, 1.2, 0.05},
	"toll-free":           {"service", 3 * time.Hour, 1.0, 0.1},
	"switchboard":         {"administration", 8 * time.Hour, 1.0, 0.25},
	"showroom":            {"sales", 5 * time.Hour, 0.8, 0.1},
	"salesperson":         {"sales", 1 * time.Hour, 1.0, 0.05},
	"answering-machine":   {"service", 10 * time.Hour, 1.1, 0.3},
}

// missed is the share of inbound calls that nobody takes while the department works.
var missed = map[journey.TouchpointID]float64{
	"toll-free": 0.22, "switchboard": 0.3, "showroom": 0.25, "salesperson": 0.18, "answering-machine": 1,
}

// leans says which numbers people call in a worse mood (above 1) or a better one.
var leans = map[journey.TouchpointID]float64{
	"toll-free": 1.2, "switchboard": 1.6, "showroom": 0.6, "salesperson": 0.7, "answering-machine": 1.4,
}

// numbers of the company, but for the salespeople's own.
var numbers = map[journey.TouchpointID]string{
	"toll-free": "+39800014520", "switchboard": "+390521940100", "showroom": "+390521940130", "answering-machine": "+390521940199",
}

// mailboxes of the company, but for the salespeople's own.
var mailboxes = map[journey.TouchpointID]string{
	"info-mail": "info@tramoggia.example", "service-mail": "servizioclienti@tramoggia.example", "returns": "logistica@tramoggia.example",
	"administration-mail": "amministrazione@tramoggia.example", "payment-reminder": "amministrazione@tramoggia.example",
	"automatic-reply": "noreply@tramoggia.example", "newsletter": "newsletter@tramoggia.example", "order": "ordini@tramoggia.example",
}

// machine is a product. Italian names are feminine throughout, so that texts agree.
type machine struct{ it, en, page string }

var (
	mixer     = machine{"impastatrice a spirale IS-160", "spiral mixer IS-160", "impastatrici"}
	filler    = machine{"riempitrice volumetrica RV-4", "volumetric filler RV-4", "riempitrici"}
	packer    = machine{"confezionatrice FP-200", "flow packer FP-200", "confezionatrici"}
	cutter    = machine{"tagliaverdure TV-600", "vegetable cutter TV-600", "tagliaverdure"}
	former    = machine{"formatrice FG-120", "forming machine FG-120", "formatrici"}
	slicer    = machine{"affettatrice AF-350", "slicer AF-350", "affettatrici"}
	sealer    = machine{"termosigillatrice TS-2", "tray sealer TS-2", "termosigillatrici"}
	labeller  = machine{"etichettatrice EL-30", "labeller EL-30", "etichettatrici"}
	sheeter   = machine{"sfogliatrice SF-700", "dough sheeter SF-700", "sfogliatrici"}
	divider   = machine{"spezzatrice SP-18", "dough divider SP-18", "spezzatrici"}
	kettle    = machine{"marmitta di cottura MC-300", "cooking kettle MC-300", "cottura"}
	trayWash  = machine{"lavatrice per vassoi LV-90", "tray washer LV-90", "lavaggio"}
	depositor = machine{"colatrice DC-80", "depositor DC-80", "colatrici"}
)

// trade is a kind of company: how it is called, what it makes, and what it makes that with.
type trade struct {
	name     map[string]string
	product  map[string][]string
	machines []machine
}

func called(it, en string) map[string]string { return map[string]string{"it": it, "en": en} }

func makes(it, en []string) map[string][]string { return map[string][]string{"it": it, "en": en} }

var trades = []trade{
	{called("Pastificio", "Pasta"), makes([]string{"gnocchi", "ravioli", "tortellini", "trofie"}, []string{"gnocchi", "ravioli", "fresh pasta"}), []machine{former, filler, packer, sealer, mixer, sheeter}},
	{called("Caseificio", "Dairy"), makes([]string{"ricotta", "stracchino", "formaggi freschi"}, []string{"ricotta", "fresh cheese", "yoghurt"}), []machine{filler, sealer, labeller, trayWash, slicer}},
	{called("Dolciaria", "Confectionery"), makes([]string{"biscotti", "cantucci", "panettoni", "torrone"}, []string{"biscuits", "nougat", "cakes"}), []machine{mixer, depositor, packer, sheeter, labeller}},
	{called("Salumificio", "Meats"), makes([]string{"salumi affettati", "salsicce", "prosciutto cotto"}, []string{"sliced ham", "sausages", "cold cuts"}), []machine{slicer, filler, sealer, labeller, trayWash}},
	{called("Forno", "Bakery"), makes([]string{"pane", "focacce", "grissini", "taralli"}, []string{"bread", "breadsticks", "rolls"}), []machine{mixer, divider, sheeter, packer, trayWash}},
	{called("Conserve", "Preserves"), makes([]string{"sughi pronti", "confetture", "sottoli", "pesto"}, []string{"ready sauces", "jams", "pickles"}), []machine{filler, kettle, labeller, cutter}},
	{called("Panificio", "Mills"), makes([]string{"pane di segale", "pizze precotte", "cracker"}, []string{"rye bread", "pizza bases", "crackers"}), []machine{mixer, divider, packer, sheeter}},
	{called("Gastronomia", "Kitchens"), makes([]string{"polpette", "minestroni", "lasagne", "insalate pronte"}, []string{"meatballs", "soups", "ready salads"}), []machine{kettle, cutter, sealer, former, labeller}},
	{called("Orto", "Greens"), makes([]string{"insalate in busta", "verdure grigliate", "minestroni"}, []string{"bagged salads", "grilled vegetables", "cut fruit"}), []machine{cutter, packer, sealer, trayWash}},
	{called("Pasticceria", "Patisserie"), makes([]string{"sfogliatelle", "crostate", "bignè", "cornetti"}, []string{"croissants", "tarts", "choux"}), []machine{sheeter, depositor, mixer, trayWash, kettle}},
	{called("Gelateria", "Ice Cream"), makes([]string{"gelato in vaschetta", "semifreddi", "granita"}, []string{"ice cream tubs", "sorbets"}), []machine{filler, labeller, kettle, trayWash}},
}

// parts break; all are feminine singular in Italian too.
var parts = []map[string]string{
	{"it": "la guarnizione della valvola", "en": "the valve seal"},
	{"it": "la cinghia del nastro", "en": "the conveyor belt"},
	{"it": "la scheda del pannello", "en": "the panel board"},
	{"it": "la lama di taglio", "en": "the cutting blade"},
	{"it": "la sonda di temperatura", "en": "the temperature probe"},
	{"it": "la pompa di dosaggio", "en": "the dosing pump"},
	{"it": "la fotocellula di ingresso", "en": "the infeed photocell"},
	{"it": "la resistenza di saldatura", "en": "the sealing element"},
}

// guides and pages of the site.
var (
	guides = []string{"/guide/scegliere-impastatrice", "/guide/pulizia-cip", "/guide/confezionamento-atm", "/guide/calcolo-capacita", "/guide/haccp-macchine", "/guide/credito-imposta-40"}
	pages  = []string{"/", "/prodotti", "/showroom", "/chi-siamo", "/contatti", "/referenze", "/video"}
)

// searches are what people type before they find the company.
var searches = map[string][]string{
	"it": {"macchina per gnocchi", "confezionatrice piccola", "come pulire riempitrice", "impastatrice industriale prezzo", "tagliaverdure industriale", "macchina usata o nuova pastificio"},
	"en": {"gnocchi machine", "small flow packer", "tray sealer price", "industrial mixer italy", "how to clean a filler"},
}
