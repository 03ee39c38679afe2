"""Answers of the API that are kept for a day, for programs that did not get them the first time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.models import KeptAnswer
from majorops.operations import operation

KEPT_FOR = timedelta(days=1)


@operation(needs=None)
def keep_answer(
    key: str,
    *,
    sent: str,
    incident_id: int | None,
    code: int,
    version: int | None,
    body: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep an answer, without an entry, and forget those that are older than a day.

    `key`, `sent`, `incident_id`: as `KeptAnswer` has them; one that is kept already stays.
    """
    db.session.execute(delete(KeptAnswer).where(KeptAnswer.at < now - KEPT_FOR))
    if db.session.scalar(select(KeptAnswer.id).filter_by(key=key)) is None:
        given = {"sent": sent, "incident_id": incident_id, "code": code, "version": version}
        db.session.execute(insert(KeptAnswer).values(key=key, body=body, at=now, **given))


def kept_answer(key: str, now: datetime) -> KeptAnswer | None:
    """The answer that is kept under this key, if it is not older than a day. One query."""
    fresh = select(KeptAnswer).where(KeptAnswer.key == key, KeptAnswer.at >= now - KEPT_FOR)
    return db.session.scalar(fresh)
