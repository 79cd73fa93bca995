"""The hostile server, crawled, against its manifest, row by row.

Nothing is taken kindly: a row passes only if the file holds one of the words
that the manifest allows, by the rules below. Rows we read otherwise are listed
with the reason, and must still be as listed.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from redirectmap.cli import main
from redirectmap.crawlsettings import CrawlJob
from redirectmap.sitefile import Found, SiteFile

ROOT = Path(__file__).parents[1]
HOSTILE = ROOT / "../shared/hostile"
needs_corpus = pytest.mark.skipif(
    not HOSTILE.exists(), reason="../shared/hostile is not beside the project"
)
pytestmark = [pytest.mark.crawl, needs_corpus]

# Rows where we do otherwise, and why.
DISAGREED = {
    "/cookie-bomb": (
        "bad_response",
        # Chromium gives up at 256 KiB of response headers, libcurl at 300: no
        # visitor and no search engine can read this page of 900 KB either.
        "900 KB of response headers",
    ),
}
# Rows whose outcome the manifest puts in words: what must be in the file.
FOLLOWED = {301, 302, 303, 307, 308}
STATUS_WORDS = {
    **dict.fromkeys((201, 204, 205, 206), "ok"),
    **dict.fromkeys((404, 410), "gone"),
    **dict.fromkeys((401, 403, 451), "blocked"),
    **dict.fromkeys((500, 502, 504, 520, 599), "server_error"),
    **dict.fromkeys((418, 999), "error"),
}
BY_NAME = {
    "/r/chain/1": {"ok"},
    "/r/chain/5": {"ok", "warn:redirect_chain"},
    "/r/chain/30": {"too_many_redirects"},
    "/canonical/self": {"ok"},
    "/canonical/relative": {"ok"},
    **{
        f"/canonical/{name}": {"ok", "warn:canonical"}
        for name in ("loopa", "offsite", "home", "two", "fragment", "missing", "js")
    },
    "/429/huge": {"throttled"},
    "/429/forever": {"throttled"},
    **{f"/429/{name}": {"ok"} for name in ("2s", "date", "garbage", "negative")},
    **{f"/type/{name}-as-html": {"asset"} for name in ("pdf", "png", "zip", "xml")},
    **{f"/type/{name}": {"ok"} for name in ("html-as-octet", "none", "html-as-plain")},
}
# Requests below a path, at most; the manifest's limits.
LIMITS = {
    "/endless-links": 500,
    "/calendar": 500,
    "/facets": 500,
    "/session": 50,
    "/jsession": 50,
    "/rel-trap": 50,
    "/r/self": 2,
    "/r/loop": 4,
    "/r/lasso": 6,
    "/r/grow": 11,
    "/flaky/a": 3,
    "/t/reset-early": 3,
    "/site": 3_000,
    "/endless-body": 2,
    "/huge-declared": 2,
}
DEADLINE = 7.0


@dataclass
class Told:
    """What the file says of one URL."""

    outcome: str | None
    end: str | None
    status: int | None
    warnings: set[str]

    def fits(self, word: str) -> bool:
        if word == "data":
            return self.outcome in {"ok", "asset"}
        if word == "trap":
            said = (self.outcome or "").startswith("trap:")
            return said or "trap" in self.warnings
        if word.startswith("warn:"):
            return word[5:] in self.warnings
        first, plus, rest = word.partition("+")
        if plus:
            named = rest.partition(":")[2]
            warned = named in self.warnings if named else bool(self.warnings)
            return warned and self.fits(first)
        if word == "ok":
            redirected = self.outcome in {"redirect", "client_redirect"}
            return self.outcome == "ok" or (redirected and self.end == "ok")
        return self.outcome == word


class Ledger:
    """The site file, by path."""

    def __init__(self, path: Path, base: str) -> None:
        self.db = sqlite3.connect(path)
        self.base = base

    def one(self, query: str, place: str) -> tuple[object, ...]:
        return self.db.execute(query, (self.base + place,)).fetchone() or (None,)

    def outcome(self, place: str) -> str | None:
        found = self.one("SELECT outcome FROM urls WHERE url = ?", place)[0]
        return None if found is None else str(found)

    def target(self, place: str) -> str | None:
        query = (
            "SELECT r.target FROM redirects r JOIN urls u ON u.id = r.source"
            " WHERE u.url = ?"
        )
        found = self.one(query, place)[0]
        return str(found).removeprefix(self.base) if found else None

    def told(self, place: str) -> Told:
        end, hops = place, 0
        while (step := self.target(end)) and hops < 20:
            end, hops = step, hops + 1
        status = self.one(
            "SELECT p.status FROM pages p JOIN urls u ON u.id = p.id WHERE u.url = ?",
            place,
        )[0]
        codes = self.db.execute(
            "SELECT code FROM warnings WHERE url = ?", (self.base + place,)
        )
        return Told(
            self.outcome(place),
            self.outcome(end),
            int(str(status)) if status is not None else None,
            {code for (code,) in codes},
        )


@dataclass
class Run:
    """One crawl of the hostile server."""

    ledger: Ledger
    folder: Path
    requests: list[dict[str, object]]
    last: dict[str, object]
    errors: str
    peak_mb: float
    exit_code: int

    def hits(self, prefix: str) -> int:
        return sum(
            path == prefix or path.startswith((f"{prefix}/", f"{prefix};"))
            for path in self.paths()
        )

    def paths(self) -> list[str]:
        seen = [one for one in self.requests if not one.get("canary")]
        return [str(one["target"]).partition("?")[0] for one in seen if "target" in one]

    @property
    def canary_hits(self) -> list[dict[str, object]]:
        return [one for one in self.requests if one.get("canary")]


@dataclass
class Hostile:
    """The server, running."""

    port: int
    canary: int
    log: Path

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log_rows(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def free_ports() -> tuple[int, int]:
    import socket

    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def started(folder: Path, **environment: str) -> tuple[subprocess.Popen[str], Hostile]:
    port, canary = free_ports()
    log = folder / "access.jsonl"
    command = [sys.executable, str(HOSTILE / "hostile_server.py")]
    command += ["--port", str(port), "--canary-port", str(canary), "--log", str(log)]
    server = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout
    server.stdout.readline()
    return server, Hostile(port, canary, log)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Hostile]:
    server, found = started(tmp_path)
    yield found
    server.kill()
    server.communicate()


def crawl_job(job: CrawlJob) -> tuple[int, dict[str, object], str, float]:
    """Return exit code, last line, stderr and peak megabytes of a crawl."""
    with subprocess.Popen(
        [sys.executable, "-m", "spiders", "site"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin
        assert child.stdout
        assert child.stderr
        child.stdin.write(job.to_json())
        child.stdin.close()
        peaks = [0.0]
        watch = threading.Thread(target=watch_memory, args=(child.pid, peaks))
        watch.start()
        lines = child.stdout.read().splitlines()
        errors = child.stderr.read()
        code = child.wait()
        watch.join()
    last = json.loads(lines[-1])
    return code, last, errors, peaks[0]


def watch_memory(pid: int, peaks: list[float]) -> None:
    """Note the peak megabytes of a process until it ends.

    What wait4 reports begins with the memory of the process that started it.
    """
    status = Path(f"/proc/{pid}/status")
    while True:
        try:
            text = status.read_text(encoding="utf-8")
        except OSError:
            return
        found = re.search(r"VmHWM:\s+(\d+) kB", text)
        if found is None:
            return
        peaks[0] = int(found[1]) / 1024
        time.sleep(0.05)


@pytest.fixture(scope="module")
def run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("hostile")
    server, hostile = started(folder)
    try:
        job = CrawlJob(
            url=f"{hostile.base}/",
            out=str(folder / "site.db"),
            allow_private=(f"127.0.0.1:{hostile.port}",),
            deadline=DEADLINE,
            concurrency=16,
            # thousands of good pages that prove nothing here
            exclude=(r"/ok/\d+$", r"/site/\d{3,}$"),
        )
        begun = time.monotonic()
        code, last, errors, peak = crawl_job(job)
        assert time.monotonic() - begun < 300
        ledger = Ledger(folder / "site.db", hostile.base)
        yield Run(ledger, folder, hostile.log_rows(), last, errors, peak, code)
    finally:
        server.kill()
        server.communicate()


def manifest() -> dict[str, dict[str, str]]:
    if not HOSTILE.exists():
        return {}
    rows: dict[str, dict[str, str]] = json.loads(
        (HOSTILE / "hostile_manifest.json").read_text()
    )["urls"]
    return rows


def wanted(place: str, words: str) -> set[str] | None:
    """Return all words that must hold; None where any of the manifest's may."""
    if place in BY_NAME:
        return BY_NAME[place]
    number = place.rpartition("/")[2]
    if place.startswith("/r/status/"):
        return {"ok" if int(number) in FOLLOWED else "not_followed"}
    if words == "by status":
        return {STATUS_WORDS[int(number)]}
    return None


