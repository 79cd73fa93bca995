"""Rules for lighttpd: a map file and the Lua script that looks it up.

Decides the form. url.redirect is a list of regular expressions on a normalised address,
read in turn, with one status for all; mod_magnet sees the address as it was sent and
keeps the map as a table. The map is read once per worker.

Source  redmine.lighttpd.net, mod_magnet (lighttpd 1.4.60 and newer); the default
server.http-parseopts answer 400 to control characters and to bytes that UTF-8 never
has (tried, 1.4.69).
"""

from __future__ import annotations

from collections.abc import Iterator

from redirectmap.exporters.base import SERVER_BAD, Carries, Exporter, Options, header
from redirectmap.exporters.rules import RuleSet
from redirectmap.exporters.table import map_lines, read_map_lines
from redirectmap.exporters.text import Files
from redirectmap.tracking import NAMES, PREFIXES

LOAD = "include lighttpd.conf"
MAP = "redirects.map"
REJECTED = (
    ("control_char", "%(?:[01][0-9A-Fa-f]|7[fF])", "lighttpd answers 400 to it"),
    ("encoding", "%(?:[cC][01]|[fF][5-9A-Fa-f])", "lighttpd answers 400 to such bytes"),
)
LOOKUP = """\
local place = "{place}"
local known = package.loaded[place]
if not known then
  known = {{}}
  for line in io.lines(place) do
    local key, answer = line:match("^([^# ][^ ]*) ([^ ]+)$")
    if key then known[key] = answer end
  end
  package.loaded[place] = known
end

local r = lighty.r
local url = r.req_attr["request.orig-uri"]
local host = (r.req_header["Host"] or ""):lower():gsub(":%d+$", ""):gsub("%.$", "")
local answer = known[host .. url] or known[url]
"""
TRACKING = """\
local tracking, campaign = {{}}, {{}}
for name in ("{names}"):gmatch("%S+") do tracking[name] = true end
for name in ("{prefixes}"):gmatch("%S+") do campaign[name] = true end

"""
BY_PATH = """\
local path, query = url:match("^([^?]*)%?(.*)$")
if not answer and path then
  local kept, tags = {}, {}
  for pair in (query .. "&"):gmatch("([^&]*)&") do
    local name = pair:match("^[^=]*"):lower()
    local tag = tracking[name] or campaign[name:match("^(%a+_)[%w_]+$") or ""]
    table.insert(tag and tags or kept, pair)
  end
  local rest = table.concat(kept, "&")
  if #tags > 0 and rest ~= "" then
    local plain = path .. "?" .. rest
    answer = known[host .. plain] or known[plain]
  end
  if answer then
    query = table.concat(tags, "&")
  else
    answer = known[host .. path] or known[path]
  end
"""
KEEP = """\
  if answer and query ~= "" and answer:match("^3") then
    local base, rest = answer:match("^([^#]*)(.*)$")
    local joint = base:find("?", 1, true) and (base:match("?$") and "" or "&") or "?"
    answer = base .. joint .. query .. rest
  end
"""
ANSWER = """\
if answer then
  local status, target = answer:match("^(%d+):(.*)$")
  if tonumber(status) >= 300 then
    if target ~= "" then r.resp_header["Location"] = target end
    return tonumber(status)
  end
end
"""


def render(rules: RuleSet, options: Options) -> Files:
    """Spell the rules: lighttpd.conf, redirects.lua and redirects.map."""
    title = header(rules, options, "lighttpd", LOAD)
    place = _quoted(str(options.folder / "redirects.lua"))
    conf = (
        'server.modules += ( "mod_magnet" )\n'
        f'magnet.attract-raw-url-to += ( "{place}" )\n'
    )
    lua = header(rules, options, "lighttpd", LOAD, "--") + "".join(_lua(options))
    return {
        "lighttpd.conf": (title + conf).encode(),
        "redirects.lua": lua.encode(),
        MAP: (title + map_lines(rules)).encode(),
    }


def _lua(options: Options) -> Iterator[str]:
    yield LOOKUP.format(place=_quoted(str(options.folder / MAP)))
    if options.query != "exact":
        yield TRACKING.format(names=" ".join(NAMES), prefixes=" ".join(PREFIXES))
        yield BY_PATH
        yield KEEP if options.query == "keep" else ""
        yield "end\n"
    yield ANSWER


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def reread(files: Files) -> dict[str, str]:
    """Read our own map back: key to answer."""
    return read_map_lines(files[MAP].decode())


EXPORTER = Exporter(
    name="lighttpd",
    title="lighttpd",
    carries=Carries(
        bad=(*SERVER_BAD, *REJECTED),
        holds=True,
        tagged=True,
        source_chars=4_080,
        origin="mod_magnet docs; lighttpd 1.4.69; each row proven by request",
    ),
    render=render,
    load="""\
Debian: apt-get install lighttpd-modules-lua, then
    cp {folder}/lighttpd.conf /etc/lighttpd/conf-available/20-redirects.conf
    lighty-enable-mod redirects
    lighttpd -tt -f /etc/lighttpd/lighttpd.conf && systemctl restart lighttpd
The map is read when the first request comes; restart after a change.""",
    server="lighttpd",
    reread=reread,
)
