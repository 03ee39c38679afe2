"""Where a session is used from: an address and a browser. Nobody asks where an address lies."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from majorops.db import db
from majorops.domain.browsers import describe
from majorops.models import UserSession
from majorops.operations import throttle

REMEMBERED = 200  # sessions of an account whose addresses are compared


@dataclass(frozen=True)
class Place:
    """The network address of a request, and what its browser calls itself; empty where there is none."""

    address: str = ""
    user_agent: str = ""

    def __str__(self) -> str:
        return f"{describe(self.user_agent)}, {self.address}"


NOWHERE = Place()  # a command line, or a test


def is_new(user_id: int, place: Place) -> bool:
    """No earlier session of the account came from this address (of IPv6: from its network).

    False for the very first one, and where no earlier address is known.
    """
    if not place.address:
        return False
    sessions = select(UserSession.address).filter_by(user_id=user_id)
    newest = sessions.order_by(UserSession.created_at.desc()).limit(REMEMBERED)
    known = {throttle.place(address) for address in db.session.scalars(newest) if address}
    return bool(known) and throttle.place(place.address) not in known