def test_all_rows_end_as_the_manifest_says(run: Run) -> None:
    wrong = []
    for url, row in manifest().items():
        place = url.partition("#")[0]
        told = run.ledger.told(place)
        if row["outcome"] == "harness":
            assert told.outcome is None  # nothing links to it
            continue
        if place in DISAGREED:
            assert told.fits(DISAGREED[place][0]), place
            continue
        must = wanted(place, row["outcome"])
        good = (
            all(map(told.fits, must))
            if must
            else any(map(told.fits, row["outcome"].split("|")))
        )
        if not good:
            wrong.append((place, row["outcome"], told))
    assert not wrong


def test_no_private_address_is_touched(run: Run) -> None:
    assert run.canary_hits == []


def test_limits_are_kept_and_traps_named(run: Run) -> None:
    over = {path: run.hits(path) for path in LIMITS if run.hits(path) > LIMITS[path]}
    assert not over
    traps = run.ledger.db.execute(
        "SELECT outcome, reason FROM urls WHERE outcome LIKE 'trap:%'"
    ).fetchall()
    shapes = " ".join(reason for _, reason in traps)
    for part in ("/endless-links/", "/calendar/", "/facets?", "/session?", "/jsession"):
        assert part in shapes
    assert "/rel-trap/a/a/a" in shapes
    assert run.last["skipped"]


