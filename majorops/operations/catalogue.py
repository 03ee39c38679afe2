"""Operations on the systems catalogue.

Incidents keep the names they were given. Nothing here changes their record but a public title that nobody
wrote and nobody outside has read yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Invalid
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line
from majorops.domain.visibility import template_problem
from majorops.models import AffectedSystem, Incident, System, User
from majorops.operations import audit, operation
from majorops.operations.first_word import follow_titles, titles_before
from majorops.operations.people import find_account


@operation(needs=Permission.DATA_MANAGE)
def add_system(
    *,
    name: str,
    actor: Actor,
    now: datetime,
    description: str = "",
    owner: str = "",
    is_public: bool = False,
    group_name: str = "",
    public_title: str = "",
    uptime_goal: str = "",
) -> System:
    """Add a system; its name is kept in lower case. Raises Invalid.

    `owner`: the account that may confirm its recovery, as `find_account` takes it, empty for none;
    `is_public`: the public page lists it, under the heading `group_name`; `uptime_goal`: per cent of a month,
    empty for none.
    """
    given = _clean(name, description, owner, group_name, public_title, uptime_goal, twin_of=None)
    system = System(**given, is_public=is_public, added_at=first_seen(str(given["name"]), now))
    db.session.add(system)
    db.session.flush()
    audit(AuditKind.SYSTEM_ADDED, system.name, actor=actor, now=now)
    return system


def first_seen(name: str, now: datetime) -> datetime:
    """Since when the public page knows a system that is added now: what an incident named was there."""
    named = (
        select(func.min(Incident.detected_at))
        .join(AffectedSystem, AffectedSystem.incident_id == Incident.id)
        .where(AffectedSystem.name == name, Incident.is_public.is_(True), Incident.is_drill.is_(False))
    )
    return min(db.session.scalar(named) or now, now)


@operation(needs=Permission.DATA_MANAGE)
def update_system(
    system: System,
    *,
    name: str,
    actor: Actor,
    now: datetime,
    description: str | None = None,
    owner: str | None = None,
    is_public: bool | None = None,
    group_name: str | None = None,
    public_title: str | None = None,
    uptime_goal: str | None = None,
) -> None:
    """Change name, description, owner, and what the public page says of it. Raises Invalid.

    Nothing changed leaves no entry. None leaves a value as it is, an empty text clears it.
    """
    values = _clean(name, description, owner, group_name, public_title, uptime_goal, twin_of=system)
    if is_public is not None:
        values["is_public"] = is_public
    _change(system, values, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def set_system_group(system: System, *, group_name: str, actor: Actor, now: datetime) -> None:
    """The heading that a system stands under on the public page; empty for none. Raises Invalid."""
    _change(system, {"group_name": _group(group_name)}, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def set_system_owner(system: System, *, owner: str, actor: Actor, now: datetime) -> None:
    """Who may confirm a system's recovery, as `add_system` takes it; empty for nobody. Raises Invalid."""
    _change(system, {"owner_id": _owner_id(owner)}, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def set_system_public(system: System, is_public: bool, *, actor: Actor, now: datetime) -> None:
    """Whether the public page lists a system."""
    _change(system, {"is_public": is_public}, actor=actor, now=now)


def _change(system: System, values: dict[str, object], *, actor: Actor, now: datetime) -> None:
    """Set columns, and say in one entry what changed. Part of an operation."""
    before, old_name = _shown(system), system.name
    titles = titles_before({old_name, str(values.get("name", old_name))})
    for column, value in values.items():
        setattr(system, column, value)
    db.session.flush()
    follow_titles(titles, actor=actor, now=now)
    if changes := changes_between(before, _shown(system)):
        audit(AuditKind.SYSTEM_CHANGED, old_name, detail="\n".join(changes), actor=actor, now=now)


def changes_between(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> list[str]:
    """What differs, in words: `group Money › (empty)`. `after` may lack what was not touched."""
    changed = [what for what in after if (before[what] or "") != (after[what] or "")]
    return [f"{what} {before[what] or '(empty)'} › {after[what] or '(empty)'}" for what in changed]


@operation(needs=Permission.DATA_MANAGE)
def set_system_active(system: System, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Retire a system, so that it is not offered any more, or take it up again."""
    if is_active is system.is_active:
        return
    system.is_active = is_active
    audit(
        AuditKind.SYSTEM_RESTORED if is_active else AuditKind.SYSTEM_RETIRED,
        system.name,
        actor=actor,
        now=now,
    )


@operation(needs=Permission.DATA_MANAGE)
def save_system(
    system: System,
    *,
    name: str,
    is_active: bool,
    actor: Actor,
    now: datetime,
    description: str = "",
    owner: str = "",
    is_public: bool | None = None,
    group_name: str = "",
    public_title: str = "",
    uptime_goal: str | None = None,
) -> None:
    """All that the data form holds of a system, at once or not at all; as `update_system`. Raises Invalid."""
    update_system(
        system,
        name=name,
        description=description,
        owner=owner,
        is_public=is_public,
        group_name=group_name,
        public_title=public_title,
        uptime_goal=uptime_goal,
        actor=actor,
        now=now,
    )
    set_system_active(system, is_active, actor=actor, now=now)


def _shown(system: System) -> dict[str, str | None]:
    owner = db.session.get(User, system.owner_id) if system.owner_id else None
    shown = {"name": system.name, "description": system.description, "owner": owner.email if owner else None}
    shown |= {"public": "yes" if system.is_public else "no", "group": system.group_name}
    return shown | {"public title": system.public_title, "uptime goal": _as_typed(system.uptime_goal)}


def _as_typed(goal: float | None) -> str:
    return "" if goal is None else f"{goal:g}"


def _clean(
    name: str,
    description: str | None,
    owner: str | None,
    group_name: str | None,
    public_title: str | None,
    uptime_goal: str | None,
    *,
    twin_of: System | None,
) -> dict[str, object]:
    """The columns for what was typed; None: not typed. `twin_of`: the system that may have this name."""
    errors: dict[str, str] = {}
    name = clean_line(name).lower()
    twin = db.session.scalar(select(System).filter_by(name=name))
    if not name or len(name) > 80 or "," in name:
        errors["name"] = "A name has 1 to 80 characters and no comma."
    elif twin is not None and twin is not twin_of:
        errors["name"] = f"{name} is in the catalogue already."
    found: dict[str, object] = {"name": name}
    readers: tuple[tuple[str, Callable[[str], object], str | None], ...] = (
        ("description", _description, description),
        ("group_name", _group, group_name),
        ("owner_id", _owner_id, owner),
        ("public_title", _public_title, public_title),
        ("uptime_goal", _goal, uptime_goal),
    )
    for column, read, typed in readers:
        try:
            if typed is not None:
                found[column] = read(typed)
        except Invalid as problem:
            errors |= problem.errors
    if errors:
        raise Invalid(errors)
    return found


def _description(typed: str) -> str | None:
    description = clean_line(typed)
    if len(description) > 300:
        raise Invalid({"description": f"At most 300 characters; this has {len(description)}."})
    return description or None


def _public_title(typed: str) -> str:
    public_title = clean_line(typed)
    if len(public_title) > 120:
        raise Invalid({"public_title": f"At most 120 characters; this has {len(public_title)}."})
    if problem := template_problem(public_title, ("system",)):
        raise Invalid({"public_title": problem})
    return public_title


def _goal(typed: str) -> float | None:
    text = clean_line(typed).removesuffix("%").strip().replace(",", ".")
    if not text:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text) or not 0 < float(text) <= 100:
        raise Invalid({"uptime_goal": "Per cent of a month, above 0 to 100, such as 99.95."})
    return float(text)


def _group(typed: str) -> str:
    group_name = clean_line(typed)
    if len(group_name) > 80:
        raise Invalid({"group_name": f"At most 80 characters; this has {len(group_name)}."})
    return group_name


def _owner_id(typed: str) -> int | None:
    try:
        return find_account(typed).id if clean_line(typed) else None
    except ValueError as problem:
        raise Invalid({"owner": str(problem)}) from None
