"""What fields of data management suggest: the browser searches in it while a person types, without script."""

from __future__ import annotations

from sqlalchemy import select

from majorops.db import db
from majorops.models import AlertSource, System, User
from majorops.operations.people import as_picked


def _accounts() -> list[str]:
    """Accounts that may sign in, as `find_account` takes them."""
    return [
        as_picked(user)
        for user in db.session.scalars(select(User).filter_by(is_active=True).order_by(User.name))
    ]


def _people() -> list[str]:
    """Names of all accounts, also of who left."""
    return list(db.session.scalars(select(User.name).distinct().order_by(User.name)))


def _systems() -> list[str]:
    """Names of the catalogue, retired ones too: incidents of the past name them."""
    return list(db.session.scalars(select(System.name).order_by(System.name)))


def _groups() -> list[str]:
    """Headings of the public page."""
    named = select(System.group_name).where(System.group_name != "").distinct()
    return list(db.session.scalars(named.order_by(System.group_name)))


def _sources() -> list[str]:
    """Names of alert sources."""
    return list(db.session.scalars(select(AlertSource.name).order_by(AlertSource.name)))


KINDS = {
    "accounts": _accounts,
    "people": _people,
    "systems": _systems,
    "groups": _groups,
    "sources": _sources,
}


def suggested(kind: str) -> list[str]:
    """The values that a list of this kind offers. Raises KeyError for no such kind."""
    return KINDS[kind]()