def test_loops_name_their_members(run: Run) -> None:
    query = "SELECT reason FROM urls WHERE url = ?"
    assert " -> " in str(run.ledger.one(query, "/r/loop/a")[0])
    assert "/r/loop/" in str(run.ledger.one(query, "/r/loop/a")[0])
    assert "/meta/loop/b" in str(run.ledger.one(query, "/meta/loop/a")[0])


def test_the_account_adds_up_and_nothing_broke(run: Run) -> None:
    last = run.last
    assert (run.exit_code, last["state"]) == (75, "partly_failed")
    skipped = last["skipped"]
    assert isinstance(skipped, dict)
    known = (last["done"], last["failed"], last["queued"], *skipped.values())
    assert last["known"] == sum(known)
    assert run.errors == ""
    assert run.peak_mb <= 400
    internal = "SELECT count(*) FROM urls WHERE outcome = 'internal'"
    assert run.ledger.db.execute(internal).fetchone() == (0,)


def test_no_password_is_written(run: Run) -> None:
    for path in run.folder.iterdir():
        if path.name != "access.jsonl":
            assert b"hunter2" not in path.read_bytes(), path


def test_retry_after_is_waited_for(run: Run) -> None:
    times = [
        float(str(one["t"])) for one in run.requests if one.get("target") == "/429/2s"
    ]
    assert all(later - sooner >= 2 for sooner, later in pairwise(times))
    assert Counter(run.paths())["/429/huge"] == 1


