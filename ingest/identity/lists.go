package identity

import (
	"strings"

	"tappa/journey"
)

// Shared reports whether a key is a mailbox that several people read (info@, sales@, noreply@ …). Such a key says
// which company wrote, not who, so it must not link two people.
func Shared(key journey.ContactKey) bool { return journey.DeskMailbox(string(key)) }

// FreeMail reports whether host gives mailboxes to private people, or to anybody (certified mail providers), so that
// it says nothing about the company.
func FreeMail(host string) bool { return freeMailOf(host, registered(host)) }

// freeMailOf is FreeMail of a host whose registered domain is known.
func freeMailOf(host, domain string) bool {
	if _, ok := freeMail[host]; ok {
		return true
	}
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
