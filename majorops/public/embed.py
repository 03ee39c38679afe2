"""What other sites show of the status page: badges, and a small page for a frame.

And the HTML that puts them there.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from flask import Blueprint, abort, current_app, render_template, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.enums import SystemStatus
from majorops.domain.systems import Indicator, feed_name
from majorops.i18n import ENGLISH
from majorops.projections import public_status
from majorops.projections.systems import listed_as
from majorops.public.page import answer, base_address, blueprint_of, page, texts
from majorops.web.access import status_page
from majorops.web.security import let_be_framed

bp = Blueprint("embed", __name__)

SHOWN_MOST = 3  # incidents that a frame has room for
# White stands on each of them with at least 4.5:1.
GREEN, BLUE, AMBER, ORANGE, RED, GREY = "#006600", "#1f5faf", "#7a5000", "#9c3d00", "#b30000", "#595959"
OF_ALL = {
    Indicator.NONE: GREEN,
    Indicator.MAINTENANCE: BLUE,
    Indicator.MINOR: AMBER,
    Indicator.MAJOR: ORANGE,
    Indicator.CRITICAL: RED,
}
OF_ONE = {
    SystemStatus.OPERATIONAL: GREEN,
    SystemStatus.MAINTENANCE: BLUE,
    SystemStatus.UNKNOWN: GREY,
    SystemStatus.DEGRADED: AMBER,
    SystemStatus.PARTIAL: ORANGE,
    SystemStatus.MAJOR: RED,
}


@dataclass(frozen=True)
class Snippet:
    """HTML to copy into another site. `name`: what it shows; `picture`: its address here, empty for none."""

    name: str
    html: str
    picture: str = ""


@bp.get("/badge.svg")
@status_page
def badge() -> Response:
    """The state of the whole as a small picture. In English it says what status clients read."""
    indicator, words = public_status(clock.now()).headline
    t = texts()
    said = words if t is ENGLISH else t(f"headline.{indicator.value}")
    return draw_badge(current_app.config["ORG_NAME"], said, OF_ALL[indicator])


@bp.get("/systems/<system>/badge.svg")
@status_page
def system_badge(system: str) -> Response:
    """The state of one system as a small picture. Aborts with 404 where the public page does not list it."""
    name = listed_as(system) or abort(404)
    found = next((one for one in public_status(clock.now()).systems if one.name == name), None) or abort(404)
    return draw_badge(name, texts()(f"system.{found.status.value}"), OF_ONE[found.status])


def draw_badge(left: str, right: str, colour: str) -> Response:
    """A picture of two fields. `colour`: of the right one, under white letters."""
    given = {"left": left, "right": right, "colour": colour}
    return answer(render_template("public/badge.svg", **given), "image/svg+xml")


@bp.get("/widget")
@status_page
def widget() -> Response:
    """A small page for a frame: the state of the whole, and what runs. The only one that may be framed.

    Not where the status page is private: a frame of another site has no session.
    """
    now = clock.now()
    shown = public_status(now)
    indicator, _ = shown.headline
    incidents = [(one.reference, one.title, one.severity) for one in shown.active]
    drawn = page(
        "widget",
        indicator,
        incidents,
        sheet="widget.css",
        now=now,
        indicator=indicator.value,
        active=shown.active[:SHOWN_MOST],
        more=len(shown.active) - SHOWN_MOST,
    )
    if not current_app.config["STATUS_PRIVATE"]:
        let_be_framed()
    return drawn


def snippets(names: list[str]) -> tuple[list[Snippet], list[Snippet]]:
    """The widget and the badge of the whole; and the badge of each of these listed systems.

    None of both where no other site could show them: without a public address, or with a private page.
    """
    if not current_app.extensions["public_origin"] or current_app.config["STATUS_PRIVATE"]:
        return [], []
    t, org = texts(), current_app.config["ORG_NAME"]
    whole = t("embed.alt", what=org)
    ours = blueprint_of(t.language, "embed")
    frame = (
        f'<iframe src="{_address(f"{ours}.widget")}" title="{escape(whole)}"'
        ' width="360" height="300" style="border:0" loading="lazy"></iframe>'
    )
    return (
        [Snippet(t("embed.widget"), frame), _badge(t("embed.badge"), whole, f"{ours}.badge")],
        [
            _badge(name, t("embed.alt", what=name), f"{ours}.system_badge", system=feed_name(name))
            for name in names
        ],
    )


def _badge(name: str, alternative: str, endpoint: str, **values: Any) -> Snippet:
    home = _address(f"{blueprint_of(texts().language)}.status")
    picture = f'<img src="{_address(endpoint, **values)}" alt="{escape(alternative)}" height="20">'
    return Snippet(name, f'<a href="{home}">{picture}</a>', url_for(endpoint, **values))


def _address(endpoint: str, **values: Any) -> str:
    return escape(base_address() + url_for(endpoint, **values))