SPELLINGS = [
    "http://127.0.0.1:{p}/s",
    "http://localhost:{p}/s",
    "http://2130706433:{p}/s",
    "http://0x7f000001:{p}/s",
    "http://0177.0.0.1:{p}/s",
    "http://127.1:{p}/s",
    "http://[::ffff:127.0.0.1]:{p}/s",
    "http://[::1]:{p}/s",
    "http://0.0.0.0:{p}/s",
    "http://[::]:{p}/s",
    "http://0:{p}/s",
    "http://\uff11\uff12\uff17.0.0.1:{p}/s",
    "http://127.0.0.1.:{p}/s",
    "http://LOCALHOST.:{p}/s",
    "http://a.localhost:{p}/s",
    "http://[64:ff9b::127.0.0.1]:{p}/s",
    "http:\\\\127.0.0.1:{p}\\s",
    "//127.0.0.1:{p}/s",
]
ENTRIES = ("link", "redirect", "meta", "canonical", "hreflang", "sitemap", "robots")
LURE = """
import http.server, sys
KIND, TARGETS = sys.argv[1], sys.argv[2:]
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args): pass
    def do_GET(self):
        path, status, headers, body = self.path, 200, {"Content-Type": "text/html"}, ""
        number = path.rpartition("/")[2]
        target = TARGETS[int(number)] if number.isdigit() else ""
        if path == "/robots.txt":
            if KIND == "robots":
                status, headers["Location"] = 302, TARGETS[0]
            elif KIND == "sitemap":
                body = "".join(f"Sitemap: {one}\\n" for one in [*TARGETS, "/map.xml"])
        elif path == "/map.xml":
            body = ("<urlset>" + "".join(f"<url><loc>{t}</loc></url>" for t in TARGETS)
                    + "</urlset>") if KIND == "sitemap" else ""
        elif path == "/":
            body = "".join(f"<a href=/n/{n}>{n}</a>" for n in range(len(TARGETS)))
        elif KIND == "link":
            body = f"<a href='{target}'>x</a><area href='{target}'>"
        elif KIND == "redirect":
            status, headers["Location"] = 302, target
        elif KIND == "meta":
            body = f"<meta http-equiv=refresh content='0;url={target}'>"
        elif KIND == "canonical":
            body = f"<link rel=canonical href='{target}'>"
        elif KIND == "hreflang":
            body = f"<link rel=alternate hreflang=de href='{target}'>"
        body = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value.encode().decode("latin-1"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize("entry", ENTRIES)
def test_no_spelling_reaches_the_canary(
    entry: str, hostile: Hostile, tmp_path: Path
) -> None:
    targets = [one.format(p=hostile.canary) for one in SPELLINGS]
    with subprocess.Popen(
        [sys.executable, "-c", LURE, entry, *targets], stdout=subprocess.PIPE, text=True
    ) as lure:
        assert lure.stdout
        port = int(lure.stdout.readline())
        job = CrawlJob(
            url=f"http://127.0.0.1:{port}/",
            out=str(tmp_path / "site.db"),
            allow_private=(f"127.0.0.1:{port}",),
        )
        _, last, errors, _ = crawl_job(job)
        lure.kill()
    done = last["done"]
    assert isinstance(done, int)
    assert done > len(targets)
    assert errors == ""
    assert [one for one in hostile.log_rows() if one.get("canary")] == []


@pytest.mark.parametrize("spelling", [SPELLINGS[0], SPELLINGS[2], SPELLINGS[7]])
def test_no_spelling_is_a_start(
    spelling: str, hostile: Hostile, tmp_path: Path
) -> None:
    out = tmp_path / "site.db"
    arguments = ["crawl", spelling.format(p=hostile.canary), "--out", str(out)]
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 4
    assert "private address" in told.stderr
    assert "--allow-private" in told.stderr
    assert not out.exists()
    assert [one for one in hostile.log_rows() if one.get("canary")] == []


def test_no_spelling_is_fetched_from_a_list(hostile: Hostile, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    good = [one.format(p=hostile.canary) for one in SPELLINGS if one[:2] != "//"]
    listed.write_text("\n".join([*good, f"{hostile.base}/ok"]), encoding="utf-8")
    arguments = ["crawl", hostile.base, "--out", str(tmp_path / "list.db")]
    arguments += ["--list", str(listed), "--allow-private", hostile.base[7:], "--json"]
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 75  # partly failed: all but one are refused
    assert json.loads(told.stdout)["done"] == 1
    assert [one for one in hostile.log_rows() if one.get("canary")] == []


def test_the_server_is_up(hostile: Hostile) -> None:
    """What the tests above rely on: the canary would have been heard."""
    with urlopen(f"http://127.0.0.1:{hostile.canary}/x") as answer:
        assert answer.read() == b"TOP-SECRET-CANARY"
    assert [one["target"] for one in hostile.log_rows()] == ["/x"]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("500", "empty"),
        ("disallow-all", "empty"),
        ("redirect6", "finished"),
        ("500mb", "finished"),
        ("wild-redos", "finished"),
        ("delay-nan", "finished"),
        ("binary", "finished"),
    ],
)
def test_robots_of_every_kind(name: str, state: str, tmp_path: Path) -> None:
    server, hostile = started(tmp_path, HOSTILE_ROBOTS=name)
    try:
        job = CrawlJob(
            url=f"{hostile.base}/ok",
            out=str(tmp_path / "site.db"),
            allow_private=(hostile.base[7:],),
            probes=False,
            sitemaps=False,
        )
        _, last, errors, _ = crawl_job(job)
    finally:
        server.kill()
        server.communicate()
    assert (last["state"], errors) == (state, "")
    if state == "empty":
        assert "robots" in str(last["reason"])
        assert "/ok" not in {str(one.get("target")) for one in hostile.log_rows()}


def test_sitemaps_of_every_kind_as_a_crawl_meets_them(
    hostile: Hostile, tmp_path: Path
) -> None:
    """Each file is asked for once, nesting ends, nothing outside is fetched."""
    out = tmp_path / "site.db"
    names = json.loads((HOSTILE / "sitemaps/manifest.json").read_text())
    del names["index-wide"]  # the server needs a minute for its 500 children
    site = SiteFile.create(out)
    places = [f"{hostile.base}/sitemap/{name}.xml" for name in names]
    places.append(f"{hostile.base}/sitemap-bomb.xml.gz")
    site.add([Found(place, kind="sitemap") for place in places])
    site.close()
    job = CrawlJob(
        url=f"{hostile.base}/ok",
        out=str(out),
        resume=True,
        allow_private=(hostile.base[7:],),
        exclude=("/ok/",),
        probes=False,
    )
    code, last, errors, peak = crawl_job(job)
    assert (code, last["state"], errors) == (0, "finished", "")
    assert peak < 400
    asked = Counter(str(one.get("target")) for one in hostile.log_rows())
    assert [one for one in hostile.log_rows() if one.get("canary")] == []
    for name in ("index-self", "index-loop-a", "index-loop-b", "xxe", "50001"):
        assert asked[f"/sitemap/{name}.xml"] == 1
    deep = [one for one in asked if one.startswith("/sitemap/index-deep")]
    assert 2 < len(deep) <= 6
    ledger = Ledger(out, hostile.base)
    warned = {
        (url.removeprefix(hostile.base), code)
        for url, code in ledger.db.execute("SELECT url, code FROM warnings")
    }
    for name in ("index-self", "xxe", "html", "ctrl", "cut", "laughs"):
        assert any(url == f"/sitemap/{name}.xml" for url, _ in warned), name
    query = "SELECT count(*) FROM urls WHERE url LIKE '%/ok/%' AND in_sitemap"
    assert ledger.db.execute(query).fetchone()[0] > 50_000
    bomb = ledger.outcome("/sitemap-bomb.xml.gz")
    assert bomb == "too_large"
    odd = "SELECT url FROM urls WHERE url LIKE 'file:%' OR url LIKE '%169.254%'"
    assert ledger.db.execute(odd).fetchall() == []
