"""What is installed on a device: the manifest, the service worker, and the page that it shows offline.

The worker keeps files that are the same for everybody and named by their content, and this one page. Nothing
of an incident is ever kept (static/js/shell/worker.js).
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache

from flask import (
    Blueprint,
    Flask,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from majorops.web.access import own_start, public, signed_in
from majorops.web.assets import ICONS, STATIC, asset_text, asset_url

bp = Blueprint("shell", __name__)
GROUND = "#0a0a0a"
START = "/admin/start"  # below /admin/, where the worker answers without a network
LOOK = {
    "id": "/admin/incidents",  # what is installed is known by it: not to be changed
    "description": "Command of major incidents.",
    "lang": "en",
    "start_url": START,
    "scope": "/",
    "display": "standalone",
    "background_color": GROUND,
    "theme_color": GROUND,
}
OFFLINE = "/offline"
KEPT = (
    "app.css",
    "more.css",
    "commands.css",
    "pages.css",
    "app.js",
    "more.js",
    "shell.js",
    "icon-192.png",
    "badge.png",
)
"""Of the bundles, what staff's screens are drawn with."""


@bp.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """What a device shows of us once we are installed, by the organisation's name."""
    answer = jsonify(LOOK | names(current_app.config["ORG_NAME"]) | {"icons": icons()})
    answer.mimetype = "application/manifest+json"
    return _kept(answer)


def names(organisation: str) -> dict[str, str]:
    """The name, and the one under the icon, which has room for a dozen letters."""
    name = organisation if organisation == "MajorOps" else f"{organisation} MajorOps"
    return {"name": name, "short_name": organisation if len(organisation) <= 12 else "MajorOps"}


def icons() -> list[dict[str, str]]:
    """As they are, and one that may be cut to any shape."""
    maskable = _icon("icon-maskable.png") | {"purpose": "maskable"}
    return [_icon("icon-192.png"), _icon("icon-512.png"), maskable]


def _icon(name: str) -> dict[str, str]:
    return {"src": asset_url(name), "sizes": f"{ICONS[name]}x{ICONS[name]}", "type": "image/png"}


@bp.get(START)
@signed_in
def start() -> Response:
    """Where an installed app opens: at the incidents, or at the briefs of who reads only those."""
    return redirect(url_for(own_start()), 303)


@bp.get("/worker.js")
@public
def worker() -> Response:
    """The service worker of this version; staff's pages register it, for themselves (`/admin/`).

    Its text names the files that it keeps: it is another worker once one of them is another.
    """
    return _kept(current_app.response_class(_worker(), content_type="text/javascript; charset=utf-8"))


@cache
def _worker() -> str:
    files = [*map(asset_url, KEPT), *_fonts()]
    name = hashlib.sha256("".join(files).encode() + _offline_words().encode()).hexdigest()[:12]
    given = {"name": f"shell-{name}", "files": files, "offline": OFFLINE, "icon": asset_url("icon-192.png")}
    given["badge"] = asset_url("badge.png")
    script = (STATIC / "js/shell/worker.js").read_text()
    return f"self.SHELL = {json.dumps(given)};\n{script}"


def _fonts() -> list[str]:
    """Every font that the kept styles ask for."""
    return sorted(set(re.findall(r"url\((/static/vendor/fonts/[^)]+)\)", asset_text("app.css"))))


def _offline_words() -> str:
    return render_template("web/offline.html")


@bp.get(OFFLINE)
@public
def offline() -> Response:
    """What a device shows while it cannot reach us: what does not work then, and what does."""
    return _kept(make_response(_offline_words()))


def _kept(answer: Response) -> Response:
    """Asked for anew each time, and the same for everybody."""
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


def init_app(app: Flask) -> None:
    """Serve them."""
    app.register_blueprint(bp)
