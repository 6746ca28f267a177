package aggregate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tappa/journey"
)

// ReportInfo describes a report: a view, and what to say about it.
type ReportInfo struct {
	Name   string         // as asked for: "dropoff", "directly-follows", "cases"
	View   string         // the ClickHouse view
	File   string         // of sql/, whose head documents the parameters and columns
	States []string       // what Query.State may be, for lists
	By     []string       // what Query.By may be, the default first; empty: groupings
	Main   []string       // the columns a narrow table shows; empty: all
	Titles journey.Labels // what people call it
	About  string         // one line, English
	Abouts journey.Labels
	Hows   journey.Labels // the formula
}

// groupings are what timing and mood can be split by.
var groupings = []string{"stage", "touchpoint", "department", "persona", "channel"}

// emotions are what a text may be scored as beside its label.
var emotions = []string{"satisfaction", "impatience", "enthusiasm", "perplexity", "confusion", "disappointment", "joy", "frustration", "none"}

// reports are all there are: a view to add is a file in sql/ and an entry here.
var reports = []ReportInfo{
	{
		Name: "dropoff", View: "dropoff", File: "00101_dropoff.sql",
		Main: []string{
			"label", "entered", "moved_on", "completed", "lost_explicit", "lost_silent", "in_progress",
			"dropoff", "dropoff_low", "dropoff_high", "few", "mature_open", "median_s", "reached_share",
		},
		Titles: journey.Labels{"en": "Drop-off", "it": "Abbandono"},
		Abouts: journey.Labels{"en": "where cases are lost, stage by stage", "it": "dove si perdono i casi, fase per fase"},
		Hows: journey.Labels{
			"en": "drop-off = lost / (lost + moved on + completed) over mature entries, those still open beside it; Wilson 95 %",
			"it": "abbandono = persi / (persi + passati oltre + completati) sugli ingressi maturi, quelli ancora aperti a fianco; Wilson 95 %",
		},
	},
	{
		Name: "timing", View: "timing", File: "00103_timing.sql",
		Main: []string{
			"label", "stage_n", "stage_p50_s", "stage_p90_s", "reply_n", "reply_p50_s", "wait_n", "wait_waiting",
			"wait_oldest_s", "wait_p50_s", "wait_p90_s", "wait_business_p50_s", "attainment", "few",
		},
		Titles: journey.Labels{"en": "Waits and times", "it": "Attese e tempi"},
		Abouts: journey.Labels{"en": "time in stage, first reply, waits and service levels", "it": "tempo nella fase, prima risposta, attese e livelli di servizio"},
		Hows: journey.Labels{
			"en": "stay of visits that moved on or completed; first unanswered question to next public human answer, in calendar time and in the department's opening hours; exact percentiles of the answered, those waiting beside them; attainment = kept / (kept + broken + past target)",
			"it": "permanenza delle visite passate oltre o completate; dalla prima domanda senza risposta alla successiva risposta pubblica di una persona, in tempo di calendario e negli orari del reparto; percentili esatti delle risposte date, chi attende a fianco; livello di servizio = rispettati / (rispettati + mancati + oltre l'obiettivo)",
		},
	},
	{
		Name: "mood", View: "mood", File: "00105_mood.sql",
		Main: []string{
			"label", "eligible", "scored", "coverage", "positive", "neutral", "negative", "mixed", "net",
			"curve", "curve_low", "curve_high", "few",
		},
		Titles: journey.Labels{"en": "Mood", "it": "Umore"},
		Abouts: journey.Labels{"en": "how customers feel in what they write", "it": "lo stato d'animo dei clienti in ciò che scrivono"},
		Hows: journey.Labels{
			"en": "net = (positive − negative) / scored; curve = 2 × net, on −2 … +2, interval 95 %; coverage = scored / eligible",
			"it": "netto = (positivi − negativi) / valutati; curva = 2 × netto, su −2 … +2, intervallo 95 %; copertura = valutati / valutabili",
		},
	},
	{
		Name: "touchpoints", View: "touchpoints", File: "00114_touchpoints.sql", By: []string{"touchpoint", "stage"},
		Main:   []string{"touchpoint", "cases", "interactions", "loss", "stage_loss", "wait_p75_s", "wait_waiting", "curve", "loss_term", "late", "negative", "friction", "few"},
		Titles: journey.Labels{"en": "Touchpoints", "it": "Punti di contatto"},
		Abouts: journey.Labels{"en": "touchpoints with loss after them, waits, mood and friction", "it": "punti di contatto con perdite successive, attese, umore e attrito"},
		Hows: journey.Labels{
			"en": "friction = cases × (loss after the touchpoint − loss of its stages) + answers late or overdue + negative texts; loss over mature, decided visits",
			"it": "attrito = casi × (perdita dopo il punto di contatto − perdita delle sue fasi) + risposte in ritardo o scadute + testi negativi; perdita sulle visite mature e concluse",
		},
	},
	{
		Name: "paths", View: "paths", File: "00115_paths.sql",
		Main:   []string{"from", "to", "n", "cases", "share", "p50_s", "skips", "returns", "lost_share", "few"},
		Titles: journey.Labels{"en": "Paths", "it": "Percorsi"},
		Abouts: journey.Labels{"en": "from touchpoint to touchpoint, with the share lost after", "it": "da punto di contatto a punto di contatto, con la quota persa dopo"},
		Hows: journey.Labels{
			"en": "consecutive touchpoints of a case; share of all that followed; lost share of the cases with this move that have ended; Wilson 95 %",
			"it": "punti di contatto consecutivi di un caso; quota su tutti i passi successivi; quota persa dei casi conclusi con questo passo; Wilson 95 %",
		},
	},
	{
		Name: "survival", View: "survival", File: "00113_survival.sql",
		Main: []string{
			"stage", "stay_s", "at_risk", "left", "survival", "survival_low", "survival_high", "moved_on_share", "completed_share", "lost_share",
		},
		Titles: journey.Labels{"en": "Survival in stages", "it": "Permanenza nelle fasi"},
		Abouts: journey.Labels{"en": "how long cases stay in a stage, those still there counted", "it": "quanto restano i casi in una fase, contando chi c'è ancora"},
		Hows: journey.Labels{
			"en": "Kaplan-Meier, in progress = censored, Greenwood 95 %; cumulative incidence of each exit (Aalen-Johansen)",
			"it": "Kaplan-Meier, in corso = censurati, Greenwood 95 %; incidenza cumulata di ogni uscita (Aalen-Johansen)",
		},
	},
	{
		Name: "percentiles", View: "percentiles", File: "00125_percentiles.sql",
		Main:   []string{"key", "measure", "level", "n", "value_s", "value_low_s", "value_high_s"},
		Titles: journey.Labels{"en": "Percentiles of times", "it": "Percentili dei tempi"},
		Abouts: journey.Labels{"en": "percentiles of stays and waits, with their intervals", "it": "percentili di permanenze e attese, con i loro intervalli"},
		Hows: journey.Labels{
			"en": "exact percentiles; 95 % interval between the durations ranked n p ± 1.96 √(n p (1 − p))",
			"it": "percentili esatti; intervallo 95 % tra le durate di rango n p ± 1,96 √(n p (1 − p))",
		},
	},
	{
		Name: "losses", View: "losses", File: "00121_losses.sql",
		Main:   []string{"stage", "fact", "value", "n", "loss", "others_loss", "odds_ratio", "odds_low", "odds_high", "p", "q", "real"},
		Titles: journey.Labels{"en": "What goes with loss", "it": "Che cosa si accompagna alla perdita"},
		Abouts: journey.Labels{"en": "what goes with loss (association, not cause)", "it": "che cosa si accompagna alla perdita (associazione, non causa)"},
		Hows: journey.Labels{
			"en": "odds ratio of loss of visits with the value against all others of the stage, 0.5 added per cell, 95 % interval; two-sided p, q after Benjamini-Hochberg over all rows; facts known before the outcome; mature, decided visits; values held by fewer than max(25, 2 %) left out",
			"it": "rapporto di probabilità (odds) di perdita delle visite con il valore rispetto a tutte le altre della fase, 0,5 aggiunto a ogni cella, intervallo 95 %; p bilaterale, q dopo Benjamini-Hochberg su tutte le righe; fatti noti prima dell'esito; visite mature e concluse; esclusi i valori di meno di max(25, 2 %) visite",
		},
	},
	{
		Name: "service_level", View: "service_level", File: "00160_service_level.sql", By: []string{"department", "stage", "touchpoint", "persona", "channel"},
		Main:   []string{"key", "priority", "target_s", "target_business", "asked", "kept", "broken", "past_target", "open", "attainment", "attainment_low", "attainment_high", "few", "over_p50_s", "over_max_s"},
		Titles: journey.Labels{"en": "Service levels", "it": "Livelli di servizio"},
		Abouts: journey.Labels{"en": "what became of each promise of an answer", "it": "che cosa è stato di ogni promessa di risposta"},
		Hows: journey.Labels{
			"en": "attainment = kept / (kept + broken + open past target), Wilson 95 %; the promise of the question's department and priority as it stood when it was asked",
			"it": "livello di servizio = rispettati / (rispettati + mancati + oltre l'obiettivo), Wilson 95 %; la promessa di reparto e priorità della domanda com'era quando fu posta",
		},
	},
	{
		Name: "ageing", View: "ageing", File: "00161_ageing.sql",
		Main:   []string{"label", "usual_n", "usual_p50_s", "usual_p90_s", "open", "to_p50", "to_p75", "to_p90", "past_p90", "past_p90_share", "company_turn", "customer_turn", "open_p50_s", "oldest_s", "few"},
		Titles: journey.Labels{"en": "Age of open visits", "it": "Età delle visite aperte"},
		Abouts: journey.Labels{"en": "how old the open visits are, against the stage's own percentiles", "it": "l'età delle visite aperte, rispetto ai percentili della fase stessa"},
		Hows: journey.Labels{
			"en": "age of visits in progress, by the percentiles of all stays in that stage that moved on or completed; company's turn = an open question",
			"it": "età delle visite in corso, secondo i percentili di tutte le permanenze nella fase passate oltre o completate; tocca all'azienda = una domanda aperta",
		},
	},
	{
		Name: "turns", View: "turns", File: "00162_turns.sql",
		Main:   []string{"label", "n", "company_share", "company_p50_s", "company_p90_s", "customer_p50_s", "customer_p90_s"},
		Titles: journey.Labels{"en": "Whose turn it was", "it": "A chi toccava"},
		Abouts: journey.Labels{"en": "whose turn it was while cases stayed in a stage", "it": "a chi toccava mentre i casi restavano in una fase"},
		Hows: journey.Labels{
			"en": "of stays that moved on or completed: the time with an open question is the company's turn, the rest the customer's",
			"it": "delle permanenze passate oltre o completate: il tempo con una domanda aperta tocca all'azienda, il resto al cliente",
		},
	},
	{
		Name: "bypasses", View: "bypasses", File: "00163_bypasses.sql",
		Main:   []string{"kind", "from", "to", "passed", "n", "cases", "cases_share", "lost_share", "lost_low", "lost_high", "few"},
		Titles: journey.Labels{"en": "Skips and returns", "it": "Salti e ritorni"},
		Abouts: journey.Labels{"en": "moves the journey does not foresee: skips, late starts, returns", "it": "passaggi non previsti dal viaggio: salti, inizi tardivi, ritorni"},
		Hows: journey.Labels{
			"en": "stages passed over, cases begun after the first stage, interactions that counted for an earlier stage; lost share of these cases that have ended, Wilson 95 %",
			"it": "fasi saltate, casi iniziati dopo la prima fase, interazioni valse per una fase precedente; quota persa di questi casi conclusi, Wilson 95 %",
		},
	},
	{
		Name: "ratings", View: "ratings", File: "00120_ratings.sql",
		Main:   []string{"label", "kind", "n", "scale_min", "scale_max", "mean", "top_two_share", "top_two_low", "top_two_high", "nps", "nps_low", "nps_high", "few"},
		Titles: journey.Labels{"en": "Ratings", "it": "Valutazioni"},
		Abouts: journey.Labels{"en": "how satisfied customers say they are", "it": "quanto i clienti dicono di essere soddisfatti"},
		Hows: journey.Labels{
			"en": "CSAT and stars = share on the two highest steps (Wilson 95 %); NPS = share of 9–10 − share of 0–6; CES = mean, scale beside it; no answers is no data",
			"it": "CSAT e stelle = quota sui due gradini più alti (Wilson 95 %); NPS = quota di 9–10 − quota di 0–6; CES = media, con la scala a fianco; nessuna risposta è nessun dato",
		},
	},
	{
		Name: "handoffs", View: "handoffs", File: "00122_handoffs.sql",
		Main:   []string{"from", "to", "n", "cases", "share", "cases_share", "back", "returns", "p50_s", "lost_share", "few"},
		Titles: journey.Labels{"en": "Hand-offs", "it": "Passaggi tra reparti"},
		Abouts: journey.Labels{"en": "from department to department, and back", "it": "da reparto a reparto, e ritorno"},
		Hows: journey.Labels{
			"en": "consecutive interactions of a case with different departments, automatic ones left out; back again = to a department that had the case before; lost share of the cases with this hand-off that have ended",
			"it": "interazioni consecutive di un caso con reparti diversi, escluse le automatiche; ritorni al reparto = a un reparto che aveva già avuto il caso; quota persa dei casi conclusi con questo passaggio",
		},
	},
	{
		Name: "calls", View: "calls", File: "00123_calls.sql",
		Main:   []string{"key", "calls", "held", "missed", "missed_share", "missed_low", "missed_high", "few", "answered", "waiting", "oldest_s", "answer_p50_s", "answer_p90_s"},
		Titles: journey.Labels{"en": "Calls", "it": "Chiamate"},
		Abouts: journey.Labels{"en": "calls nobody took, and until they were answered", "it": "chiamate perse, e dopo quanto hanno avuto risposta"},
		Hows: journey.Labels{
			"en": "missed / inbound calls, Wilson 95 %; from the first missed call to the next call held or public answer of a person",
			"it": "perse / chiamate in entrata, Wilson 95 %; dalla prima chiamata persa alla successiva chiamata avvenuta o risposta pubblica di una persona",
		},
	},
	{
		Name: "tickets", View: "tickets", File: "00124_tickets.sql",
		Main:   []string{"key", "opened", "solved", "unsolved", "oldest_s", "resolution_p50_s", "resolution_p90_s", "reopens", "reopened_share", "one_touch_share", "few"},
		Titles: journey.Labels{"en": "Tickets", "it": "Ticket"},
		Abouts: journey.Labels{"en": "tickets: resolution, opened again, settled by one answer", "it": "ticket: soluzione, riaperture, risolti con una risposta"},
		Hows: journey.Labels{
			"en": "resolution = opened to last solved; reopens = times solved − 1; one-touch = exactly one public answer of a person, then solved once; shares of the solved, Wilson 95 %",
			"it": "soluzione = dall'apertura all'ultima volta risolto; riaperture = volte risolto − 1; risolti con una risposta = esattamente una risposta pubblica di una persona, poi risolto una volta; quote sui risolti, Wilson 95 %",
		},
	},
	{
		Name: "waiting", View: "waiting", File: "00110_waiting.sql",
		Main:   []string{"case_id", "persona", "stage", "touchpoint", "department", "priority", "asked_at", "waiting_s", "target_s", "overdue", "overdue_s"},
		Titles: journey.Labels{"en": "Waiting for an answer", "it": "In attesa di risposta"},
		Abouts: journey.Labels{"en": "who is waiting for an answer, longest first", "it": "chi attende una risposta, da più tempo in testa"},
		Hows: journey.Labels{
			"en": "asked and not answered by a person in public by then; overdue = past the target's due time",
			"it": "domande senza una risposta pubblica di una persona fino ad allora; scaduta = oltre il termine dell'obiettivo",
		},
	},
	{
		Name: "coverage", View: "coverage", File: "00111_coverage.sql",
		Titles: journey.Labels{"en": "Coverage", "it": "Copertura"},
		Abouts: journey.Labels{"en": "how much of what is stored the journeys understand", "it": "quanto di ciò che è registrato i viaggi comprendono"},
		Hows: journey.Labels{
			"en": "unmapped = no rule of any journey matched; scored = texts given a mood / texts customers wrote",
			"it": "non mappate = nessuna regola corrisponde; valutati = testi con uno stato d'animo / testi scritti dai clienti",
		},
	},
	{
		Name: "unmapped", View: "unmapped", File: "00112_unmapped.sql",
		Titles: journey.Labels{"en": "Unmapped interactions", "it": "Interazioni non mappate"},
		Abouts: journey.Labels{"en": "what no rule matched, most frequent first", "it": "ciò che nessuna regola riconosce, dal più frequente"},
		Hows: journey.Labels{
			"en": "interactions that no rule of any journey matched, with the newest example",
			"it": "interazioni che nessuna regola riconosce, con l'esempio più recente",
		},
	},
	{
		Name: "activities", View: "activities", File: "00106_activities.sql",
		Titles: journey.Labels{"en": "Activities", "it": "Attività"},
		Abouts: journey.Labels{"en": "what happened, how often, in how many cases", "it": "che cosa è accaduto, quante volte, in quanti casi"},
		Hows: journey.Labels{
			"en": "interactions of cases, by the source's own word",
			"it": "interazioni dei casi, con la parola usata dalla fonte",
		},
	},
	{
		Name: "directly-follows", View: "directly_follows", File: "00107_directly_follows.sql",
		Titles: journey.Labels{"en": "What follows what", "it": "Che cosa segue che cosa"},
		Abouts: journey.Labels{"en": "which activity follows which, and after how long", "it": "quale attività segue quale, e dopo quanto"},
		Hows: journey.Labels{
			"en": "consecutive interactions of a case in total order; percentiles of the gap interpolate linearly",
			"it": "interazioni consecutive di un caso nell'ordine totale; percentili dell'intervallo con interpolazione lineare",
		},
	},
	{
		Name: "durations", View: "durations", File: "00108_durations.sql",
		Titles: journey.Labels{"en": "Durations of cases", "it": "Durata dei casi"},
		Abouts: journey.Labels{"en": "how long cases last", "it": "quanto durano i casi"},
		Hows: journey.Labels{
			"en": "first to last interaction of a case; percentiles interpolate linearly",
			"it": "dalla prima all'ultima interazione di un caso; percentili con interpolazione lineare",
		},
	},
	{
		Name: "cases", View: "cases_at", File: "00109_cases_at.sql",
		States: []string{"in_progress", "completed", "lost_explicit", "lost_silent", "lost", "reached", "skipped", "waiting"},
		Main:   []string{"case_id", "persona", "opened_at", "stage", "state", "closed_at", "last_at", "interactions", "waiting", "value"},
		Titles: journey.Labels{"en": "Cases", "it": "Casi"},
		Abouts: journey.Labels{"en": "list: cases, where each stands", "it": "elenco: i casi, e dove si trova ciascuno"},
		Hows:   journey.Labels{"en": "cases by when they opened, with their latest stage by then", "it": "casi per data di apertura, con l'ultima fase fino ad allora"},
	},
	{
		Name: "visits", View: "visits_at", File: "00100_visits_at.sql",
		States: []string{"moved_on", "completed", "lost_explicit", "lost_silent", "in_progress", "lost", "mature", "mature_lost", "mature_open", "stayed"},
		Main:   []string{"case_id", "persona", "stage", "state", "mature", "entered_at", "left_at", "stay_s", "touchpoint", "channel"},
		Titles: journey.Labels{"en": "Visits", "it": "Visite"},
		Abouts: journey.Labels{"en": "list: stays in stages, behind dropoff and time in stage", "it": "elenco: le visite alle fasi, dietro abbandono e tempo nella fase"},
		Hows:   journey.Labels{"en": "visits by when they were entered, with their state then", "it": "visite per data di ingresso, con il loro stato di allora"},
	},
	{
		Name: "waits", View: "waits_at", File: "00102_waits_at.sql",
		States: []string{"answered", "waiting", "first", "first_answered", "first_waiting", "kept", "broken", "past_target", "late"},
		Main:   []string{"case_id", "stage", "touchpoint", "department", "priority", "asked_at", "answer_at", "state", "waited_s", "business_s", "target_state"},
		Titles: journey.Labels{"en": "Questions and answers", "it": "Domande e risposte"},
		Abouts: journey.Labels{"en": "list: questions and their answers, behind waits and service levels", "it": "elenco: domande e risposte, dietro attese e livelli di servizio"},
		Hows:   journey.Labels{"en": "questions by when they were asked", "it": "domande per data"},
	},
	{
		Name: "verbatims", View: "verbatims", File: "00164_verbatims.sql",
		States: append([]string{"scored", "unscored", "positive", "neutral", "negative", "mixed"}, emotions...),
		Main:   []string{"occurred_at", "stage", "touchpoint", "mood_label", "mood_emotion", "mood_score", "text"},
		Titles: journey.Labels{"en": "What customers wrote", "it": "Che cosa hanno scritto i clienti"},
		Abouts: journey.Labels{"en": "what customers wrote, masked, the most outspoken first", "it": "ciò che i clienti hanno scritto, mascherato, dal più esplicito"},
		Hows:   journey.Labels{"en": "texts of customers with the mood each was given; names, addresses and numbers masked", "it": "testi dei clienti con l'umore attribuito a ciascuno; nomi, indirizzi e numeri mascherati"},
	},
	{
		Name: "timeline", View: "timeline", File: "00165_timeline.sql",
		Main:   []string{"at", "what", "stage", "touchpoint", "channel", "detail", "mood", "elapsed_s", "lasted_s"},
		Titles: journey.Labels{"en": "Timeline of a case", "it": "Cronologia di un caso"},
		Abouts: journey.Labels{"en": "all that happened in one case, in order", "it": "tutto ciò che è accaduto in un caso, in ordine"},
		Hows:   journey.Labels{"en": "interactions, stages entered and left, questions, answers and promises of the case", "it": "interazioni, fasi iniziate e lasciate, domande, risposte e promesse del caso"},
	},
	{
		Name: "steps", View: "steps_at", File: "00104_steps_at.sql",
		States: append([]string{"eligible", "scored", "unscored", "positive", "neutral", "negative", "mixed"}, emotions...),
		Main:   []string{"case_id", "occurred_at", "activity", "stage", "touchpoint", "channel", "direction", "mood_label", "mood_emotion"},
		Titles: journey.Labels{"en": "Interactions of cases", "it": "Interazioni dei casi"},
		Abouts: journey.Labels{"en": "list: interactions of cases, behind activities, touchpoints and mood", "it": "elenco: le interazioni dei casi, dietro attività, punti di contatto e umore"},
		Hows:   journey.Labels{"en": "interactions of cases by when they occurred", "it": "interazioni dei casi per data"},
	},
}

