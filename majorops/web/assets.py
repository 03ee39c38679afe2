"""Styles and scripts as a few finished files: joined at start, named by content, cached for a year."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from flask import Blueprint, Flask, abort, current_app, request
from markupsafe import Markup
from rcssmin import cssmin
from rjsmin import jsmin
from werkzeug.wrappers import Response

from majorops.web.access import public, say_of
from majorops.web.modules import Modules

STATIC = Path(__file__).resolve().parent.parent / "static"
FONTS = ("css/fonts/public.css", "css/fonts/staff.css")
BUNDLES: dict[str, tuple[str, ...]] = {
    "app.css": (*FONTS, "css/tokens.css", "css/base.css", "css/layout.css", "css/components/*.css"),
    "more.css": ("css/more/*.css",),  # what is below the fold or folded; linked at the end of the page
    "commands.css": ("css/commands.css",),
    "pages.css": ("css/pages/*.css",),
    "measures.css": ("css/measures.css",),
    "public.css": ("css/fonts/public.css", "css/public/tokens.css", "css/public.css"),
    "forms.css": ("css/public/forms.css",),  # what the status page does without
    "widget.css": ("css/fonts/public.css", "css/public/tokens.css", "css/public/widget.css"),
    "brief.css": (*FONTS, "css/tokens.css", "css/brief/*.css"),
    "wall.css": ("css/wall/*.css",),
    "admin.css": ("css/admin.css",),
    "review_print.css": (*FONTS, "css/tokens.css", "css/review_print.css"),
    "review.css": ("css/more/drafts.css", "css/review/*.css"),
}
# Scripts: the module that a page begins with; what it imports comes along, but for what stands in an
# earlier one.
SCRIPTS = {
    # On every page of staff, so that what others share with it comes from here: the service worker, sign-out
    # and the palette.
    "shell.js": "js/shell/shell.js",
    "app.js": "js/main.js",
    "more.js": "js/more/main.js",  # what the first second does not need
    "intake.js": "js/intake/intake.js",
    "public.js": "js/public/public.js",
    "widget.js": "js/public/widget.js",
    "copy.js": "js/public/copy.js",
    "brief.js": "js/brief/brief.js",
    "devices.js": "js/shell/devices.js",
    "passkey.js": "js/passkey/passkey.js",
}
ICONS = {
    "icon-192.png": 192,
    "icon-512.png": 512,
    "icon-maskable.png": 512,
    "badge.png": 96,
    "touch.png": 180,
}
"""Pictures of the installed application under `static/icons/`, and their width in pixels."""
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
}

PICTURES = {"logo": "LOGO", "logo-dark": "LOGO_DARK", "favicon": "FAVICON"}  # name → setting

bp = Blueprint("assets", __name__)
_files: dict[str, tuple[bytes, bytes]] = {}  # address → plain, gzip
_names: dict[str, str] = {}  # bundle → address


def build() -> None:
    """Join every bundle, once at start.

    Raises OSError for a missing script and ValueError for scripts that import each other; of styles whatever
    a pattern finds is joined.
    """
    for bundle, patterns in BUNDLES.items():
        sources = [path for pattern in patterns for path in sorted(STATIC.glob(pattern))]
        _keep(bundle, cssmin(b"\n".join(path.read_bytes() for path in sources)))
    elsewhere: dict[Path, str] = {}
    for bundle, entry in SCRIPTS.items():
        joined = Modules(STATIC / entry, elsewhere)
        _keep(bundle, jsmin(joined.text()).encode())
        elsewhere |= dict.fromkeys(joined.exports, asset_url(bundle))

    for name in ICONS:
        _keep(name, (STATIC / "icons" / name).read_bytes())


def _keep(bundle: str, body: bytes) -> None:
    stem, suffix = bundle.rsplit(".", 1)
    address = f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{suffix}"
    _files[address] = (body, gzip.compress(body, 9, mtime=0))
    _names[bundle] = address


def add_picture(name: str, path: str | None) -> None:
    """Serve a picture of the organisation under this name. Raises OSError where it cannot be read."""
    if path:
        body = Path(path).read_bytes()
        address = f"{name}-{hashlib.sha256(body).hexdigest()[:12]}{Path(path).suffix}"
        _files[address] = (body, gzip.compress(body, 9, mtime=0))
        _names[name] = address


def add_style(name: str, css: str) -> None:
    """Serve a stylesheet that was made at start, under this name."""
    _keep(name, css.encode())


def asset_url(bundle: str) -> str:
    """The address of a bundle; it changes with its content."""
    return f"/assets/{_names[bundle]}"


def asset_text(bundle: str) -> Markup:
    """A bundle's text, to stand inside a page."""
    return Markup(_files[_names[bundle]][0].decode())  # noqa: S704 (our own file)


def asset_body(name: str) -> bytes:
    """What stands at `/assets/<name>`. Raises KeyError where nothing does."""
    return _files[name][0]


@bp.get("/assets/<name>")
@public
def bundle(name: str) -> Response:
    """A finished file, for a year: its name changes with its content. Aborts with 404."""
    if name not in _files:
        abort(404)
    plain, small = _files[name]
    zipped = "gzip" in request.accept_encodings
    response = current_app.response_class(
        small if zipped else plain, content_type=TYPES["." + name.rsplit(".", 1)[1]]
    )
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.set_etag(name + ("-gz" if zipped else ""))
    return response.make_conditional(request)


say_of(bundle, is_named_by_content=True)


def init_app(app: Flask) -> None:
    """Join the bundles and serve them. Raises as `build` and `add_picture`."""
    build()
    for name, setting in PICTURES.items():
        add_picture(name, app.config[setting])
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31536000  # fonts and icons keep their names for ever
    app.register_blueprint(bp)
    app.add_template_global(asset_url)
    app.add_template_global(asset_text)
