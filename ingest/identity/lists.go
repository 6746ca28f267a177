package identity

import (
	"strings"

	"tappa/journey"
)

// Shared reports whether a key is a mailbox that several people read (info@, sales@, noreply@ …). Such a key says
// which company wrote, not who, so it must not link two people. Only mailboxes can be told by looking at them: every
// other key, and "", is not shared.
func Shared(key journey.ContactKey) bool {
	address, ok := strings.CutPrefix(string(key), KindEmail+":")
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

// FreeMail reports whether host gives mailboxes to private people, or to anybody (certified mail providers), so that
// it says nothing about the company.
func FreeMail(host string) bool {
	if _, ok := freeMail[host]; ok {
		return true
	}
	domain := registered(host)
	if _, ok := freeMail[domain]; ok {
		return true
	}
	// Providers with a domain for each country.
	name, _, _ := strings.Cut(domain, ".")
	_, ok := freeMailNames[name]
	return ok
}

// set makes a lookup table of words parted by blanks.
func set(words string) map[string]struct{} {
	m := make(map[string]struct{})
	for w := range strings.FieldsSeq(words) {
		m[w] = struct{}{}
	}
	return m
}

// roles are local parts, without separators and digits, that name a desk instead of a person.
var roles = set(`
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

// freeMail are hosts of mailboxes that anybody can have.
var freeMail = set(`
	126.com 139.com 163.com aim.com alice.it aliceposta.it aruba.it arubapec.it bk.ru bluewin.ch bol.com.br
	btinternet.com casella.it comcast.net cox.net cheapnet.it duck.com email.com email.it eml.cc earthlink.net
	excite.it fastmail.com fastmail.fm fastwebnet.it fastpiu.it free.fr freemail.hu freenet.de gmail.com
	googlemail.com gmx.at gmx.ch gmx.com gmx.de gmx.net hey.com hotmail.com hotmail.it hushmail.com icloud.com iol.it
	inbox.com inbox.lv inbox.ru inwind.it jumpy.it kataweb.it katamail.com laposte.net legalmail.it libero.it list.ru
	live.com live.it mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com neuf.fr numericable.fr o2.pl online.de
	onet.pl orange.fr outlook.com outlook.it pec.it pec.libero.it pecimprese.it pec.aruba.it poste.it
	postecert.it postepec.it pm.me posteo.de proton.me protonmail.com protonmail.ch qq.com rambler.ru rocketmail.com
	sapo.pt sbcglobal.net seznam.cz sfr.fr sicurezzapostale.it sina.com skynet.be supereva.it t-online.de talktalk.net
	teletu.it terra.com.br tim.it tin.it tiscali.it tiscalinet.it tutanota.com tuta.io tuta.com
	ukr.net uol.com.br verizon.net vodafone.it virgilio.it virgin.net wanadoo.fr web.de wind.it windtre.it
	wp.pl ya.ru yahoo.com yahoo.it yandex.com yandex.ru yeah.net ymail.com zoho.com zohomail.com zohomail.eu`)

// freeMailNames are free mail hosts by what stands before the country.
var freeMailNames = set(`aol gmx hotmail live outlook tiscali virgilio yahoo yandex`)
