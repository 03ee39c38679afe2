"""Operations on alert rules: what happens by itself with alerts, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.alert_rules import COUNT_MOST, MINUTES_MOST, Rule, read_matches
from majorops.domain.enums import RuleAction, Severity
from majorops.domain.errors import Invalid
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line, clean_text
from majorops.models import AlertRule, AlertSource
from majorops.operations import audit, operation
from majorops.operations.alert_sources import is_minutes

NAME_LONGEST, RULES_MOST = 50, 200


@dataclass(frozen=True)
class Planned:
    """A rule as it was typed. `source`: the name of the only source it is for, empty for all."""

    name: str
    matches: str = ""
    source: str = ""
    action: RuleAction | None = None
    severity: Severity | None = None
    at_count: str = "1"
    minutes: str = "10"
    place: str = ""
    is_active: bool = True


@operation(needs=Permission.DATA_MANAGE)
def add_rule(planned: Planned, *, actor: Actor, now: datetime) -> AlertRule:
    """Add a rule, behind all others unless it names a place. Returns it. Raises Invalid."""
    row = AlertRule(**_checked(planned, None))
    db.session.add(row)
    audit(AuditKind.ALERT_RULE_ADDED, row.name, detail=_said(row), actor=actor, now=now)
    return row


@operation(needs=Permission.DATA_MANAGE)
def save_rule(row: AlertRule, planned: Planned, *, actor: Actor, now: datetime) -> None:
    """Change a rule, all values or none. Raises Invalid."""
    given = _checked(planned, row)
    if all(getattr(row, column) == value for column, value in given.items()):
        return
    for column, value in given.items():
        setattr(row, column, value)
    audit(AuditKind.ALERT_RULE_CHANGED, row.name, detail=_said(row), actor=actor, now=now)


def active_rules() -> list[Rule]:
    """The rules in use, in the order in which they are asked. One query."""
    rows = select(AlertRule).where(AlertRule.is_active.is_(True)).order_by(AlertRule.place, AlertRule.id)
    return [as_rule(row) for row in db.session.scalars(rows.limit(RULES_MOST))]


def as_rule(row: AlertRule) -> Rule:
    """The rule as it is asked."""
    return Rule(
        id=row.id,
        name=row.name,
        action=row.action,
        severity=row.severity,
        matches=read_matches(row.matches),
        source=row.source_id,
        at_count=row.at_count,
        minutes=row.minutes,
    )


def _said(row: AlertRule) -> str:
    state = "" if row.is_active else "\nNot in use."
    return f"{row.place}. {row.action.label}, {row.severity.label}\n{row.matches}{state}"


def _checked(planned: Planned, twin_of: AlertRule | None) -> dict[str, object]:
    errors: dict[str, str] = {}
    name, source = clean_line(planned.name), clean_line(planned.source)
    matches, place = clean_text(planned.matches), clean_line(planned.place)
    twin = db.session.scalar(select(AlertRule).filter_by(name=name))
    if not name or len(name) > NAME_LONGEST:
        errors["name"] = f"A name has 1 to {NAME_LONGEST} characters."
    elif twin is not None and twin is not twin_of:
        errors["name"] = f"There is a rule {name} already."
    source_id = db.session.scalar(select(AlertSource.id).filter_by(name=source)) if source else None
    if source and source_id is None:
        errors["source"] = f"There is no source {source[:60]}."
    try:
        read_matches(matches)
    except ValueError as problem:
        errors["matches"] = str(problem)
    if planned.action is None:
        errors["action"] = "Choose what it does."
    if planned.severity is None:
        errors["severity"] = "Choose a severity."
    for field, typed, most in (
        ("at_count", planned.at_count, COUNT_MOST),
        ("minutes", planned.minutes, MINUTES_MOST),
    ):
        if not is_minutes(clean_line(typed), most):
            errors[field] = f"A whole number, 1 to {most:,}."
    if place and not is_minutes(place, 9_999):
        errors["place"] = "A whole number; rules are asked in this order."
    is_full = twin_of is None and (db.session.scalar(select(func.count(AlertRule.id))) or 0) >= RULES_MOST
    if is_full:
        errors["name"] = f"{RULES_MOST} rules are the most."
    if errors:
        raise Invalid(errors)
    last = db.session.scalar(select(func.max(AlertRule.place))) or 0
    before = twin_of.place if twin_of else last + 10
    return {
        "name": name,
        "matches": matches,
        "source_id": source_id,
        "action": planned.action,
        "severity": planned.severity,
        "at_count": int(planned.at_count),
        "minutes": int(planned.minutes),
        "place": int(place) if place else before,
        "is_active": planned.is_active,
    }
