"""Operations on templates of updates: written by admins, cleared by whom they concern, put in by an MIM."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import or_, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import Phase
from majorops.domain.errors import Invalid
from majorops.domain.events import AuditKind
from majorops.domain.templates import body_problem, fitting
from majorops.domain.text import clean_line, clean_text
from majorops.models import Incident, UpdateTemplate
from majorops.operations import audit, operation

OFFERED = 6  # in the composer


@operation(needs=Permission.DATA_MANAGE)
def add_template(
    *,
    name: str,
    body: str,
    cleared_by: str,
    cleared_on: str,
    actor: Actor,
    now: datetime,
    system: str = "",
    phase: Phase | None = None,
) -> UpdateTemplate:
    """A text for updates of `system` (empty for any) in `phase` (None for any).

    `cleared_by`: who said that these words may go out; `cleared_on`: the day of that, as `2026-11-23`.
    Raises Invalid.
    """
    given = _checked(name, system, body, cleared_by, cleared_on, now, twin_of=None)
    row = UpdateTemplate(**given, phase=phase)
    db.session.add(row)
    audit(AuditKind.TEMPLATE_ADDED, row.name, detail=_cleared(row), actor=actor, now=now)
    return row


@operation(needs=Permission.DATA_MANAGE)
def save_template(
    row: UpdateTemplate,
    *,
    name: str,
    body: str,
    cleared_by: str,
    cleared_on: str,
    is_active: bool,
    actor: Actor,
    now: datetime,
    system: str = "",
    phase: Phase | None = None,
) -> None:
    """Change a template. Other words are cleared anew: with them comes another day, or another name.

    Raises Invalid.
    """
    given = _checked(name, system, body, cleared_by, cleared_on, now, twin_of=row)
    given |= {"phase": phase, "is_active": is_active}
    was = (row.cleared_by, row.cleared_on)
    if given["body"] != row.body and was == (given["cleared_by"], given["cleared_on"]):
        raise Invalid({"cleared_on": "Other words are cleared anew: say who did, and on which day."})
    if all(getattr(row, column) == value for column, value in given.items()):
        return
    for column, value in given.items():
        setattr(row, column, value)
    audit(AuditKind.TEMPLATE_CHANGED, row.name, detail=_cleared(row), actor=actor, now=now)


def templates_for(incident: Incident) -> list[UpdateTemplate]:
    """The templates in use that fit the incident's systems and phase, most specific first. One query."""
    rows = select(UpdateTemplate).where(
        UpdateTemplate.is_active.is_(True),
        or_(UpdateTemplate.phase.is_(None), UpdateTemplate.phase == incident.phase),
    )
    return fitting(db.session.scalars(rows), incident.system_names, incident.phase)[:OFFERED]


def _cleared(row: UpdateTemplate) -> str:
    return f"Cleared by {row.cleared_by}, {row.cleared_on}.\n{row.body}"


def _checked(
    name: str,
    system: str,
    body: str,
    cleared_by: str,
    cleared_on: str,
    now: datetime,
    *,
    twin_of: UpdateTemplate | None,
) -> dict[str, object]:
    errors: dict[str, str] = {}
    name, body, cleared_by = clean_line(name), clean_text(body), clean_line(cleared_by)
    system = clean_line(system).lower()
    twin = db.session.scalar(select(UpdateTemplate).filter_by(name=name))
    if not name or len(name) > 80:
        errors["name"] = "A name has 1 to 80 characters."
    elif twin is not None and twin is not twin_of:
        errors["name"] = f"There is a template {name} already."
    if len(system) > 80:
        errors["system"] = "The name of one system, at most 80 characters; empty for any."
    if not body or len(body) > 5_000:
        errors["body"] = "A text has 1 to 5,000 characters."
    elif problem := body_problem(body, now):
        errors["body"] = problem
    if not cleared_by or len(cleared_by) > 120:
        errors["cleared_by"] = "Say who cleared these words, in 1 to 120 characters."
    day = _day(cleared_on)
    if day is None or day > now.date():
        errors["cleared_on"] = f"The day on which they were cleared, such as {now:%Y-%m-%d}, not ahead."
    if errors:
        raise Invalid(errors)
    return {"name": name, "system": system, "body": body, "cleared_by": cleared_by, "cleared_on": day}


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None
