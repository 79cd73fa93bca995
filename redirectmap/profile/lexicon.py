"""Words that anchors are made of when they say nothing of the page: EN and DE.

All spelled as `words_of` spells them: lower case, umlauts as two letters.
"""

from __future__ import annotations

import re
from functools import lru_cache


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION = _set(
    "http https www "
    "a an the this that these those his her its our your their my of for to in on at by"
    " with from and or as is are was be it he she they we you i has have had do does"
    " der die das den dem des ein eine einen einem einer eines dieser diese dieses"
    " diesem diesen sein seine ihr ihre ihrer unser unsere von vom zu zum zur im am"
    " auf an bei mit aus und oder als ist sind war es er sie wir du ich hat haben fuer"
    " per into s dass wie so auch nach"
)
GENERIC = _set(
    "click here read more info information learn see visit view go link links website"
    " web site webpage page homepage home source sources article post blog website"
    " continue reading details detail full story check out find now next download"
    " original reference via online start open show watch get look official text url"
    " external further resource resources report study example guide list item more"
    " hier klicken klick klicke clicke weiter weiterlesen lesen mehr erfahren infos"
    " informationen webseite seite internetseite startseite homepage quelle artikel"
    " beitrag zur zum link verweis ansehen anschauen besuchen besuche anzeigen"
    " herunterladen jetzt details offizielle offiziell offizieller externer webauftritt"
    " internetauftritt internetpraesenz siehe unter dort da diesen folgen bericht"
    " studie dieser gehe gelangen direkt ganzen vollstaendigen originalartikel"
    " findest finden weitere weiteren dazu geht gehts beim nachlesen via"
    " shop onlineshop store contact kontakt profile profil seen lang entlang"
    " anbieter bitte impressum about ueber us great interesting"
    " excellent useful nice good forum tool company product produktseite"
    " herstellerseite hersteller mich oeffnen open get started sign up try free it"
    " partner partners sponsor sponsors guest author again please below above fully"
    " back top menu listing directory entry thread comment comments answer video pdf"
    " app registrieren login oben unten zurueck sponsoren eintrag kommentar antwort"
    " autor gefunden sehenswert interessant interessante interessanter toller tolle"
    " guter gute weiteres alle alles nochmal schauen schaut reinschauen"
    " vorbeischauen"
)
LEGAL = _set(
    "gmbh ag kg ltd limited inc llc co company corp plc ohg ug mbh gbr ev group gruppe"
    " firma com de net org uk"
)
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
    " linkedin twitter youtube xing wikipedia team staff people usa europe germany"
    " deutschland oesterreich schweiz ueber erfahrung erfahrungen bewertung bewertungen"
    " test anmelden anmeldung konto mitarbeiter support service customer kundenservice"
    " help hilfe newsletter app jobs karriere careers press presse news"
)
"""Words that say nothing of a page when they stand beside a brand."""
IMAGE = _set(
    "image img logo photo picture bild foto grafik banner icon button noanchor bildlink"
    " alt no text anchor empty notext nbsp src kein ohne ankertext linktext leer"
)

_PLACEHOLDER = IMAGE | {"link", "the", "a", "of"}
_URL = re.compile(
    r"^https?://|^(?://|www\.)\S+$|^[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}(?:[/?#]\S*)?$",
    re.IGNORECASE,
)
_IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|avif|bmp)$", re.IGNORECASE)
_WORD = re.compile(r"[#\w]+(?:['\u2019]s\b)?")
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e"})


@lru_cache(maxsize=200_000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of `text`, spelled alike."""
    plain = text.casefold().translate(_SPELLED)
    return tuple(re.sub(r"['\u2019]s$", "", word) for word in _WORD.findall(plain))


def is_url(text: str) -> bool:
    """Say whether an anchor is a bare address."""
    bare = text.strip().strip("()[]<>.,;:")
    return bool(_URL.match(bare)) and not _IMAGE_FILE.search(bare)


def is_blank(text: str | None) -> bool:
    """Say whether an anchor is empty or stands for an image."""
    bare = (text or "").strip().strip("[]()<>").strip()
    if not bare or _IMAGE_FILE.search(bare):
        return True
    words = words_of(bare)
    if words in {("text",), ("no",)}:
        return False
    known = all(word in _PLACEHOLDER for word in words)
    return not words or (known and any(word in IMAGE for word in words))


_ENDINGS = (
    "ungen",
    "ung",
    "ings",
    "ing",
    "ern",
    "ies",
    "en",
    "er",
    "es",
    "em",
    "e",
    "n",
    "s",
    "y",
)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Cut the commonest English and German endings; four letters stay."""
    plain = word[:-1] if len(word) > 3 and word.endswith("s") else word
    for ending in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= 4:
            return plain[: -len(ending)]
    return plain
