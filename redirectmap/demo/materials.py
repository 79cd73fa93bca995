"""The exports that go with the sample sites, and how the demo takes them to its ports.

The files in fixtures/demo speak of the placeholder hosts; `materialise` copies
them with the loopback origins of this run. `make_files` writes them anew from
the records (fixtures/demo/make.py), the same bytes each time.
"""

from __future__ import annotations

import csv
import io
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from redirectmap.demo.content import NEW_ORIGIN, OLD_ORIGIN, Record, new_path
from redirectmap.demo.htaccess import Rule
from redirectmap.demo.pages import wire
from redirectmap.tables import write_atomic

ENCODINGS = {
    "truth.csv": "utf-8",
    "backlinks.csv": "utf-16",
    "search-console-pages.csv": "utf-8",
    "access.log": "utf-8",
    "old.htaccess": "utf-8",
    "overrides.csv": "utf-8",
}

AHREFS = (
    "Referring page title",
    "Referring page URL",
    "Language",
    "Platform",
    "Referring page HTTP code",
    "Domain rating",
    "UR",
    "Target URL",
    "Left context",
    "Anchor",
    "Right context",
    "Type",
    "Nofollow",
    "UGC",
    "Sponsored",
    "Lost status",
    "First seen",
    "Last seen",
    "Lost",
)
_REFERRERS = (
    "aachener-bote",
    "eifelblick",
    "grenzecho-heute",
    "haustechnik-forum",
    "dachdecker-wissen",
    "bauherren-rat",
    "limburg-wonen",
    "klimaheld",
    "mieterhilfe-west",
    "energie-kompass",
    "handwerk-magazin",
    "oldhouse-blog",
    "expats-in-aachen",
    "diy-plumbing",
    "branchenbuch-nrw",
    "rur-radio",
    "schulportal-sek1",
    "heatpump-notes",
    "regio-sport",
    "stadtspiegel",
    "flut-netzwerk",
    "denkmalfreunde",
    "garten-und-regen",
    "sanitaer-vergleich",
)
_TOP = ("de", "com", "org", "be", "nl", "net")
_WELL_KNOWN = {
    "home": 60,
    "o-flood": 24,
    "o-tile-finder": 17,
    "o-frost": 11,
    "o-calculator": 14,
    "b-heatpump-old": 12,
    "b-lead": 9,
    "guide-tenants": 10,
    "b-scam": 8,
    "o-school": 7,
    "p-boiler": 6,
    "emergency": 8,
    "d-home": 6,
    "c-solara": 5,
    "SOL-80": 4,
    "b-flood-diary": 7,
    "o-radio": 3,
    "o-sponsoring": 2,
    "o-mould": 6,
}
_MISSPELT = (
    "/shop/thermostats/tx-200.html",
    "/services/heating/heat-pump.html",
    "/blog/2019/05/12/oil-heating-ban-what-now.html)",
)
_FORGOTTEN = ("/dach.htm", "/aktion")
"""Addresses of flyers and of two moves ago that others still link to."""

_BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
_PEOPLE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
)
_JUNK = (
    "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01",
    "GET /wp-login.php HTTP/1.1",
    "GET /.env HTTP/1.1",
    "POST /xmlrpc.php HTTP/1.1",
    "-",
    "GET /index.php?id=12%27%20OR%201=1 HTTP/1.1",
    "GET /phpmyadmin/ HTTP/1.0",
)


def materialise(folder: Path, out: Path, *, old: str, new: str) -> dict[str, Path]:
    """Copy the exports of `folder` to `out`, spoken of the origins of this run.

    Args:
        folder: The fixtures.
        out: Where the copies go.
        old: Origin of the old site, without a slash at the end.
        new: Origin of the new site.
    """
    written = {}
    for name, encoding in ENCODINGS.items():
        text = (folder / name).read_bytes().decode(encoding)
        text = text.replace(NEW_ORIGIN, new).replace(OLD_ORIGIN, old)
        written[name] = write_atomic(out / name, _encoded(text, encoding))
    return written


def make_files(records: Sequence[Record], rules: Sequence[Rule]) -> dict[str, bytes]:
    """Return the exports by file name (all but .htaccess, which is hand-written)."""
    texts = {
        "truth.csv": _csv(truth(records, rules)),
        "backlinks.csv": _csv(_backlinks(records), tabs=True),
        "search-console-pages.csv": _csv(_search_console(records)),
        "access.log": "".join(f"{line}\n" for line in _log(records)),
        "overrides.csv": _csv(_overrides(records)),
    }
    return {name: _encoded(text, ENCODINGS[name]) for name, text in texts.items()}


def truth(records: Sequence[Record], rules: Sequence[Rule]) -> Iterator[list[str]]:
    """Yield the rows of truth.csv: what a careful person decides.

    `kind` tells rows apart: moved, merged, split, retired, legacy, tracking.
    """
    yield ["old_url", "new_url", "status", "source", "kind"]
    by_key = {record.key: record for record in records}
    answers: dict[str, tuple[str, str]] = {}
    for record in records:
        if record.old:
            answers[wire(record.old)] = (new_path(record, by_key), _kind(record))
    for variant in (
        "/index.php?id=7&utm_source=nav",
        "/index.php?id=12&utm_source=footer&utm_medium=banner",
    ):
        plain = variant.partition("&")[0]
        answers[variant] = (answers[plain][0], "tracking")
    hops = {rule.source: rule.target for rule in rules}
    for source in hops:
        end = source
        while end in hops:
            end = hops[end]
        answers[source] = (answers[end][0] if end else "", "legacy")
    for old, (new, kind) in sorted(answers.items()):
        target = f"{NEW_ORIGIN}{wire(new)}" if new else ""
        yield [f"{OLD_ORIGIN}{old}", target, "301" if new else "410", "declared", kind]


