"""How the organisation shows on what strangers see: name, logo, colour, the tab's icon, words of the posture.

MajorOps itself comes first only where nobody has said whose page it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from majorops.domain.colours import DARK_GROUND, LIGHT_GROUND, ink_on, readable
from majorops.i18n import ENGLISH, Texts
from majorops.web.assets import PICTURES, add_style, asset_url

PRODUCT = "MajorOps"
PNG = b"\x89PNG\r\n\x1a\n"
KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}


@dataclass(frozen=True)
class Brand:
    """`is_own`: an organisation is set, and comes first. Addresses are empty where there is no picture.

    `dark_logo`: for dark grounds. `words`: of the posture, `wartime`, `neutral` or `none`.
    """

    org: str
    is_own: bool
    logo: str
    dark_logo: str
    icon: str
    icon_type: str
    has_accent: bool
    words: str

    def word(self, posture: str, t: Texts) -> str:
        """What a page in the language `t` says of `wartime` or `peacetime`; empty for no word."""
        part = {"wartime": "posture", "neutral": "neutral"}.get(self.words)
        return t(f"{part}.{posture}") if part and posture else ""


def brand_of(settings: Mapping[str, Any]) -> Brand:
    """The brand by the settings. The pictures are those that `web/assets.py` serves."""
    logo, dark = (asset_url(name) if settings[PICTURES[name]] else "" for name in ("logo", "logo-dark"))
    icon = icon_file(settings["FAVICON"], settings["LOGO"])
    return Brand(
        org=settings["ORG_NAME"],
        is_own=bool(settings["LOGO"]) or settings["ORG_NAME"] != PRODUCT,
        logo=logo or dark,
        dark_logo=dark,
        icon=asset_url("favicon" if settings["FAVICON"] else "logo") if icon else "",
        icon_type=KINDS[Path(icon).suffix] if icon else "",
        has_accent=bool(settings["ACCENT"]),
        words=settings["POSTURE_WORDS"],
    )


def icon_file(favicon: str | None, logo: str | None) -> str:
    """The picture for the tab: the one that is set, else a logo that is an SVG or square; empty for none."""
    if favicon:
        return favicon
    return logo if logo and _is_icon(logo) else ""


@cache
def _is_icon(path: str) -> bool:
    """An SVG fits in whatever its shape is; a PNG says its width and height after its first bytes."""
    if path.endswith(".svg"):
        return True
    head = Path(path).read_bytes()[:24]
    return head.startswith(PNG) and head[16:20] == head[20:24]


@cache
def accent_style(accent: str | None) -> str:
    """CSS: shades of the organisation's colour that can be read on dark and on light, with their inks."""
    if not accent:
        return ""
    dark, light = (readable(accent, ground) for ground in (DARK_GROUND, LIGHT_GROUND))
    only_dark = f"--accent-on-dark:{dark}"  # of pages that are dark whatever people prefer
    return (
        f":root{{{only_dark};{_shade(dark)}}}"
        f"@media print,(prefers-color-scheme:light){{:root{{{_shade(light)}}}}}"
    )


def _shade(colour: str) -> str:
    return f"--accent:{colour};--accent-ink:{ink_on(colour)}"


def init_app(app: Flask) -> None:
    """Serve the organisation's colour as a stylesheet, and offer the brand to templates."""
    add_style("brand.css", accent_style(app.config["ACCENT"]))
    app.add_template_global(ENGLISH, "english")
    app.add_template_global(lambda: brand_of(current_app.config), "brand")
