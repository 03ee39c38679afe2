"""Operations on rotas: who is on call for a role, as people type it or as a calendar says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import or_, select, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import CommandRole, PagerKind
from majorops.domain.errors import Invalid
from majorops.domain.events import AuditKind
from majorops.domain.pagers import base_of
from majorops.domain.paging import Shift, read_shifts, shift_lines
from majorops.domain.text import clean_line, clean_text, web_link
from majorops.models import Rota, System
from majorops.operations import audit, operation
from majorops.signing import Sealer, keys_of

NAME_LONGEST, ADDRESS_LONGEST = 80, 2_000
READ_EVERY = timedelta(minutes=10)
KEY_SHORTEST, KEY_LONGEST, PAGER_LONGEST = 8, 255, 900
SEALED = "key of a pager"


@operation(needs=Permission.DATA_MANAGE)
def add_rota(
    *,
    name: str,
    role: CommandRole,
    system: str = "",
    shifts: str = "",
    calendar_url: str = "",
    pager_kind: PagerKind | None = None,
    pager_url: str = "",
    pager_key: str = "",
    actor: Actor,
    now: datetime,
) -> Rota:
    """Add a rota of a role: of one system, or of all where `system` is empty.

    `pager_kind`: a service outside that is asked too; `pager_url`: empty for the service's own address,
    `pager_key`: of its integration. Raises Invalid.
    """
    given = _checked(name, system, shifts, calendar_url, twin_of=None)
    given |= _pager(None, pager_kind, pager_url, pager_key)
    row = Rota(**given, role=role)
    db.session.add(row)
    db.session.flush()
    audit(AuditKind.ROTA_ADDED, row.name, detail=row.role.label, actor=actor, now=now)
    return row


@operation(needs=Permission.DATA_MANAGE)
def save_rota(
    row: Rota,
    *,
    name: str,
    role: CommandRole,
    system: str,
    shifts: str,
    calendar_url: str,
    is_active: bool,
    pager_kind: PagerKind | None = None,
    pager_url: str = "",
    pager_key: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Change a rota; with another calendar what the old one said is forgotten.

    `pager_key`: another one, empty for the one that is kept. Raises Invalid.
    """
    given = _checked(name, system, shifts, calendar_url, twin_of=row)
    given |= _pager(row, pager_kind, pager_url, pager_key)
    given |= {"role": role, "is_active": is_active}
    changed = {key: value for key, value in given.items() if getattr(row, key) != value}
    if not changed:
        return
    for key, value in changed.items():
        setattr(row, key, value)
    if "calendar_url" in changed:
        row.calendar, row.calendar_at, row.calendar_why = "", None, ""
    audit(AuditKind.ROTA_CHANGED, row.name, detail=", ".join(changed), actor=actor, now=now)


@operation(needs=None)
def keep_calendar(
    number: int, address: str, shifts: Sequence[Shift], problem: str, *, actor: Actor, now: datetime
) -> None:
    """Keep what a rota's calendar says, without an entry; what could not be read leaves what was there.

    `address`: of the calendar that was read; nothing is kept where the rota has another one meanwhile.
    `problem`: why it could not be read, empty for nothing.
    """
    values: dict[str, object] = {"calendar_at": now, "calendar_why": problem[:300]}
    if not problem:
        values["calendar"] = shift_lines(shifts)
    mine = update(Rota).where(Rota.id == number, Rota.calendar_url == address).values(**values)
    db.session.execute(mine, execution_options={"synchronize_session": False})


def calendars_due(now: datetime) -> list[tuple[int, str]]:
    """Numbers and addresses of the rotas whose calendar is to be read again. One query."""
    is_old = or_(Rota.calendar_at.is_(None), Rota.calendar_at <= now - READ_EVERY)
    rows = select(Rota.id, Rota.calendar_url).where(Rota.calendar_url != "", Rota.is_active.is_(True), is_old)
    return [(row.id, row.calendar_url) for row in db.session.execute(rows)]


def _pager(row: Rota | None, kind: PagerKind | None, url: str, key: str) -> dict[str, object]:
    """The pager as it is kept, its key sealed. Raises Invalid."""
    url, key = clean_line(url), key.strip()
    if kind is None:
        if url or key:
            raise Invalid({"pager_kind": "Choose the service, or leave address and key empty."})
        return {"pager_kind": None, "pager_url": "", "pager_key": ""}
    errors: dict[str, str] = {}
    base = base_of(kind, url)
    if not base:
        errors["pager_url"] = f"Where does {kind.label} run? Such as https://goalert.example.org."
    elif not web_link(base) or not base.isascii() or len(base) > PAGER_LONGEST or set(base) & set("?#"):
        errors["pager_url"] = "Use an address that begins with https:// or http://, without ? and #."
    is_kept = row is not None and row.pager_kind is kind and row.pager_key
    if not key and not is_kept:
        errors["pager_key"] = f"Paste the key of the integration in {kind.label}."
    elif is_kept and not key and row is not None and row.pager_url != base:
        errors["pager_key"] = "With another address the key is pasted once more."
    elif key and not (KEY_SHORTEST <= len(key) <= KEY_LONGEST and key.isascii() and key.isprintable()):
        errors["pager_key"] = f"A key has {KEY_SHORTEST} to {KEY_LONGEST} characters, without spaces."
    if errors:
        raise Invalid(errors)
    sealed = sealer().seal(key) if key else (row.pager_key if row else "")
    return {"pager_kind": kind, "pager_url": base, "pager_key": sealed}


def key_of(row: Rota) -> str:
    """The key of a rota's pager. Raises ValueError where none of our keys opens it."""
    return sealer().open(row.pager_key)


def sealer() -> Sealer:
    """What the keys are sealed with at rest; the services need them as they are."""
    return Sealer(keys_of(current_app.config), SEALED)


def _checked(
    name: str, system: str, shifts: str, calendar_url: str, *, twin_of: Rota | None
) -> dict[str, object]:
    name, system = clean_line(name), clean_line(system).lower()
    errors: dict[str, str] = {}
    twin = db.session.scalar(select(Rota.id).filter_by(name=name))
    if not name or len(name) > NAME_LONGEST:
        errors["name"] = f"Name it, in 1 to {NAME_LONGEST} characters."
    elif twin is not None and (twin_of is None or twin != twin_of.id):
        errors["name"] = f"There is a rota {name} already."
    if system and db.session.scalar(select(System.id).filter_by(name=system)) is None:
        errors["system"] = f"There is no system {system[:80]}."
    address = web_link(calendar_url) if calendar_url else ""
    if address is None or len(address) > ADDRESS_LONGEST:
        errors["calendar_url"] = "It begins with https:// or http://."
    text = clean_text(shifts)
    found: list[Shift] = []
    try:
        found = read_shifts(text)
    except ValueError as problem:
        errors["shifts"] = str(problem)
    if errors:
        raise Invalid(errors)
    return {"name": name, "system": system, "shifts": shift_lines(found), "calendar_url": address or ""}
