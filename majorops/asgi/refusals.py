"""What is answered without Flask when too many strangers ask at once.

What was typed comes back with one button.
"""

from __future__ import annotations

import asyncio
from html import escape
from urllib.parse import parse_qsl

from majorops.i18n import DEFAULT, texts_at

RETRY_AFTER = 5
# A refusal would be asked for again at once: nothing more is read from that connection for so long.
DELAY = 1.0  # seconds
SHOWN_NOT = {"csrf_token", "next", "request_key"}
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<header class="top">
<div class="wrap"><a class="wordmark" href="{home}">\
<span aria-hidden="true">›</span><b>MAJOR</b><i>ops</i></a></div>
</header>
<main class="wrap error-page">
<h1>{title}</h1>
<p>{text}</p>
{form}
<p><a class="go" href="{home}">{status}</a></p>
</main>
</body>
</html>
"""
FORM = (
    '<dl>{shown}</dl><form class="ask" method="post" action="{action}">{hidden}'
    '<button class="go">{again}</button></form>'
)
ASKED_AGAIN = (
    '<label for="password">Password</label>'
    '<input id="password" name="password" type="password" autocomplete="current-password" required>'
)
HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"retry-after", str(RETRY_AFTER).encode()),
    (
        b"content-security-policy",
        b"default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]


async def too_many(scope, send, body: bytes, style: str) -> None:
    """Answer 503 with Retry-After, after `DELAY` seconds: who is refused at once asks again at once.

    `style`: the address of the public stylesheet. Behind a proxy too only who asked waits.
    """
    await _elapsed(DELAY)
    is_form = scope["method"] == "POST"
    t = texts_at(scope["path"])
    said = t("error.crowd_typed") + " " if is_form else ""
    page = PAGE.format(
        language=t.language,
        title=t("error.crowd"),
        style=escape(style),
        home="/" if t.language == DEFAULT else f"/{t.language}/",
        text=said + t("error.crowd_text", n=RETRY_AFTER),
        form=kept_form(scope["path"], body) if is_form else "",
        status=t("error.home"),
    ).encode()
    headers = [*HEADERS, (b"content-length", str(len(page)).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else page})


async def _elapsed(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    timer = loop.create_future()
    handle = loop.call_later(seconds, timer.set_result, None)
    try:
        await timer
    finally:
        handle.cancel()  # who asked may have gone


def kept_form(path: str, body: bytes) -> str:
    """What was posted, shown and with one button that sends it once more. A password is asked for again."""
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:  # no form of ours
        return ""
    kept = [(name, value) for name, value in fields if name != "password"]
    shown = "".join(
        f'<dt class="label">{escape(name.replace("_", " "))}</dt><dd class="text">{escape(value)}</dd>'
        for name, value in kept
        if value and name not in SHOWN_NOT
    )
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in kept
    )
    hidden += ASKED_AGAIN if len(kept) < len(fields) else ""
    again = texts_at(path)("error.again")
    return FORM.format(shown=shown, action=escape(path), hidden=hidden, again=again)