def _kind(record: Record) -> str:
    if record.key == "guide-heating-hot-water":
        return "split"
    if record.merge:
        return "merged"
    return "moved" if record.new else "retired"


def _dice(name: str) -> random.Random:
    return random.Random(zlib.crc32(name.encode()))  # noqa: S311 - sample data


def _backlinks(records: Sequence[Record]) -> Iterator[list[str]]:
    yield list(AHREFS)
    for record in records:
        count = _WELL_KNOWN.get(record.key, _dice(record.key).randrange(0, 4))
        if record.old:
            for number in range(count):
                yield _backlink(record.old, record.title, record.lang, number)
    for number, path in enumerate((*_MISSPELT, *_FORGOTTEN)):
        yield _backlink(path, "Hartmann Haus", "en", number)


def _backlink(path: str, title: str, lang: str, number: int) -> list[str]:
    dice = _dice(f"{path}{number}")
    host = f"{dice.choice(_REFERRERS)}.{dice.choice(_TOP)}.example"
    page = f"https://www.{host}/{dice.choice(('news', 'links', 'thread'))}"
    anchor = dice.choice(
        (title, "Hartmann Haus", "hartmann-haus.example", "here", title)
    )
    year = dice.randrange(2012, 2024)
    lost = f"20{dice.randrange(24, 26)}-0{dice.randrange(1, 9)}-11"
    gone = dice.random() < 0.08
    return [
        f"{anchor} and more",
        f"{page}/{dice.randrange(100, 9999)}",
        lang,
        dice.choice(("WordPress", "", "phpBB")),
        "200",
        str(dice.randrange(2, 72)),
        str(dice.randrange(0, 40)),
        f"{OLD_ORIGIN}{wire(path)}",
        "as described by",
        anchor,
        "which is worth a read",
        "text",
        str(dice.random() < 0.25).lower(),
        str("thread" in page).lower(),
        "false",
        "linkremoved" if gone else "",
        f"{year}-0{dice.randrange(1, 10)}-{dice.randrange(10, 29)} 08:14:11",
        f"2026-0{dice.randrange(1, 10)}-{dice.randrange(10, 29)} 03:40:02",
        lost if gone else "",
    ]


def _search_console(records: Sequence[Record]) -> Iterator[list[str]]:
    yield ["Top pages", "Clicks", "Impressions", "CTR", "Position"]
    rows = []
    for record in records:
        dice = _dice(f"gsc {record.key}")
        if record.old and (record.group != "orphans" or dice.random() < 0.5):
            clicks = int(min(40, dice.paretovariate(0.8)) * _popularity(record)) - 1
            rows.append((clicks, record.old, dice))
    for clicks, path, dice in sorted(rows, key=lambda row: (-row[0], row[1])):
        shows = clicks * dice.randrange(12, 60) + dice.randrange(3, 90)
        rate = f"{100 * clicks / shows:.2f}%"
        place = f"{dice.uniform(1.5, 48):.1f}"
        yield [f"{OLD_ORIGIN}{wire(path)}", str(clicks), str(shows), rate, place]


def _popularity(record: Record) -> float:
    busy = {"blog": 6, "services": 5, "products": 3, "company": 2}
    return 80 if record.key == "home" else busy.get(record.group, 1.5)


def _log(records: Sequence[Record]) -> Iterator[str]:
    pages = [record for record in records if record.old]
    dice = _dice("access.log")
    for number in range(1200):
        when = f"{1 + number // 43:02d}/Sep/2026:{dice.randrange(24):02d}"
        when = f"{when}:{dice.randrange(60):02d}:{dice.randrange(60):02d} +0200"
        yield _log_line(dice, pages, when)


def _log_line(dice: random.Random, pages: Sequence[Record], when: str) -> str:
    who = f"198.51.100.{dice.randrange(1, 255)} - - [{when}]"
    if dice.random() < 0.06:
        return f'{who} "{dice.choice(_JUNK)}" 404 312 "-" "-"'
    agent = dice.choice(_BOTS) if dice.random() < 0.4 else dice.choice(_PEOPLE)
    path = wire(dice.choice(pages).old)
    if dice.random() < 0.1:
        path += ("&" if "?" in path else "?") + "gclid=Cj0KCQ" + str(dice.random())[2:8]
    came = dice.choice(("-", "https://www.google.com/", f"{OLD_ORIGIN}/"))
    size = dice.randrange(2_000, 40_000)
    return f'{who} "GET {path} HTTP/1.1" 200 {size} "{came}" "{agent}"'


def _overrides(records: Sequence[Record]) -> Iterator[list[str]]:
    by_key = {record.key: record for record in records}
    yield ["old_url", "action", "new_url", "note"]
    yield [
        f"{OLD_ORIGIN}{by_key['competition-2016'].old}",
        "gone",
        "",
        "agreed with marketing on 12 October",
    ]
    yield [
        f"{OLD_ORIGIN}{by_key['o-frost'].old}",
        "redirect",
        f"{NEW_ORIGIN}{by_key['b-frozen'].new}",
        "newspapers still link to it (Sabine)",
    ]


def _csv(rows: Iterable[Sequence[str]], *, tabs: bool = False) -> str:
    out = io.StringIO()
    if tabs:
        csv.writer(out, delimiter="\t", quoting=csv.QUOTE_ALL).writerows(rows)
    else:
        csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _encoded(text: str, encoding: str) -> bytes:
    if encoding == "utf-16":
        return b"\xff\xfe" + text.encode("utf-16-le")
    return text.encode(encoding)
