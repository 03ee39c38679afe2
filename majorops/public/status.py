"""What everybody may read, from projections only: no mapped row reaches these views."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.enums import SystemStatus
from majorops.domain.measures import words
from majorops.domain.public_names import KEY
from majorops.domain.search import parse, shown_as
from majorops.projections import (
    public_days,
    public_duplicate,
    public_entry,
    public_goals,
    public_incident,
    public_maintenance,
    public_maintenances,
    public_month,
    public_search,
    public_status,
)
from majorops.public.feeds import plain_incident, plain_status
from majorops.public.first_run import needs_first_admin
from majorops.public.page import PRIVATE, page
from majorops.web.access import status_page

# Days that the status page names and links one by one; where there are more, its bars are drawn alone.
LINKED_DAYS = 150

bp = Blueprint("public", __name__)


@bp.get("/")
@status_page
def status() -> Response:
    """The status page: as text for terminals; while there is no account at all, on to /setup."""
    if needs_first_admin():
        return redirect(url_for("sign_in.setup"), 303)
    if wants_text():
        return kept_by_nobody(plain_status())
    return draw_status(clock.now())


def draw_status(now: datetime) -> Response:
    """The status page (domain §7) as of `now`, with the last 90 days of the systems."""
    shown = public_status(now)
    last = shown.last_resolved and shown.last_resolved.resolved_at
    quiet = last and words(now - last)
    days = public_days(now)
    return page(
        "status",
        shown,
        [(name, past.known, past.marks) for name, past in days.items()],  # what ticks names no new page
        quiet,
        badges=[incident.cadence(now) for incident in shown.active],
        status=shown,
        days=days,
        is_linked=sum(len(one.days) for one in days.values()) <= LINKED_DAYS,
        now=now,
        is_maintained=any(one.is_running for one in shown.maintenances),
    )


def wants_text() -> bool:
    """A terminal asks, or a program that wants plain text."""
    asked = request.headers.get("Accept", "*/*")
    is_terminal = request.headers.get("User-Agent", "").startswith(("curl/", "Wget/"))
    return asked.startswith("text/plain") or (asked == "*/*" and is_terminal)


def kept_by_nobody(answer: Response) -> Response:
    """The answer, for no shared cache: one would give this text to browsers."""
    answer.headers["Cache-Control"] = PRIVATE
    return answer


@bp.get("/incidents/<int:number>")
@status_page
def incident(number: int) -> Response:
    """An incident's public page (domain §7), with the entries older than `?before=` where that is given.

    Aborts with 404 for what is private, a drill or no incident; a duplicate leads on to the one that is kept.
    Where `before` names no public entry, on to the page without it.
    """
    key = request.args.get("before", "")
    before = public_entry(number, key) if KEY.fullmatch(key) else None
    if before is None and KEY.fullmatch(key):
        return redirect(url_for(".incident", number=number), 302)  # anybody can think of keys
    found = public_incident(number, before) if number < 2**31 else None
    if found is None:
        return to_kept(number)
    if wants_text():
        return kept_by_nobody(plain_incident(number))
    now = clock.now()
    values: dict[str, Any] = {"incident": found, "paged": before, "operational": SystemStatus.OPERATIONAL}
    badges = [found.cadence(now)]
    return page("incident", found, badges=badges, is_running=not found.resolved_at, now=now, **values)


def to_kept(number: int) -> Response:
    """On from a duplicate to the page of the incident that it was merged into; 404 where there is none.

    With a status that no browser keeps: a merge can be undone.
    """
    kept = public_duplicate(number)
    if kept is None:
        abort(404)
    return kept_by_nobody(redirect(url_for(request.endpoint or ".incident", number=kept), 303))


@bp.get("/history")
@status_page
def history() -> Response:
    """The incidents of this month, by UTC; with `q` those whose public text holds its words."""
    if typed := request.args.get("q", ""):
        return history_search(typed)
    today = clock.now().date()
    return history_month(today.year, today.month)


def history_search(typed: str) -> Response:
    """What the public's own index finds, newest first; a sentence where nothing can be looked for."""
    query = parse(typed)
    is_asked = query.has_words and not query.problem
    found, said, has_more = public_search(query) if is_asked else ((), {}, False)
    shown: dict[str, Any] = {"typed": shown_as(typed), "found": found, "said": said, "has_more": has_more}
    return page("search", *shown.values(), **shown, is_asked=is_asked, now=clock.now())


@bp.get("/history/<int:year>-<int:month>")
@status_page
def history_month(year: int, month: int) -> Response:
    """The incidents that were opened in a month. Aborts with 404 outside 1990 to 2200."""
    if not (1990 <= year <= 2200 and 1 <= month <= 12):
        abort(404)
    now = clock.now()
    shown = public_month(date(year, month, 1), now)
    goals = public_goals() if current_app.config["UPTIME_GOALS"] else {}
    return page("history", (shown, goals), month=shown, goals=goals, now=now)


@bp.get("/maintenance")
@status_page
def maintenances() -> Response:
    """What maintenance is under way and planned, and what is over."""
    found = public_maintenances()
    parts = {
        "running": [one for one in found if one.is_running],
        "planned": [one for one in found if not one.is_running and not one.is_over],
        "over": [one for one in found if one.is_over],
    }
    is_maintained = bool(parts["running"])
    return page("maintenances", found, parts=parts, is_maintained=is_maintained, now=clock.now())


@bp.get("/maintenance/<int:number>")
@status_page
def maintenance(number: int) -> Response:
    """One maintenance. Aborts with 404 where the public knows of none."""
    found = public_maintenance(number) if number < 2**31 else None
    if found is None:
        abort(404)
    is_running = found.is_running
    return page("maintenance", found, one=found, is_maintained=is_running, now=clock.now())
