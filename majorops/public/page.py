"""How a public page is answered.

Its style stands inside it, its ETag names what it says, and any cache may keep it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    g,
    make_response,
    render_template,
    request,
)
from markupsafe import Markup
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.cadence import Cadence, CadenceState
from majorops.i18n import DEFAULT, ENGLISH_FILE, LANGUAGE_FILES, LANGUAGES, Texts
from majorops.web.access import belongs_to_status_page
from majorops.web.assets import BUNDLES, asset_text
from majorops.web.branding import accent_style, brand_of
from majorops.web.posture import public_posture

STATIC = Path(__file__).resolve().parents[1] / "static"
TEMPLATES = Path(__file__).resolve().parents[2] / "templates/public"
FILES = [
    *sorted(TEMPLATES.glob("*.html")),
    ENGLISH_FILE,
    *sorted(LANGUAGE_FILES.values()),
    *(STATIC / source for sheet in ("public.css", "widget.css") for source in BUNDLES[sheet]),
    *sorted(STATIC.glob("js/public/*.js")),
]
LOOK = hashlib.sha256(
    b"".join(path.read_bytes() for path in FILES)
).hexdigest()  # a new version is another page
# Fresh for seconds; an old copy may stand while a new one is fetched, and for a day while we are down.
CACHING = "public, max-age=0, s-maxage=5, stale-while-revalidate=30, stale-if-error=86400"
PRIVATE = "private, no-store"


@dataclass(frozen=True)
class Style:
    """The CSS of a public page and its Content-Security-Policy hash."""

    text: Markup
    hash: str


@cache
def style(accent: str | None, seen: str, *sheets: str) -> Style:
    """The CSS of a page, one for each choice of values.

    `accent`: the organisation's colour, if any; `seen`: what stands at the place that a reader marked.
    `sheets`: the bundles, that of the status page where none is named.
    """
    words = seen.replace("\\", "\\\\").replace('"', '\\"')
    rules = "".join(asset_text(sheet) for sheet in sheets or ("public.css",))
    text = f'{rules}:root{{--seen:"{words}"}}{accent_style(accent)}'
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Style(Markup(text), f"sha256-{digest}")  # noqa: S704 (our own file and our own settings)


def texts() -> Texts:
    """The language of the page: its address says it (`/de/…`)."""
    return LANGUAGES[language_of(request.blueprint)]


def language_of(blueprint: str | None) -> str:
    """The code of a blueprint's language: `public_de` is `de`; without one the default."""
    return (blueprint or "").partition("_")[2] or DEFAULT


def caching() -> str:
    """Who may keep a public answer; nobody where the status page is for people who signed in."""
    return PRIVATE if current_app.config["STATUS_PRIVATE"] else CACHING


def page(
    template: str,
    *says: object,
    badges: Sequence[Cadence | None] = (),
    is_running: bool | None = None,
    sheet: str = "public.css",
    **values,
) -> Response:
    """A public page.

    `says`: all that it says, for its ETag; `badges`: of the incidents that it shows. `is_running`: of the
    incident that it is about; its tab's icon says that, the wordmark what is true of the whole. `sheet`: its
    bundle of CSS. `values`: for the template; `now` must be among them.
    """
    word = public_posture()
    has_active_incident = word == "wartime" if is_running is None else is_running
    state = _state(has_active_incident, badges, values.get("is_maintained", False))
    frame = _frame(state, word, sheet)
    response = make_response(render_template(f"public/{template}.html", **frame, **values))
    turns = [(badge.state, badge.is_soon) for badge in badges if badge]
    told = (
        state,
        word,
        frame["t"].language,
        brand_of(current_app.config),
        frame["subscribes"],
        g.style_hash,
        LOOK,
        values["now"].date(),
    )
    response.set_etag(name_of(says, turns, *told))
    response.headers["Cache-Control"] = caching()
    return response.make_conditional(request)


