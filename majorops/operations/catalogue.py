"""Verbs on the systems catalogue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Invalid
from majorops.domain.text import clean_line
from majorops.models import System, User
from majorops.operations import audit, operation


@operation(needs=Permission.DATA_MANAGE)
def add_system(
    *, name: str, actor: Actor, now: datetime, description: str = "", owner: str = "", is_active: bool = True
) -> System:
    """Add a system; `owner` is the e-mail of an account or empty. Raises Invalid."""
    system = System()
    _fill(system, name, description, owner, is_active)
    db.session.add(system)
    db.session.flush()
    audit("system.added", system.name, actor=actor, now=now)
    return system


@operation(needs=Permission.DATA_MANAGE)
def update_system(
    system: System,
    *,
    name: str,
    actor: Actor,
    now: datetime,
    description: str = "",
    owner: str = "",
    is_active: bool = True,
) -> None:
    """Change a system; incidents keep the name they were opened with. Raises Invalid."""
    before = (system.name, system.description, system.owner_id, system.is_active)
    _fill(system, name, description, owner, is_active)
    after = (system.name, system.description, system.owner_id, system.is_active)
    if after != before:
        audit("system.changed", before[0], detail=f"{before} › {after}", actor=actor, now=now)


def _fill(system: System, name: str, description: str | None, owner: str | None, is_active: bool) -> None:
    name, owner = clean_line(name or "").lower(), clean_line(owner or "").lower()
    if not name or len(name) > 80 or "," in name:
        raise Invalid({"name": "A name has 1 to 80 characters and no comma."})
    with db.session.no_autoflush:
        twin = db.session.scalar(select(System.id).filter_by(name=name))
        if twin is not None and twin != system.id:
            raise Invalid({"name": f"{name} is in the catalogue already."})
        user = db.session.scalar(select(User).filter_by(email=owner)) if owner else None
    if owner and user is None:
        raise Invalid({"owner": f"No account has the e-mail {owner}."})
    system.name, system.description = name, clean_line(description or "")[:300] or None
    system.owner_id, system.is_active = user.id if user else None, bool(is_active)
