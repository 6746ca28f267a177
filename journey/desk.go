package journey

import "strings"

// DeskVersion names the rules of DeskMailbox; it changes with them.
const DeskVersion = "1"

// DeskMailbox reports whether a contact key is a mailbox that several people read (info@, sales@, noreply@ …). Only mailboxes
// can be told by looking at them: every other key, and "", is none.
func DeskMailbox(key string) bool {
	address, ok := strings.CutPrefix(key, "email:")
	if !ok {
		return false
	}
	local, _, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	if _, ok := roles[local]; ok {
		return true
	}
	for i := range len(local) {
		if c := local[i]; c == '.' || c == '-' || c == '_' || c >= '0' && c <= '9' {
			_, ok := roles[strings.Map(letter, local)]
			if !ok {
				_, ok = roles[local[:i]]
			}
			return ok
		}
	}
	return false
}

// letter drops what people put between and after the words of a role: "no-reply", "info2", "ufficio.acquisti".
func letter(r rune) rune {
	if r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' {
		return -1
	}
	return r
}

// roles are local parts, without separators and digits, that name a desk instead of a person.
var roles = words(`
	abuse accounting accounts accueil acquisti admin administration administrator amministrazione anfrage
	apps assistenza assistance assistenzaclienti assistenzatecnica banca bestellung billing booking bookings buchhaltung
	bonjour callcenter commerciale commercial compras comptabilite comunicazione contabilita contact contacto contacts
	contactus contatti contatto contato customercare customerservice customersupport daemon direzione donotreply
	einkauf enquiries enquiry export fatture fatturazione feedback finance fornitori hello help helpdesk hola
	hostmaster hr info infos informazioni inquiries inquiry invoice invoices it jobs kontakt legal logistica logistics
	magazzino mail mailbox mailerdaemon mailer manutenzione marketing newsletter noc noreply nonrispondere notification
	notifications notifiche office officina operations orders order ordini ordine payments pec personale post
	posta postacertificata postmaster prenotazioni preventivi press privacy procurement produzione purchase purchasing
	protocollo qualita quality reception recruiting reply reservations resi returns root rma sales salesteam sav
	segreteria security servizioclienti serviceclient service services servizi shipping shop showroom
	spedizioni staff stampa studio subscribe support supporto supportotecnico team tech technik technical tecnico
	ticket tickets ufficio ufficioacquisti ufficiocommerciale ufficiotecnico ufficioestero undisclosed
	unsubscribe urp vendite vendita ventas vertrieb verwaltung webmaster welcome`)

// words makes a lookup table of words parted by blanks.
func words(text string) map[string]struct{} {
	m := make(map[string]struct{})
	for w := range strings.FieldsSeq(text) {
		m[w] = struct{}{}
	}
	return m
}
