"""Tell a page that answers 200 and says it does not exist (soft 404).

A title or heading may say it in two words. In the text only a sentence about a
page, or the thing it sold, counts, and only near the top or on a short page: an
article may mention what was not found somewhere.

Source  sentences as the common systems and shops show them; Google Search
        Central, "Soft 404 errors".
"""

from __future__ import annotations

import re

SHORT_TEXT = 400
TOP = 300
_THING = (
    "pages?|url|address|document|article|product|item|listing|content|file|resource"
    "|offer|post|entry|link"
)
_BE = (
    r"(?:(?:was|were|is|are|be|has|have|been|could|can|does|do|did|may|might|no|longer"
    r"|not|n.t|cannot|available to be)\s+)*"
)
_HEADS = (
    r"^\W*404\b(?!\s+\w+\s+\w)",
    r"\b(?:error|fehler|erreur|errore|erro|fout|fel|virhe|chyba|hata)\s*:?\s*404\b",
    r"(?:b[łl][ąa]d|ошибка)\s*:?\s*404\b",
    r"\b404\s*(?:error|page|not|fehler|erreur)",
    r"[|:\u2013-]\s*404\s*$",
    r"\bnot found\b",
    r"\b(?:does(?: not|n.?t)|no longer) exists?\b",
    r"\bno longer (?:available|here)\b",
    r"\b(?:page|product|item|content) (?:is )?(?:missing|gone|unavailable|removed)\b",
    r"\b(?:can.?t|cannot|can not|couldn.?t|could not) (?:find|be found)\b",
    r"\bnothing (?:was )?(?:found|here)\b",
)
# What a page says of itself when it is missing, one line per group of languages.
_WORLD = (
    r"nicht gefunden|existiert nicht|nicht mehr (?:verf|vorhanden)|gibt es nicht",
    r"konnten? .{0,60}nicht (?:gefunden|finden)|introuvable|page non trouv",
    r"n.(?:existe|est) (?:pas|plus)(?: disponible)?\b|pas (?:été )?trouvé",
    r"no (?:encontrad|se (?:ha )?(?:encontr|pudo encontrar)|existe\b|está dispon)",
    r"no hemos (?:podido )?encontra|non (?:è stat[ao] )?trovat[ao]|non esiste",
    r"non è (?:più )?disponibile|não (?:foi )?encontrad[ao]|não existe",
    r"não está (?:mais )?dispon|niet (?:gevonden|meer beschikbaar)|bestaat niet",
    r"nie (?:znaleziono|została znaleziona|istnieje)|nie odnaleziono",
    r"hittades inte|finns inte|kunde inte hittas|ikke (?:fundet|funnet)",
    r"(?:findes|finnes) ikke|ei löy(?:dy|tynyt)|ei ole olemassa",
    r"nenalezen|nebyla? nalezen|neexistuje|nenájden|nebola nájden",
    r"nem található|nem létezik|nu a fost găsit|nu există|neg[aă]sit",
    r"не (?:найден|знайден)",
    r"не существует|bulunamadı|mevcut değil",  # noqa: RUF001 - Turkish
    r"δεν (?:βρέθηκε|υπάρχει)",
    r"見つかりません|存在しません|找不到|未找到",
    r"[页頁]面不存在|찾을 수 없|존재하지 않",
    r"غير موجود|لم يتم العثور",
    r"לא נמצא|không tìm thấy|tidak ditemukan|ไม่พบ",
)
_FIND = r"(?:can.?t|cannot|could not|couldn.?t|unable to|did not|didn.?t)"
_LISTED = "(?:matching )?(?:results?|products?|items?|entries|articles?|posts?)"
_LOCATE = "(?:seem to )?(?:find|locate)"
_WHAT = "(?:what|the|that|this|your)"
_NOT = r"(?:\b(?:not|no longer|cannot|has been|have been)|n.t)"
_FOUND = "(?:found|exists?|available|removed|deleted|located|here)"
_SENTENCES = (
    rf"\b(?:{_THING})\b[^.!?]{{0,80}}?{_NOT}\s+{_BE}{_FOUND}\b",
    rf"\b{_FIND} {_LOCATE} {_WHAT}\b[^.!?]{{0,40}}\b(?:{_THING}|you)\b",
    rf"\bno such (?:{_THING})\b|\b(?:{_THING}) (?:not found|unavailable|missing)\b",
    r"\b404 (?:not found|error)\b|\berror 404\b|^\W*not found\b",
    r"^\W*404\b(?!\s+\w+\s+\w)",
    rf"\b(?:no|0|zero) {_LISTED} (?:were |was )?(?:found|available|match)",
)
_HEAD = re.compile("|".join((*_HEADS, *_WORLD)), re.IGNORECASE)
_TEXT = re.compile("|".join((*_SENTENCES, *_WORLD)), re.IGNORECASE)


def says_missing(title: str, h1: str, text: str) -> str | None:
    """Return the words in which a page says that it does not exist, or None."""
    for head in (title, h1):
        if _HEAD.search(head):
            return head
    top = text if len(text) < SHORT_TEXT else text[:TOP]
    found = _TEXT.search(top)
    return found[0] if found else None
