"""Words that anchors are made of when they say nothing of the page: EN and DE.

All spelled as `words_of` spells them: lower case, umlauts as two letters, no
accents. A few French, Spanish, Italian, Dutch and Polish phrases are in, as
links from abroad use them; other languages pass as descriptions.
"""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION = _set(
    "http https www a an the these those his her its our your their my of for to in on"
    " at by with from or as is are was be it he she they we you i has have had do does"
    " into s der die das den dem des ein eine einen einem einer eines sein seine ihr"
    " ihre ihrer ihren ihrem unser unsere unserem unserer von vom zu zum zur im am auf"
    " an bei mit aus oder als ist sind war es er sie wir du ich hat haben fuer fuers"
    " per dass wie so auch ins ans beim le la les de du des un une el los las"
    " il lo gli di da het een van en y e et"
)
"""Articles, prepositions and the like: they change no meaning here."""

WEAK = _set(
    "how what why when which who where can should could will would must may might get"
    " got not no than then there about over under between without before after near"
    " me more most very was wie warum wann welche welcher welches wer wo kann soll"
    " sollte muss darf wird werden wurde nicht kein keine ohne zwischen ueber unter vor"
    " nach danach mehr sehr ab bis seit"
)
"""Words that carry little: they do not water down a keyword beside them."""

POINTERS = _set(
    "here this that click link hier dieser diese dieses diesem diesen klick"
    " klicken klicke clicke ici aqui qui"
)
"""One unknown word beside one of these points, and describes nothing; `zum` and
`zur` only in front."""

TOWARDS = _set(
    "to via see visit zum zur via laut siehe per here hier copyright c source quelle"
)
"""Words that make more of a bare name than the name."""

GENERIC = POINTERS | _set(
    "read more mehr info infos information informations informationen learn see visit"
    " view go links website websites web site sites webpage page pages homepage home"
    " source sources about us"
    " article articles post posts blog blogs blogpost continue reading details detail"
    " full story check out find found now next download downloads original reference"
    " references via online start open show watch get look official text url external"
    " further resource resources report study example guide list item shop store"
    " contact profile seen at great interesting excellent useful nice good forum tool"
    " tools company firm business provider vendor product productpage me started sign"
    " up try free partner partners sponsor sponsors guest author again please below"
    " above fully back top menu listing directory entry thread comment comments answer"
    " video pdf app login oh one through buy discover explore docs documentation"
    " announcement release press statement whitepaper case interview newsletter review"
    " reviews recipe photo photos image images picture credit credits courtesy media"
    " join subscribe follow like share book order register signup demo trial hp wp"
    " follows following complete entire many thanks thx copy ref cf cit cited citation"
    " itself too just let lets take bit some any other others another same such also"
    " dot com net org html htm index php new window tab file files all previous page1"
    " last skip print preview apply request quote call map directions load everything"
    " topic section chapter button anywhere where write wrote writes says said"
    " enter submit live button pages domain name address webmaster owner team staff"
    " weiter weiterlesen lesen liest erfahren webseite webseiten seite seiten"
    " internetseite internetseiten startseite hauptseite quelle quellen artikel beitrag"
    " beitraege verweis ansehen anschauen angucken besuchen besuche besucht anzeigen"
    " herunterladen jetzt offizielle offiziell offizieller externer externe webauftritt"
    " internetauftritt internetpraesenz webpraesenz siehe unter dort da folgen folgt"
    " bericht berichte studie gehe gehen gelangen direkt ganzen ganze ganzer"
    " vollstaendigen vollstaendiger vollstaendige originalartikel originalbeitrag"
    " originalquelle originaltext findest finden findet gibt weitere weiteren weiterer"
    " weiteres dazu geht gehts zur nachlesen nachzulesen onlineshop webshop kontakt"
    " profil lang entlang anbieter anbieterseite bitte impressum ueber uns produktseite"
    " herstellerseite hersteller haendler mich oeffnen registrieren anmelden oben unten"
    " zurueck sponsoren eintrag kommentar antwort autor autorin gefunden sehenswert"
    " interessant interessante interessanter interessanten toller tolle tolles guter"
    " gute gutes alle alles nochmal schauen schaut schau reinschauen vorbeischauen"
    " firmenwebsite firmenseite firmenhomepage unternehmensseite firma unternehmen"
    " betrieb foto bild grafik lies sehen sieh mal entdecken testen probieren aufrufen"
    " abrufen verlinkt verlinkung linktext mitteilung pressemitteilung meldung"
    " pressemeldung website blogbeitrag blogartikel rezept rechner angebot portal netz"
    " internet empfehlung empfehle empfohlen danke bildquelle fotoquelle"
    " naechste naechster naechstes vorige vorherige letzte erste fenster neues neuem"
    " datei dateien dokument informieren informiere anfragen anfrage buchen reservieren"
    " bestellen kaufen deren dessen fundstelle uebersicht uebersichtsseite karte route"
    " anfahrt schreibt sagt zeigt drucken teilen merken vorschau inhalt inhalte"
    " oeffentliche nachsehen nachschauen reinlesen durchlesen dranbleiben loslegen"
    " bereits selbst ihnen ihm euch euer eure unten folgender folgende folgenden"
    " hinweis hinweise flyer formular kontaktformular termin termine nachschlagen"
    " broschuere newsletter veranstaltung anmeldung rubrik"
    " folgendem adresse domain name inhaber verein team kunde kunden projekt projekte"
    " cliquez cliquer savoir plus lire suite voir lien haga haz clic leer mas ver"
    " enlace pinche sitio pagina fuente clicca leggi tutto scopri sito fonte"
    " collegamento klik lees meer bekijk bron kliknij tutaj wiecej strona czytaj zrodlo"
)
"""Words that say nothing of the page they link to."""