def form_page(template: str, code: int = 200, **values) -> Response:
    """A page with a form, in the public look; no cache keeps it, and no other site learns its address."""
    now = clock.now()
    word = public_posture()
    frame = _frame(_state(word == "wartime", ()), word, "public.css", "forms.css")
    frame |= {"is_listed": False, "now": now, "updates": False, "subscribes": False}
    response = make_response(render_template(f"public/{template}.html", **frame, **values), code)
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Referrer-Policy"] = "no-referrer"  # its address may carry a token
    return response


def _frame(state: str, posture: str, *sheets: str) -> dict[str, Any]:
    """What base.html needs. `sheets`: the bundles of CSS."""
    t, config = texts(), current_app.config
    given = style(config["ACCENT"], t("incident.seen"), *sheets)
    g.style_hash = given.hash
    return {
        "t": t,
        "org": config["ORG_NAME"],
        "style": given.text,
        "state": state,
        "posture": posture,
        "is_listed": config["ROBOTS"],
        "shows_sign_in": not config["STATUS_HOST"],
        "updates": True,
        "subscribes": bool(current_app.extensions["public_origin"]),
        "languages": _languages(t),
        "home": f"{blueprint_of(t.language)}.status",
        "past": f"{blueprint_of(t.language)}.history",
        "works": f"{blueprint_of(t.language)}.maintenances",
        "subscribing": blueprint_of(t.language, "subscribe") + ".form",
    }


def answer(text: str, kind: str, name: str = "") -> Response:
    """An answer for programs. `kind`: its content type; `name`: its ETag, else that of the text."""
    response = current_app.response_class(text, content_type=f"{kind}; charset=utf-8")
    response.set_etag(name or name_of(text))
    response.headers["Cache-Control"] = caching()
    return response.make_conditional(request)


def base_address() -> str:
    """Where people reach the public pages, without a slash at the end."""
    return current_app.extensions["public_origin"] or request.host_url.rstrip("/")


def name_of(*says: object) -> str:
    """A strong name for what is said, whoever asks and whenever."""
    return hashlib.sha256(repr(says).encode()).hexdigest()[:20]


def _state(has_active_incident: bool, badges, is_maintained: bool = False) -> str:
    if any(badge and badge.state is CadenceState.OVERDUE for badge in badges):
        return "overdue"
    return "wartime" if has_active_incident else "maintenance" if is_maintained else "peacetime"


def _languages(here: Texts) -> list[tuple[Texts, str]]:
    """The other languages and where this page is in them."""
    # Not built from the view's arguments: the month of /history/2026-05 is 5, and so no file has that name.
    path = request.path.removeprefix("" if here.language == DEFAULT else f"/{here.language}")
    return [
        (other, quote(path if other.language == DEFAULT else f"/{other.language}{path}"))
        for other in LANGUAGES.values()
        if other is not here
    ]


def blueprint_of(language: str, kind: str = "public") -> str:
    """The name that a blueprint has in a language: `public_de`, and plain `public` in the default one."""
    return kind if language == DEFAULT else f"{kind}_{language}"


def keep_status_host_public() -> None:
    """On the status page's own host there is nothing else. Aborts with 404."""
    host = current_app.config["STATUS_HOST"]
    if not host or request.host.partition(":")[0].lower() != host or request.endpoint in (None, "static"):
        return
    view = current_app.view_functions[request.endpoint]
    is_ours = belongs_to_status_page(view) or getattr(view, "is_by_token", False)
    if not is_ours and request.endpoint not in OPEN_THERE:
        abort(404)


OPEN_THERE = {"assets.bundle", "health.process", "health.ready"}


def register(app: Flask, *blueprints: Blueprint) -> None:
    """The public pages in every language: English at the root, others below their code."""
    for blueprint in blueprints:
        for language in LANGUAGES:
            before = "" if language == DEFAULT else f"/{language}"
            name, prefix = blueprint_of(language, blueprint.name), before + (blueprint.url_prefix or "")
            app.register_blueprint(blueprint, name=name, url_prefix=prefix)
