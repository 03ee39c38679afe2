"""The pages of measures. Which incidents stands in the address, so that a page can be sent to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, abort, render_template, request, stream_with_context

from majorops import clock
from majorops.domain.access import Permission
from majorops.domain.enums import Severity
from majorops.domain.measured import MEASURES, SHOWN_APART
from majorops.measures.choice import Choice, chosen
from majorops.measures.files import as_csv, as_json
from majorops.measures.panels import Panel, large
from majorops.measures.quarter import page_of, quarter_of
from majorops.measures.report import Report, grouped, reports
from majorops.projections.measures import is_unmeasured, lines, measured, offered_systems, offered_teams
from majorops.projections.systems import uptimes
from majorops.web.access import needs

bp = Blueprint("measures", __name__)
PER_PAGE = 200
MONTHS = timedelta(days=366)  # uptime goes back so far at most


@bp.get("/admin/measures")
@needs(Permission.INCIDENT_READ)
def index() -> str:
    """Every measure of the incidents that the address asks for."""
    choice = _chosen()
    found = measured(choice.asked, clock.now())
    groups = [(group, [Panel(report, choice) for report in part]) for group, part in grouped(reports(found))]
    return render_template("measures/index.html", groups=groups, found=found, **_frame(choice))


@bp.get("/admin/measures/<measure>")
@needs(Permission.INCIDENT_READ)
def one(measure: str) -> str:
    """One measure: its chart, its process behaviour, and a table of its incidents. Aborts with 404."""
    choice = _chosen()
    found = measured(choice.asked, clock.now())
    panel = large(Report(MEASURES.get(measure) or abort(404), found), choice)
    low, high, page = _number("low", 0), _number("high", float("inf")), max(int(_number("page", 1)), 1)
    points, pages = panel.report.ranked(low, high, page, PER_PAGE)
    known = lines([point.incident for point in points])
    more = {"low": low, "high": high, "page": page, "pages": pages, "lines": known}
    return render_template("measures/one.html", panel=panel, points=points, **more, **_frame(choice))


@bp.get("/admin/measures.csv")
@needs(Permission.INCIDENT_READ)
def table() -> Response:
    """What the page shows, one line an incident."""
    choice = _chosen()
    return _file(as_csv(reports(measured(choice.asked, clock.now())), choice), "text/csv", choice)


@bp.get("/admin/measures.json")
@needs(Permission.INCIDENT_READ)
def data() -> Response:
    """What the page shows: numbers, definitions and incidents."""
    choice, now = _chosen(), clock.now()
    return _file(as_json(reports(measured(choice.asked, now)), choice, now), "application/json", choice)


@bp.get("/admin/measures/uptime")
@needs(Permission.INCIDENT_READ)
def uptime() -> str:
    """The uptime of each system by month, with the goal that it has."""
    choice, now = _chosen(), clock.now()
    since = max(choice.asked.since, choice.asked.until - MONTHS)
    months, systems = uptimes(since, choice.asked.until, now)
    return render_template("measures/uptime.html", months=months, rows=systems, **_frame(choice))


@bp.get("/exec")
@needs(Permission.EXEC_READ)
def quarter() -> str:
    """A quarter on one page, for executives."""
    now = clock.now()
    page = page_of(quarter_of(request.args.get("quarter", ""), now.date()), now)
    return render_template("measures/quarter.html", page=page, now=now, severities=list(Severity))


def _chosen() -> Choice:
    return chosen(request.args, clock.now().date())


def _number(name: str, otherwise: float) -> float:
    """A number of the address, not below zero; `otherwise` for none."""
    typed = request.args.get(name, "")[:20]
    try:
        found = float(typed)
    except ValueError:
        return otherwise
    return found if 0 <= found < 1e12 else otherwise


def _frame(choice: Choice) -> dict[str, object]:
    """What each page of measures shows around it."""
    now = clock.now()
    return {
        "choice": choice,
        "now": now,
        "spans": choice.spans(now.date()),
        "systems": offered_systems(),
        "teams": offered_teams(),
        "severities": list(Severity),
        "aparts": SHOWN_APART,
        "is_unmeasured": is_unmeasured(choice.asked),
    }


def _file(parts: Iterator[str], kind: str, choice: Choice) -> Response:
    answer = Response(stream_with_context(parts), content_type=f"{kind}; charset=utf-8")
    name = f"measures-{choice.asked.since}-{choice.asked.until}.{kind.partition('/')[2]}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
