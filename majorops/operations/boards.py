"""One message an incident in a chat that is kept up to date: which are stale, and what came of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, insert, or_, select, update

from majorops.db import changed_rows, db
from majorops.domain.access import Actor
from majorops.domain.errors import Conflict
from majorops.domain.text import reference
from majorops.models import IS_RUNNING, ChatBoard, Incident
from majorops.operations import operation

LEASE = timedelta(seconds=40)  # longer than any conversation (notifications/net.py)
EVERY = timedelta(seconds=5)  # between two changes of one message, as services ask for it
AGAIN = timedelta(minutes=2)  # after a failure
SHOWN = 10


def running_incidents() -> list[Incident]:
    """The newest incidents that run, without drills, SHOWN at most; the newest first."""
    rows = select(Incident).where(IS_RUNNING, Incident.is_drill.is_(False)).order_by(Incident.id.desc())
    return list(db.session.scalars(rows.limit(SHOWN)))


def incident_meant(number: int | None) -> Incident:
    """The incident of this number, or the one that runs. Raises Conflict where that is none or several."""
    if number is not None:
        incident = db.session.get(Incident, number) if number < 2**31 else None
        if incident is None:
            raise Conflict(f"There is no {reference(number)}.")
        return incident
    running = running_incidents()
    if len(running) != 1:
        named = ", ".join(one.reference for one in running)
        raise Conflict(f"Say which one: {named}." if running else "No incident runs. Say which one it is.")
    return running[0]


def stale_boards(service: str, now: datetime) -> list[int]:
    """The incidents whose message in this chat is not up to date, or missing.

    What runs, and once more what was resolved since; no drill. A lease further ahead than any was written
    before the clock was set back.
    """
    of_ours = and_(ChatBoard.incident_id == Incident.id, ChatBoard.service == service)
    until = ChatBoard.claimed_until
    is_free = or_(until.is_(None), until <= now, until > now + 2 * LEASE)
    is_due = and_(ChatBoard.version < Incident.version, ChatBoard.next_at <= now, is_free)
    found = select(Incident.id).outerjoin(ChatBoard, of_ours)
    running = found.where(IS_RUNNING, Incident.is_drill.is_(False), or_(ChatBoard.id.is_(None), is_due))
    ended = select(Incident.id).join(ChatBoard, of_ours)
    ended = ended.where(ChatBoard.done_at.is_(None), Incident.resolved_at.is_not(None), is_due)
    return [*db.session.scalars(running.limit(SHOWN)), *db.session.scalars(ended.limit(SHOWN))]


@operation(needs=None)
def claim_board(incident_id: int, service: str, *, actor: Actor, now: datetime) -> ChatBoard | None:
    """Claim the message of an incident in a chat, made where it is missing. Without an entry.

    None where another worker has it. Its `version` is the one to show.
    """
    mine = (ChatBoard.incident_id == incident_id, ChatBoard.service == service)
    if db.session.scalar(select(ChatBoard.id).where(*mine)) is None:
        fresh = {"incident_id": incident_id, "service": service, "version": 0, "next_at": now}
        db.session.execute(insert(ChatBoard).values(**fresh, message_id="", shown="", error=""))
    until = ChatBoard.claimed_until
    is_free = or_(until.is_(None), until <= now, until > now + 2 * LEASE)
    if not changed_rows(update(ChatBoard).where(*mine, is_free).values(claimed_until=now + LEASE)):
        return None
    return db.session.scalars(select(ChatBoard).where(*mine).execution_options(populate_existing=True)).one()


@operation(needs=None)
def settle_board(
    number: int,
    *,
    version: int,
    message_id: str,
    shown: str,
    is_done: bool = False,
    error: str = "",
    pause: timedelta = EVERY,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what a message shows now, or why it could not be changed; without an entry.

    `version`: of the incident that it shows; `shown`: a hash of its words; `pause`: until the next change.
    """
    values: dict[str, object] = {"claimed_until": None, "next_at": now + pause, "error": error[:300]}
    values |= {"version": version, "message_id": message_id[:80], "shown": shown}
    values |= {"done_at": now} if is_done else {}
    db.session.execute(update(ChatBoard).where(ChatBoard.id == number).values(**values))
