"""The list of all actions, filtered as its address says; every filter is answered from an index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import ActionState
from majorops.domain.text import clean_line
from majorops.models import ActionItem, AffectedSystem
from majorops.operations.curation import NUMBER
from majorops.reviews.model import Action, action_of

PER_PAGE = 100
PAGES_MOST = 50
COUNTED_MOST = 1_000
INCIDENTS_MOST = 500  # whose systems are offered
SHOWN = (("open", "Open"), ("mine", "Mine"), ("overdue", "Overdue"), ("ended", "Ended"))


@dataclass(frozen=True)
class Filter:
    """What the address asks for. `incident`: its number, None for all; `page`: counted from 1."""

    show: str = "open"
    system: str = ""
    incident: int | None = None
    typed: str = ""  # as the incident was named
    is_practice: bool = False
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filter:
        """Read from the parameters of an address; what is none of ours is left out."""
        show, named = given.get("show", ""), clean_line(given.get("incident", ""))[:40]
        found = NUMBER.fullmatch(named)
        number = given.get("page", "")
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1
        return cls(
            show=show if show in dict(SHOWN) else "open",
            system=clean_line(given.get("system", ""))[:80],
            incident=min(int(found[1]), 2**31 - 1) if found else None,
            typed=named,
            is_practice=given.get("practice") == "1",
            page=max(1, min(page, PAGES_MOST)),
        )

    def address(self, **changed: object) -> dict[str, object]:
        """The parameters of this list with some of them changed, without those that say nothing."""
        given = {
            "show": self.show,
            "system": self.system,
            "incident": self.typed,
            "practice": "1" if self.is_practice else "",
            "page": "",
        } | changed
        return {name: value for name, value in given.items() if value and (name, value) != ("show", "open")}


@dataclass(frozen=True)
class ActionList:
    """One page of the list, with how many are open, mine and overdue, at most COUNTED_MOST each."""

    filter: Filter
    rows: tuple[Action, ...]
    has_more: bool
    counts: Mapping[str, int]
    today: date


def action_list(given: Filter, actor: Actor, now: datetime) -> ActionList:
    """The page that the filter asks for. Five queries."""
    query = _query(given, actor, now.date()).options(
        joinedload(ActionItem.owner), joinedload(ActionItem.incident)
    )
    start = (given.page - 1) * PER_PAGE
    rows = db.session.scalars(query.offset(start).limit(PER_PAGE + 1)).all()
    return ActionList(
        filter=given,
        rows=tuple(action_of(one, actor, now.date()) for one in rows[:PER_PAGE]),
        has_more=len(rows) > PER_PAGE and given.page < PAGES_MOST,
        counts={
            show: _count(Filter(show, is_practice=given.is_practice), actor, now.date())
            for show in ("open", "mine", "overdue")
        },
        today=now.date(),
    )


def _query(given: Filter, actor: Actor, today: date) -> Select[ActionItem]:
    query = select(ActionItem).where(ActionItem.is_practice.is_(given.is_practice))
    if given.show == "ended":
        query = query.where(ActionItem.ended_at.is_not(None))
        query = query.order_by(ActionItem.ended_at.desc(), ActionItem.id.desc())
    else:
        query = query.where(ActionItem.state == ActionState.OPEN)
        query = query.order_by(ActionItem.due_on, ActionItem.id)
    if given.show == "mine":
        query = query.where(ActionItem.owner_id == actor.user_id)
    if given.show == "overdue":
        query = query.where(ActionItem.due_on < today)
    if given.incident is not None:
        query = query.where(ActionItem.incident_id == given.incident)
    if given.system:
        named = select(AffectedSystem.incident_id).where(AffectedSystem.name == given.system)
        query = query.where(ActionItem.incident_id.in_(named))
    return query


def _count(given: Filter, actor: Actor, today: date) -> int:
    found = _query(given, actor, today).order_by(None).with_only_columns(ActionItem.id).limit(COUNTED_MOST)
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0


def systems_with_actions() -> list[str]:
    """Names of systems whose incidents left open actions, to choose from; at most 200.

    The incidents first: of a join a planner would read every system that an incident ever named.
    """
    left = select(ActionItem.incident_id).where(ActionItem.state == ActionState.OPEN).distinct()
    numbers = db.session.scalars(left.limit(INCIDENTS_MOST)).all()
    named = select(AffectedSystem.name).where(AffectedSystem.incident_id.in_(numbers)).distinct()
    return list(db.session.scalars(named.order_by(AffectedSystem.name).limit(200))) if numbers else []
