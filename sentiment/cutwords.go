package sentiment

// What mail programs and people write around a message. All in lower case; see matches.

var originals = phrases(
	"messaggio originale", "original message", "messaggio inoltrato", "forwarded message", "messaggio iniziale",
	"ursprüngliche nachricht", "message d'origine", "message original", "mensaje original", "weitergeleitete nachricht",
)

var forwarded = phrases(
	"inizio messaggio inoltrato", "begin forwarded message", "messaggio originale-----", "original message-----",
	"---------- forwarded message", "forwarded message ---", "messaggio inoltrato da", "début du message",
)

var devices = phrases(
	"inviato da iphone", "inviato da ipad", "inviato dal mio", "inviato da outlook", "inviato da posta", "inviato da yahoo",
	"inviato da libero", "inviato da smartphone", "inviato da samsung", "inviato da huawei", "inviato tramite", "inviato con",
	"sent from", "sent via", "sent with", "sent by", "from my iphone", "get outlook for", "get [outlook", "scarica [outlook", "scarica outlook", "ottieni outlook",
	"envoyé de", "envoyé depuis", "sendt fra", "von meinem", "gesendet von", "via mobile", "someone from mobile", "ᐧ", "從我的", "diese nachricht wurde von", "verzonden met", "enviado desde",
)

var headerFrom = phrases(
	"da:", "da :", "from:", "from :", "mittente:", "von:", "de:", "de :",
)

var headerOther = phrases(
	"inviato:", "data:", "a:", "per:", "cc:", "ccn:", "oggetto:", "rispondi a:", "da:", "destinatario:", "priorità:", "allegati:",
	"sent:", "date:", "to:", "subject:", "reply-to:", "from:", "attachments:", "importance:",
	"gesendet:", "datum:", "an:", "betreff:", "envoyé:", "envoyé :", "à:", "à :", "objet:", "objet :", "enviado:", "fecha:", "para:", "asunto:",
)

var attributions = phrases(
	"il giorno", "il ", "in data", "nel messaggio", "lun ", "mar ", "mer ", "gio ", "ven ", "sab ", "dom ", "alle ore",
	"on ", "at ", "le ", "am ", "el ", "em ", "op ", "den ", "2",
)

var wrote = [...]string{
	"ha scritto", "scrive:", "scrive il", "scriveva", "scrisse", "wrote", "writes", "a écrit", "schrieb", "escribió", "escreveu", "schreef", "skrev", "napisał", "написал", "пише",
}

var closings = phrases(
	"cordiali saluti", "cordialmente", "distinti saluti", "porgo distinti", "porgo cordiali", "porgiamo", "un cordiale saluto",
	"cordialità", "saluti", "un saluto", "tanti saluti", "cari saluti", "con i migliori saluti", "i migliori saluti",
	"migliori saluti", "in attesa di un vostro riscontro", "in attesa di riscontro", "grazie e saluti", "grazie e cordiali saluti",
	"grazie, saluti", "grazie, cordiali saluti", "grazie. saluti", "grazie. cordiali saluti", "grazie e buona giornata",
	"ringraziando anticipatamente", "nel ringraziare", "buona giornata", "buona serata", "buon lavoro", "buon fine settimana",
	"a presto", "in fede",
	"kind regards", "best regards", "warm regards", "with kind regards", "with best regards", "regards", "many thanks and regards",
	"thanks and regards", "thanks & regards", "best wishes", "sincerely", "yours sincerely", "yours faithfully", "yours truly",
	"sincerely yours", "respectfully", "cheers,", "thanks,", "thank you,", "best,", "have a nice day", "have a great day",
)

// softClosings also stand within messages; they close one only where a signature follows.
var softClosings = phrases(
	"molte grazie", "grazie e a presto", "grazie mille", "grazie,", "grazie in anticipo", "grazie anticipatamente", "grazie per",
	"resto in attesa", "rimango in attesa", "resto a disposizione", "rimango a disposizione", "in attesa di", "in attesa,",
	"attendo notizie", "fatemi sapere", "ci sentiamo", "buon weekend", "thanks in advance", "thank you in advance",
	"looking forward to", "please let me know", "many thanks", "all the best", "speak soon",
)

var notices = phrases(
	"questo messaggio", "il presente messaggio", "la presente e-mail", "la presente email", "questa e-mail", "questa email",
	"le informazioni contenute", "le informazioni trasmesse", "avviso di riservatezza", "nota di riservatezza", "riservatezza",
	"ai sensi del", "ai sensi dell", "informativa", "privacy", "disclaimer", "prima di stampare", "rispetta l'ambiente",
	"this e-mail", "this email", "this message", "the information contained", "the information in this", "the contents of this",
	"confidentiality", "confidential", "please consider the environment", "if you are not the intended",
)

var legal = [...]string{
	"riservat", "confidenzial", "destinatari", "2016/679", "196/2003", "gdpr", "privacy", "confidential", "intended recipient",
	"intended solely", "addressee", "environment", "ambiente", "stampare",
}
