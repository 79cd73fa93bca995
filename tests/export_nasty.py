"""Rules from many angles: what a grammar, decoder or browser reads in its own way."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

OLD, NEW = "https://old.example", "https://new.example"

SIGNS = {
    "nginx": ["$uri", "${uri}", "$1", ";", "{", "}", "~^x", "default", "hostnames"],
    "nginx words": ["include x;", "volatile", "\\.x", "*.x", ".x.", "~*x", "#x", "'x'"],
    "apache": ["%{HTTP_HOST}", "%1", "$1", "\\1", "${m:x}", "[R=302]", "<If>", "^x$"],
    "apache words": ["-", "%{ENV:X}", "%%", "%{", "\\%", "#x", "</IfVersion>", "|ls"],
    "haproxy": [
        "%[src]",
        "%ci",
        "\\ ",
        "\\x20",
        "if TRUE",
        "unless",
        ",lower",
        "$HOME",
    ],
    "caddy": [
        "{http.request.uri}",
        "{",
        "}",
        "\\{",
        "{{.X}}",
        "{$HOME}",
        "{env.HOME}",
        "\\}",
    ],
    "lua": ["%d", "%s", "[[x]]", "]]", "--x", "%1", "%%", "..", "\\n", "\\065"],
    "vcl": ['{"x"}', '"}', "req.url", "\\1", "std.log", "/*x*/", "//x", "C{ }C"],
    "lines": ["*", ":splat", ":x", "/*", "!", "301", "200!", "#", "Country=de"],
    "json, yaml": ['"', "\\u0041", "\\/", "&x", "*x", "!!str", "? x", "- x", "|", ">"],
    "csv": [",", '""', "=1+1", "@x", "+x", "-x", "\\t", ";", "'x"],
    "sql, html": ["' OR 1=1", "--", "<script>", "&lt;", "&#x41;", "]]>", "<!--"],
    "regex": ["(a+)+$", ".*", "[^/]", "x{9}", "a|b", "^", "$", "(?i)x", "\\Q", "x?"],
}
ESCAPES = [
    *(
        "%20",
        "%22",
        "%23",
        "%24",
        "%25",
        "%26",
        "%27",
        "%2B",
        "%2C",
        "%2e",
        "%2F",
        "%2f",
    ),
    *(
        "%3A",
        "%3B",
        "%3C",
        "%3D",
        "%3E",
        "%3F",
        "%40",
        "%5B",
        "%5C",
        "%5D",
        "%5E",
        "%5F",
    ),
    *("%60", "%7B", "%7C", "%7D", "%7E", "%7F", "%80", "%C0%AF", "%C3%A9", "%c3%a9"),
    *("%E2%80%A8", "%EF%BB%BF", "%F0%9F%92%A9", "%F4%90%80%80", "%FF", "%41", "%61"),
    *(
        "%252F",
        "%25%32%46",
        "%00",
        "%01",
        "%09",
        "%0A",
        "%0D",
        "%0d%0a",
        "%1F",
        "%u0041",
    ),
    *("%", "%4", "%zz", "%G0", "100%", "%2", "%%20", "+", "a+b", "%2520"),
]
PATHS = [
    *(
        "/",
        "//",
        "///a",
        "/a//b",
        "/a//",
        "//a/b",
        "/a/./b",
        "/a/../b",
        "/..",
        "/.",
        "/...",
    ),
    *(
        "/a/..b",
        "/a../b",
        "/.a",
        "/a/.",
        "/a/..",
        "/%2e%2e/a",
        "/a/%2E%2e/b",
        "/a/%2e/b",
    ),
    *(
        "/..%2fa",
        "/a/..%2f..%2f..",
        "/a;/..;/b",
        "/a;x=1",
        "/a;x=1/b;y=2",
        "/;",
        "/a,b",
    ),
    *(
        "/A",
        "/a",
        "/a/",
        "/A/",
        "/a.html",
        "/a.HTML",
        "/A.html",
        "/axhtml",
        "/a.",
        "/a..",
    ),
    *("/~user", "/%7Euser", "/a@b", "/@", "/a:b", "/:80", "/a=b", "/a&b", "/a!b", "/*"),
    *("/CON", "/con.txt", "/web.config", "/.htaccess", "/.well-known/x", "/cgi-bin/x"),
    *("/index.php/a/b", "/index.php//", "/a.php/", "/a%2Fb/c", "/a%2fb/c", "/a/b%2F"),
    *("/" + "a" * 255, "/" + "a/" * 400, "/" + "b" * 1_020, "/" + "c" * 2_000),
    *("/" + "%C3%A9" * 80, "/" + "d" * 3_900, "/-", "/--", "/_", "/0", "/1.0", "/1e3"),
]
QUERIES = [
    *(
        "?",
        "??",
        "?a",
        "?a=",
        "?=a",
        "?=",
        "?&",
        "?&&",
        "?a&",
        "?&a",
        "?a&&b",
        "?a=1&a=2",
    ),
    *(
        "?a=2&a=1",
        "?a=1&a=1",
        "?A=1",
        "?a=1;b=2",
        "?a=1&amp;b=2",
        "?a[]=1",
        "?a%5B%5D=1",
    ),
    *("?a=b=c", "?a=b?c", "?a=/b/", "?a=//x", "?a=..", "?a=../b", "?a=%2F", "?a=%2f"),
    *(
        "?a=+",
        "?a=%20",
        "?a=%2B",
        "?a='b'",
        '?a="b"',
        "?a=`b`",
        "?a=|",
        "?a=\\b",
        "?a=$1",
    ),
    *("?a=%{b}", "?a={b}", "?a=%1", "?a=%", "?a=%zz", "?a=%00", "?a=%0d%0aX:1", "?a=é"),
    *("?url=https://evil.example/", "?next=//evil.example", "?q=<script>", "?q=a,b"),
    *(
        "?utm_source=x",
        "?gclid=1&a=1",
        "?a=1&fbclid=2",
        "?utm_=1",
        "?xgclid=1",
        "?a=gclid",
    ),
    *(
        "?" + "a=1&" * 300,
        "?" + "x" * 3_000,
        "?a#b",
        "?#b",
        "?a=#",
        "?a=1#utm_source=x",
    ),
]
TEXTS = [
    "é",
    "ﬁ",
    "İ",
    "ß",
    "日本",
    "مرحبا",
    "שלום",
    "🙂",
    "\u200d",
    "\u00ad",
    "\ufeff",
]
TARGETS = [
    *(
        "/x?",
        "/x#",
        "/x?#",
        "/x?a=1",
        "/x?a=1#b",
        "/x#b?c",
        "/x?a&b#c",
        "/#",
        "/?",
        "/?a",
    ),
    *(
        "//x",
        "/x//y",
        "/%2F%2Fevil.example",
        "/\\evil.example",
        "/.//evil.example",
        "/@x",
    ),
    *(
        "/$1",
        "/%1",
        "/\\1",
        "/{x}",
        "/%{x}",
        "/:splat",
        "/*",
        "/x;y",
        "/x y",
        "/'",
        '/"',
    ),
    *(
        "/x?u=//evil.example",
        "/é",
        "/%C3%A9",
        "/%c3%a9",
        "/x%0d%0aSet-Cookie:a=b",
        "/%00",
    ),
    *(
        "/" + "t" * 1_000,
        "/" + "t" * 3_900,
        "/?" + "q=1&" * 400,
        "/x%zz",
        "/x%",
        "/100%25",
    ),
]
HOSTS = [
    *(
        "https://www.old.example/h",
        "http://old.example/h-http",
        "https://old.example:443/p1",
    ),
    *(
        "https://old.example:8443/p2",
        "https://OLD.Example/p3",
        "https://old.example./p4",
    ),
    *("https://bücher.old.example/p5", "https://xn--bcher-kva.old.example/p6"),
    *(
        "https://m.old.example/h",
        "https://a.b.c.old.example/p7",
        "https://old.example/h",
    ),
]
REFUSED = {
    "control": [
        "/a\nb",
        "/a\rb",
        "/a\tb",
        "/a\x00b",
        "/a\x0bb",
        "/a\x7fb",
        "/a\x85b",
        "/a\n",
    ],
    "space": [" /a", "/a ", "\t/a", " /a "],
}
EVIL = [
    *(
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "evil.example",
    ),
    *(
        "https:evil.example",
        "https:/evil.example",
        "https:\\\\evil.example",
        "http:evil.example",
    ),
    *("https://new.example@evil.example/", "https://new.example:x@evil.example/"),
    *(
        "https://new.example.evil.example/",
        "https://evil.example\\@new.example/",
        "data:,x",
    ),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "vbscript:x",
    ),
    *(
        "file:///etc/passwd",
        "ftp://new.example/",
        "blob:https://new.example/x",
        "about:blank",
    ),
    *("http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/", "http://2130706433/"),
    *(
        "http://169.254.169.254/",
        "http://localhost/",
        "http://a.localhost/",
        "http://10.0.0.1/",
    ),
    *(
        "http://[::ffff:127.0.0.1]/",
        "http://0/",
        "http://127.1/",
        "https://new.example\r\nX: 1/",
    ),
    *(
        "https://new.example:99999/",
        "https://",
        "https:///",
        "https://new example/",
        "",
        " ",
    ),
    *(
        "https://new.example/\r\nX-Pwned: 1",
        "https://new.example/\x00",
        "mailto:a@b.example",
    ),
]


def rules() -> Iterator[tuple[str, str]]:
    """Yield old and new URL of rows that are rules, unless a server says why not."""
    for kind, signs in SIGNS.items():
        for number, sign in enumerate(signs):
            name = kind.replace(" ", "-").replace(",", "")
            yield f"{OLD}/{name}/{number}/{sign}", f"{NEW}/{number}/{sign}"
            yield f"{OLD}/{name}/{number}?q={sign}", f"{NEW}/{number}?q={sign}#{sign}"
    for number, escape in enumerate(ESCAPES):
        yield f"{OLD}/esc/{number}/x{escape}y", f"{NEW}/esc/x{escape}y"
        yield f"{OLD}/esc/{number}?x{escape}y", f"{NEW}/esc?x{escape}y"
    for number, path in enumerate(PATHS):
        yield f"{OLD}{path}", f"{NEW}/path/{number}"
    for number, query in enumerate(QUERIES):
        yield f"{OLD}/query{query}", f"{NEW}/query/{number}"
        yield f"{OLD}/only/{number}{query}", f"{NEW}/only/{number}{query}"
    yield f"{OLD}/query", f"{NEW}/query?own=1#end"
    for number, text in enumerate(TEXTS):
        for form in ("NFC", "NFD", "NFKC"):
            same = unicodedata.normalize(form, text)
            yield f"{OLD}/text/{form}/{same}", f"{NEW}/{same}/{number}?{same}#{same}"
    for number, target in enumerate(TARGETS):
        yield f"{OLD}/target/{number}", f"{NEW}{target}"
        yield f"{OLD}/target/{number}?a=1", f"{NEW}{target}"
    for number, old in enumerate(HOSTS):
        yield old, f"{NEW}/host/{number}"


def refused() -> Iterator[tuple[str, str]]:
    """Yield rows that must never become a rule."""
    for group in REFUSED.values():
        for number, old in enumerate(group):
            source = old.replace("/a", f"{OLD}/refused/{number}", 1)
            yield source, f"{NEW}/r"
    for number, new in enumerate(EVIL):
        yield f"{OLD}/evil/{number}", new
