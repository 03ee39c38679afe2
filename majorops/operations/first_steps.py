"""What a new place needs before anybody can be alarmed, as it is now: read from the record, kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import AccountRole
from majorops.models import System, User

COMMANDERS = (AccountRole.MIM, AccountRole.ADMIN)


@dataclass(frozen=True)
class FirstSteps:
    """Each step: done or not. `mail_problem`: why the newest message to an admin did not arrive, if so."""

    has_people: bool
    has_systems: bool
    has_mail: bool
    mail_problem: str = ""

    @property
    def is_done(self) -> bool:
        """Nothing is open."""
        return not self.open

    @property
    def open(self) -> list[str]:
        """What is to do, in the order of the page."""
        steps = {"people": self.has_people, "systems": self.has_systems, "mail test": self.has_mail}
        return [name for name, is_done in steps.items() if not is_done]


def first_steps(has_mail_server: bool) -> FirstSteps:
    """The steps as they are at this moment; three queries.

    People: two who may take command, so that one can hand over. Systems: one in use. Mail: there is a server,
    and the newest message to some admin was taken by it.
    """
    commanders = select(User.id).where(User.is_active.is_(True), User.role.in_(COMMANDERS)).limit(2)
    admins = select(User).where(User.is_active.is_(True), User.role == AccountRole.ADMIN)
    found = list(db.session.scalars(admins))
    reached = [one for one in found if one.reached_at is not None and not one.is_failing]
    failing = [one.unreached_why for one in found if one.is_failing]
    return FirstSteps(
        has_people=len(list(db.session.scalars(commanders))) > 1,
        has_systems=db.session.scalar(select(System.id).where(System.is_active.is_(True)).limit(1))
        is not None,
        has_mail=has_mail_server and bool(reached),
        mail_problem="" if reached or not failing else failing[0],
    )
