"""Past incidents and systems from CSV files: read line by line first, written only once that was seen.

Between the two the text waits in the page itself, not here, and is read anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain import importing
from majorops.domain.access import Permission
from majorops.domain.errors import Refused
from majorops.domain.importing import Problem
from majorops.domain.text import clean_line
from majorops.operations import imports
from majorops.web.access import needs

LONGEST = 4 * 1024 * 1024  # bytes of a request: a file of 5,000 lines is about one MB
LISTED = 500  # lines that are shown one by one
PREFIX = "/admin/import"

bp = Blueprint("imports", __name__, url_prefix=PREFIX)


@dataclass(frozen=True)
class Kind:
    """What a file may hold. `read`: text and zone → rows and problems; `write`: the operation."""

    name: str
    columns: tuple[str, ...]
    listed: str
    read: Callable[[str, ZoneInfo], tuple[list[Any], list[Problem]]]
    write: Callable[..., object]


def _incidents(text: str, zone: ZoneInfo) -> tuple[list[Any], list[Problem]]:
    rows, problems = importing.read_incidents(text, zone, clock.now())
    return rows, problems + imports.incidents_here(rows)


def _systems(text: str, zone: ZoneInfo) -> tuple[list[Any], list[Problem]]:
    rows, problems = importing.read_systems(text)
    return rows, problems + imports.systems_wrong(rows)


KINDS = {
    "incidents": Kind(
        "Past incidents", importing.INCIDENTS, "data_incidents", _incidents, imports.import_incidents
    ),
    "systems": Kind("Systems", importing.SYSTEMS, "data_systems", _systems, imports.import_systems),
}
WHAT = f"/<any({', '.join(KINDS)}):what>"


def allow_long_files() -> None:
    """Before a form is read: an import may be longer than any other request."""
    if request.path.startswith(f"{PREFIX}/"):
        request.max_content_length = request.max_form_memory_size = LONGEST


@bp.get(WHAT)
@needs(Permission.DATA_MANAGE)
def choose(what: str) -> str:
    """The page where a file is chosen."""
    return _page(what, {})


@bp.get(f"{WHAT}/template.csv")
@needs(Permission.DATA_MANAGE)
def template(what: str) -> Response:
    """A file with the head and one line."""
    answer = make_response(importing.template(KINDS[what].columns))
    answer.mimetype = "text/csv"
    answer.headers.set("Content-Disposition", "attachment", filename=f"{what}-template.csv")
    return answer


@bp.post(WHAT)
@needs(Permission.DATA_MANAGE)
def read(what: str) -> Response:
    """What would become of each line; with `sure` and without a problem it is written."""
    try:
        text, source, zone = _given()
    except ValueError as problem:
        return make_response(_page(what, {"refusal": str(problem)}), 422)
    rows, problems = KINDS[what].read(text, zone)
    seen = {"text": text, "source": source, "zone": zone.key, "rows": rows, "problems": problems}
    if problems or "sure" not in request.form:
        return make_response(_page(what, seen), 422 if problems else 200)
    try:
        KINDS[what].write(rows, source=source, actor=current_user.actor, now=clock.now())
    except Refused as problem:
        return make_response(_page(what, seen | {"refusal": str(problem)}), 422)
    flash(f"Imported: {len(rows):,} lines of {source}.", "done")
    return redirect(url_for(f"{KINDS[what].listed}.index_view"), 303)


def _given() -> tuple[str, str, ZoneInfo]:
    """Text, name of the file, and zone of times without one. Raises ValueError with a sentence."""
    typed = clean_line(request.form.get("zone", "")) or "UTC"
    if typed not in available_timezones():
        raise ValueError(f"There is no time zone {typed[:60]}. Choose one such as Europe/Berlin.")
    if "text" in request.form:
        return (
            request.form["text"],
            clean_line(request.form.get("source", ""))[:120] or "a file",
            ZoneInfo(typed),
        )
    file = request.files.get("file")
    if file is None or not file.filename:
        raise ValueError("Choose a CSV file.")
    content = file.read()
    file.close()  # a long one lies in a file of its own
    try:
        return content.decode("utf-8-sig"), clean_line(file.filename)[:120], ZoneInfo(typed)
    except UnicodeDecodeError:
        raise ValueError("The file is not UTF-8. Save it as CSV UTF-8.") from None


def _page(what: str, seen: dict[str, Any]) -> str:
    rows, problems = seen.get("rows", []), seen.get("problems", [])
    becomes = imports.what_systems_become(rows[:LISTED]) if what == "systems" and not problems else {}
    return render_template(
        "admin/import.html",
        columns=rows[0].given if rows and what == "systems" else KINDS[what].columns,
        what=what,
        kind=KINDS[what],
        needed=importing.NEEDED[KINDS[what].columns],
        seen=seen,
        becomes=becomes,
        problems=problems[:LISTED],
        more=max(len(problems) - LISTED, 0),
        listed=rows[:LISTED],
        zones=sorted(available_timezones()),
    )
