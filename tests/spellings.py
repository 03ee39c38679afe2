"""Addresses that lead off the site in some browser, server or library, for whatever redirects by a parameter.

Built from what browsers do with an address before they look for its host: leading letters that they
drop, slashes and backslashes that they take for each other, schemes with too few or too many slashes,
user names before the host, letters that they drop or fold, and what decoding once too often makes of it.
"""

from __future__ import annotations

from itertools import product

HOSTS = (
    "evil.example",
    "evil.example/admin/incidents",
    "evil%2Eexample",
    "\uff45vil.example",
    "evil\u3002example",
    "[::1]",
    "3232235777",
)
SLASHES = ("//", "///", "////", "\\\\", "\\/", "/\\", "/\\/", "//\\", "/\t/", "/\n/", "/\r\n/", "/\x00/", "/ /", "\\\t\\", "/\u200b/", "//@", "//:@", "//localhost@",
           "//localhost:80@", "//localhost\\@", "/\\localhost@", "//localhost%2F@", "//.")  # fmt: skip
SCHEMES = ("http:", "https:", "HTTPS:", "hTTp:", "ftp:", "ws:", "wss:", "http:/", "https:/", "https:\\", "http:\\\\", "https:///", "https:////", "https:/\\",
           "ht\ttps://", "htt\nps://", "http\r://", "https://localhost@", "https://localhost:80@", "https://localhost\\@", "https://localhost%40",
           "https://localhost.", "http://localhost#@", "http://localhost?@", "http://@", "http://:@")  # fmt: skip
OPAQUE = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", "javascript\t:alert(1)", "javascript://evil.example/%0aalert(1)",
    "javascript://localhost/%0Aalert(1)", "\x01javascript:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=", "vbscript:msgbox(1)", "file:///etc/passwd", "blob:https://evil.example/1", "view-source:https://evil.example",
    "about:blank", "mailto:x@evil.example", "tel:112", "intent://evil.example#Intent;end", "feed:https://evil.example", "filesystem:https://evil.example/t/x",
    "chrome://settings", "ms-word:ofe|u|https://evil.example", "jar:https://evil.example!/", "gopher://evil.example", "urn:x:y", "x:y", ":", "://evil.example", ":evil.example",
)  # fmt: skip
BARE = (
    "", " ", "\n", "\r", "\r\n", "\t", "\x00", "\x0b", "\x0c", "\x1f", "\x7f", "\x85", "\xa0", "\u200b", "\u200e", "\u202e", " ", " ", "\u3000", "\ufeff", "\ud7ff",
    "evil.example", "@evil.example", "\\@", "\\@evil.example", "/@evil.example\n", ".evil.example", "..//evil.example", "../evil.example", "./evil.example",
    "?url=//evil.example", "#//evil.example", ";//evil.example", "&//evil.example", "%2F%2Fevil.example", "%5C%5Cevil.example", "%2f\\evil.example",
    "%09//evil.example", "%0d%0aLocation:%20https://evil.example", "\r\nLocation: https://evil.example", "/\r\nSet-Cookie: a=b", "/\nLocation: //evil.example",
    "/\rLocation: //evil.example", "/admin\r\n\r\n<script>", "/x\x00//evil.example", "//", "///", "/\\", "\\", "\\\\", "/\t", "/\n", "/ ", "/\x7f", "//?", "//#", "///evil.example/..",
    "//evil.example:443/", "//evil.example?", "//evil.example#", "//evil.example%00", "//evil.example%23", "//xn--vil-8la.example", "//%65vil.example", "//0x7f.1", "//2130706433",
    "//[::ffff:127.0.0.1]", "//evil.example\\@localhost", "//localhost@evil.example", "//localhost.evil.example", "//evil.example/localhost", "//localhost:pass@evil.example",
    "/\\/evil.example/%2e%2e", "\t//evil.example", "\n//evil.example", " //evil.example", "\x00//evil.example", "\x01\\\\evil.example", "\ufeff//evil.example", "\u200b//evil.example",
    "\u3000//evil.example", "\uff0f\uff0fevil.example", "\u2215\u2215evil.example", "\u2044\u2044evil.example", "/" + "a" * 3_000, "https://" + "a" * 300 + "@evil.example",
)  # fmt: skip
# Paths of this host that only look bad: whoever is sent there stays here.
HARMLESS = ("/..//evil.example", "/.//evil.example", "/%09/evil.example", "/%5cevil.example", "/%2f%2fevil.example", "/;@evil.example", "/@evil.example", "/:evil.example",
            "/?next=//evil.example", "/#//evil.example", "/https:evil.example", "/%0d%0aLocation:x", "/?\\evil.example", "/\uff0fevil.example", "/a//b")  # fmt: skip
HOSTILE = tuple(
    dict.fromkeys(
        [
            *("".join(parts) for parts in product(SLASHES, HOSTS)),
            *("".join(parts) for parts in product(SCHEMES, HOSTS[:6])),
            *OPAQUE,
            *BARE,
        ]
    )
)
"""Spellings that must never come out as the target of a redirect or a link."""