// Reports lists all reports in the order they are shown.
func Reports() []ReportInfo {
	out := slices.Clone(reports)
	for i := range out {
		out[i].About = out[i].Abouts["en"]
	}
	return out
}

// FindReport finds a report by its name or its view's name.
func FindReport(name string) (ReportInfo, error) {
	names := make([]string, len(reports))
	for i, info := range reports {
		if name == info.Name || name == info.View {
			return info, nil
		}
		names[i] = info.Name
	}
	return ReportInfo{}, oneOf("report", name, names)
}

var viewParameter = regexp.MustCompile(`\{(\w+):([^}]+)\}`)

// Parameters gives the view's parameters in the order they first occur in its file, as {name, type}.
func (i ReportInfo) Parameters() [][2]string {
	data, err := migrations.ReadFile("sql/" + i.File)
	if err != nil {
		panic("report " + i.Name + ": " + err.Error()) // a file that is embedded: a test reads them all
	}
	var out [][2]string
	for _, m := range viewParameter.FindAllStringSubmatch(string(data), -1) {
		p := [2]string{m[1], m[2]}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// Groupings are what Query.By may be, the default first; nil if the report takes none.
func (i ReportInfo) Groupings() []string {
	switch {
	case i.File == "" || !i.takes("by"):
		return nil
	case len(i.By) > 0:
		return i.By
	}
	return groupings
}

// Takes says whether the report is asked for with a parameter: from, to, as_of, persona, by and so on, as its view calls it.
func (i ReportInfo) Takes(parameter string) bool { return i.takes(parameter) }

func (i ReportInfo) takes(name string) bool {
	return slices.ContainsFunc(i.Parameters(), func(p [2]string) bool { return p[0] == name })
}

// call writes the view with every parameter passed on from the query's parameter of the same name.
func (i ReportInfo) call() string {
	var args []string
	for _, p := range i.Parameters() {
		args = append(args, fmt.Sprintf("`%s` = {%s:%s}", p[0], p[0], p[1]))
	}
	return i.View + "(" + strings.Join(args, ", ") + ")"
}

// howWords are the words, and the form of an instant, of the line that goes with a result.
type howWords struct {
	all, period, asOf, only, instant string
	value                            string
	kinds                            map[string]string // what is filtered by
	none, any                        string            // none and any of a kind
	customers                        map[string]string
}

var hows = map[string]howWords{
	"en": {
		all: "all time", period: "period %s to %s", asOf: "as of %s", only: "only", instant: "2006-01-02 15:04", value: "value %s – %s",
		kinds: map[string]string{
			"persona": "persona", "channel": "channel", "touchpoint": "touchpoint", "department": "department", "stage": "stage",
			"state": "state", "activity": "activity", "account": "account", "customer": "customer", "case_id": "case",
		},
		none: "without %s", any: "with %s", customers: map[string]string{"new": "new customers", "existing": "existing customers"},
	},
	"it": {
		all: "tutto il periodo", period: "periodo dal %s al %s", asOf: "al %s", only: "solo", instant: "02/01/2006 15:04", value: "valore %s – %s",
		kinds: map[string]string{
			"persona": "persona", "channel": "canale", "touchpoint": "punto di contatto", "department": "reparto", "stage": "fase",
			"state": "stato", "activity": "attività", "account": "azienda", "customer": "cliente", "case_id": "caso",
		},
		none: "senza %s", any: "con %s", customers: map[string]string{"new": "clienti nuovi", "existing": "già clienti"},
	},
}

// wordsOf gives a language's words; one that has none has the English.
func wordsOf(lang string) howWords {
	if w, known := hows[lang]; known {
		return w
	}
	return hows["en"]
}

// how writes the line that goes with a result: formula, window, filters, calendar and instant.
func (i ReportInfo) how(q Query, zone *time.Location) string {
	w := wordsOf(q.Lang)
	window := w.all
	if !q.From.Equal(earliestInstant) || !q.To.Equal(latestInstant) {
		day := func(t time.Time) string {
			if t.Equal(earliestInstant) || t.Equal(latestInstant) {
				return "…"
			}
			return t.In(zone).Format(w.instant)
		}
		window = fmt.Sprintf(w.period, day(q.From), day(q.To))
	}
	parts := []string{i.Hows.In(q.Lang), window}
	if filters := i.filters(q, w); len(filters) > 0 {
		parts = append(parts, w.only+" "+strings.Join(filters, ", "))
	}
	parts = append(parts, fmt.Sprintf(w.asOf, q.AsOf.In(zone).Format(w.instant))+" ("+zone.String()+")")
	return strings.Join(parts, "; ")
}

// filters says what a query leaves in.
func (i ReportInfo) filters(q Query, w howWords) (out []string) {
	for _, f := range [][2]string{
		{"persona", q.Persona},
		{"channel", q.Channel},
		{"touchpoint", q.Touchpoint},
		{"department", q.Department},
		{"stage", q.Stage},
		{"state", q.State},
		{"activity", q.Activity},
		{"account", q.Account},
		{"customer", q.Customer},
		{"case_id", q.Case},
	} {
		if f[1] != "" && i.takes(f[0]) {
			out = append(out, filterWords(q, w, f[0], f[1]))
		}
	}
	if (q.ValueMin != 0 || q.ValueMax != 0) && i.takes("value_from") {
		to := "…"
		if q.ValueMax != 0 {
			to = number(q.ValueMax)
		}
		out = append(out, fmt.Sprintf(w.value, number(q.ValueMin), to))
	}
	return out
}

// filterWords says one filter: "persona buyer", "without account".
func filterWords(q Query, w howWords, kind, id string) string {
	switch {
	case id == noneKey:
		return fmt.Sprintf(w.none, w.kinds[kind])
	case id == "+" && kind == "account":
		return fmt.Sprintf(w.any, w.kinds[kind])
	case kind == "customer" && w.customers[id] != "":
		return w.customers[id]
	case q.Name != nil:
		id = q.Name(kind, id)
	}
	return w.kinds[kind] + " " + id
}

// reportUnits are the units of columns whose name does not tell by its ending, _s or _share.
var reportUnits = map[string]string{
	"p50": "s", "p75": "s", "p90": "s", "max": "s",
	"dropoff": "share", "dropoff_low": "share", "dropoff_high": "share", "step_conversion": "share",
	"attainment": "share", "attainment_low": "share", "attainment_high": "share", "coverage": "share", "net": "share",
	"loss": "share", "loss_low": "share", "loss_high": "share", "stage_loss": "share",
	"share": "share", "lost_low": "share", "lost_high": "share",
	"survival": "share", "survival_low": "share", "survival_high": "share",
	"others_loss": "share", "top_two_low": "share", "top_two_high": "share", "nps": "share", "nps_low": "share", "nps_high": "share",
	"past_p90_low": "share", "past_p90_high": "share", "missed_low": "share", "missed_high": "share", "reopened_low": "share", "reopened_high": "share",
	"one_touch_low": "share", "one_touch_high": "share",
	"curve": "mood", "curve_low": "mood", "curve_high": "mood",
}

func unitOf(column string) string {
	switch {
	case strings.HasSuffix(column, "_s"):
		return "s"
	case strings.HasSuffix(column, "_share"):
		return "share"
	}
	return reportUnits[column]
}