LEGAL = _set(
    "gmbh ag kg ltd limited inc incorporated llc llp lp co company corp corporation plc"
    " ohg ug mbh gbr ev eg ek e k v pty sarl sas sa spa srl bv nv oy ab aps group"
    " gruppe firma com de net org uk at ch eu io ie au kgaa partg se"
)
"""Company forms and endings of domains: part of a name, no word of it."""

AD_COPY = _set(
    "best cheap cheapest buy affordable discount deal deals top rated leading #1 no1"
    " offer offers sale free price prices quality premium professional trusted expert"
    " guaranteed guarantee order bester beste besten guenstig guenstige guenstiger"
    " guenstigste billig billige kaufen bestellen rabatt angebot angebote preiswert"
    " preiswerte preise nummer1 gratis kostenlos kostenlose testsieger fuehrend"
    " fuehrender professionelle serioese"
)
WITH_BRAND = _set(
    "review reviews rating ratings about login signin account facebook instagram"
    " linkedin twitter youtube tiktok pinterest xing github reddit trustpilot yelp"
    " google maps wikipedia team staff people usa europe germany deutschland"
    " oesterreich schweiz ueber uns erfahrung erfahrungen erfahrungsbericht"
    " erfahrungsberichte bewertung bewertungen test anmelden anmeldung konto"
    " mitarbeiter support service customer kundenservice help hilfe newsletter app jobs"
    " job karriere careers press presse news logo icon banner powered pricing preise"
    " prices price opening hours oeffnungszeiten anfahrt adresse address telefon phone"
    " termin appointment kanal channel podcast magazin magazine partnerbetrieb laut"
    " says sagt copyright office buero filiale branch headquarters zentrale ceo founder"
    " gruender kunden customers clients client demo download gutschein gutscheine"
    " voucher coupon kostenlos gratis"
)
"""Words that say nothing of a page when they stand beside a brand."""

IMAGE = _set(
    "image images img imgs logo logos photo photos picture pictures pic bild bilder"
    " foto fotos grafik banner icon button noanchor bildlink alt no text anchor empty"
    " notext nbsp src kein keine ohne ankertext linktext leer null none nan thumbnail"
    " thumb avatar placeholder bitmap figure abbildung titelbild headerbild badge"
)
PLACEHOLDER = IMAGE | {"link", "the", "a", "of", "missing", "untitled"}
"""Beside one of `IMAGE` these leave it a stand-in."""
