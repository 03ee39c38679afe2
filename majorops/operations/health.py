"""What the server keeps about itself: workers that look, and times in which something was not well."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from majorops.db import changed_rows, db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AccountRole
from majorops.domain.events import AuditKind
from majorops.domain.health import CHECKS, Finding, Step, step
from majorops.models import HealthEpisode, Heartbeat
from majorops.operations import audit, operation
from majorops.operations.outbox import audience, tell_people

GONE = timedelta(days=1)  # a worker that was not seen for so long is forgotten
ACT = "health"


@operation(needs=Permission.DATA_MANAGE)
def beat(name: str, *, version: str, started_at: datetime, actor: Actor, now: datetime) -> None:
    """Keep that the worker of this name looked now."""
    seen = update(Heartbeat).where(Heartbeat.name == name).values(seen_at=now, version=version)
    if not changed_rows(seen):
        row = {"name": name, "version": version, "started_at": started_at, "seen_at": now}
        db.session.execute(insert(Heartbeat).values(**row))
        db.session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - GONE))


def beats() -> list[Heartbeat]:
    """Every worker that is remembered, the one that looked last first."""
    return list(db.session.scalars(select(Heartbeat).order_by(Heartbeat.seen_at.desc())))


def episodes(most: int) -> list[HealthEpisode]:
    """The newest times in which something was not well, that the admins were told of."""
    told = select(HealthEpisode).where(HealthEpisode.told_at.is_not(None))
    return list(db.session.scalars(told.order_by(HealthEpisode.began_at.desc()).limit(most)))


@operation(needs=Permission.DATA_MANAGE)
def keep_episodes(found: Iterable[Finding], *, host: str, actor: Actor, now: datetime) -> list[str]:
    """Begin and end the times in which a check is not well, and tell the admins of one that lasts, once.

    `host`: this machine, whose own checks are about it alone. Returns the acts of the messages that were
    queued.
    """
    running = select(HealthEpisode).where(HealthEpisode.ended_at.is_(None))
    known = {one.about: one for one in db.session.scalars(running)}
    checks, acts = {check.name: check for check in CHECKS}, []
    for finding in found:
        check = checks[finding.check]
        about = f"{finding.check}@{host}"[:120] if check.is_local else finding.check
        episode = known.get(about)
        began_at = episode.began_at if episode else None
        following = step(check, finding, began_at, bool(episode and episode.told_at), now)
        if following is Step.BEGIN:
            row = {"about": about, "said": finding.said[:500], "began_at": now}
            db.session.execute(insert(HealthEpisode).values(**row))
        elif episode and following and _settle(episode, following, finding, now):
            acts.append(_tell(episode, finding, following, host if check.is_local else "", actor, now))
    return acts


def _settle(episode: HealthEpisode, following: Step, finding: Finding, now: datetime) -> bool:
    """Keep the step; returns whether it is to be told, which one process alone does."""
    ours = update(HealthEpisode).where(HealthEpisode.id == episode.id)
    if following is Step.TELL:
        values = {"told_at": now, "said": finding.said[:500]}
        return bool(changed_rows(ours.where(HealthEpisode.told_at.is_(None)).values(**values)))
    ended = changed_rows(ours.where(HealthEpisode.ended_at.is_(None)).values(ended_at=now))
    return bool(ended) and following is Step.END_AND_TELL


def _tell(
    episode: HealthEpisode, finding: Finding, following: Step, host: str, actor: Actor, now: datetime
) -> str:
    where = f" on {host}" if host else ""
    since = f"Since {episode.began_at:%Y-%m-%d %H:%M} UTC{where}."
    if following is Step.TELL:
        kind, subject = AuditKind.HEALTH_ILL, f"MajorOps itself: {finding.title} not well{where}"
        body = f"{finding.sentence}\n\n{since} You are told once, and again when it is well."
    else:
        kind, subject = AuditKind.HEALTH_WELL, f"MajorOps itself: {finding.title} well again{where}"
        body = f"{finding.said}\n\nIt was not: {episode.said}\n{since}"
    act = f"{ACT}:{episode.id}:{kind.value}"
    tell_people(audience([AccountRole.ADMIN]), act, subject=subject, body=body, now=now)
    audit(kind, finding.title, detail=finding.said, actor=actor, now=now)
    return act
