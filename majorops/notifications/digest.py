"""Digests for subscribers: what was said of what each of them chose, in one message a day or a week.

The announcement holds what there was to tell; each message is written from projections when it goes, so that
nothing is in it that is not public any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from majorops.db import db
from majorops.domain.enums import SubscriberState
from majorops.domain.public_names import publication_key
from majorops.i18n import Texts
from majorops.models import Announcement, Incident, Subscriber, SubscriberSystem
from majorops.notifications.message import Message, Part
from majorops.operations.digests import announced_between, digest_window
from majorops.projections import public_maintenances
from majorops.projections.feed import FeedIncident, FeedUpdate, feed_incidents
from majorops.projections.maintenance import PublicMaintenance

MOST = 30  # parts of one digest; the rest is counted
LONGEST = 600  # characters of one update
OFF = "Not sent: nothing of it is public any more."


def gathered(row: Announcement) -> dict[str, Any] | None:
    """What the digest tells of: numbers with their systems, and when each was last told of.

    Of an incident also when the public first read of it, and when it was given a text (`told`): both may be
    long after that was written. None where all of it is private by now.
    """
    _, start, end = digest_window(row.act)
    last: dict[tuple[str, int], datetime] = {}
    told: dict[int, dict[str, str]] = {}
    for one in db.session.scalars(announced_between(start, end)):
        kind = "incident" if one.incident_id else "maintenance"
        last[kind, one.incident_id or one.maintenance_id or 0] = one.at
        if one.incident_id and one.publication:
            key = publication_key(one.publication.public_key, one.publication.id)
            told.setdefault(one.incident_id, {})[key] = one.at.isoformat()
    incidents = feed_incidents(numbers=[number for kind, number in last if kind == "incident"])
    works = public_maintenances([number for kind, number in last if kind == "maintenance"])
    known = [("incident", one.number, list(one.statuses)) for one in incidents]
    known += [("maintenance", one.number, list(one.systems)) for one in works]
    items: list[dict[str, Any]] = [
        {"kind": kind, "number": number, "systems": names, "at": last[kind, number].isoformat()}
        for kind, number, names in known
    ]
    published = _published([one.number for one in incidents])
    for item in items:
        if item["kind"] == "incident":
            number = item["number"]
            item |= {"published": published.get(number), "told": told.get(number, {})}
    return {"from": start.isoformat(), "to": end.isoformat(), "items": items} if items else None


def _published(numbers: list[int]) -> dict[int, str]:
    """When the public first read of these incidents, of those that did not begin before that was kept."""
    rows = select(Incident.id, Incident.published_at).where(Incident.id.in_(numbers))
    return {number: at.isoformat() for number, at in db.session.execute(rows) if at}


def subscribers_of(row: Announcement) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The SQL rule for active subscribers that chose this frequency."""
    frequency = digest_window(row.act)[0]
    return Subscriber.state == SubscriberState.ACTIVE, Subscriber.frequency == frequency


def those_concerned(people: Sequence[Subscriber], text: dict[str, Any]) -> list[Subscriber]:
    """Those of a batch for whom there is anything in it. One query."""
    chosen = select(SubscriberSystem.subscriber_id, SubscriberSystem.name)
    rows = db.session.execute(chosen.where(SubscriberSystem.subscriber_id.in_([one.id for one in people])))
    names: dict[int, set[str]] = {}
    for number, name in rows:
        names.setdefault(number, set()).add(name)
    return [one for one in people if concerning(text, one, names.get(one.id, set()))]


def concerning(text: dict[str, Any], person: Subscriber, names: set[str]) -> list[dict[str, Any]]:
    """What of a digest is about the systems with these names, and newer than what was told otherwise."""
    since = person.digest_since
    return [
        item
        for item in text["items"]
        if (person.wants_all or names & set(item["systems"]))
        and (since is None or datetime.fromisoformat(item["at"]) >= since)
    ]


def message(text: dict[str, Any], person: Subscriber, t: Texts, org: str, base: str, given: dict) -> Message:
    """The digest for one subscriber. `base`: the public pages in its language; `given`: of every message."""
    start, end = (datetime.fromisoformat(text[name]) for name in ("from", "to"))
    since = max(start, person.digest_since or start)
    items = concerning(text, person, set(person.system_names))
    about = {one["number"]: one for one in items if one["kind"] == "incident"}
    incidents = feed_incidents(numbers=list(about))
    works = public_maintenances([one["number"] for one in items if one["kind"] == "maintenance"])
    parts = [part for one in incidents if (part := _of_incident(one, about[one.number], t, base, since, end))]
    parts += [_of_maintenance(one, t, base) for one in works]
    more = [t.plural("digest.more", len(parts) - MOST)] if len(parts) > MOST else []
    days = t("digest.days", start=t.day(start), end=t.day(end))
    counted = t.plural("digest.about", len(parts), days=days)
    return Message(
        **{**given, "void": given["void"] or ("" if parts else OFF)},
        subject=t("digest.subject", org=org, days=days),
        body="\n\n".join([counted, *more]),
        parts=tuple(parts[:MOST]),
        link=f"{base}/history",
        link_label=t("digest.open"),
    )


def _of_incident(
    one: FeedIncident, item: dict[str, Any], t: Texts, base: str, start: datetime, end: datetime
) -> Part | None:
    """What the public came to read of an incident between `start` and `end`.

    Not what was said in between: words of before it was public are read once it is. Their times are those
    that its page shows.
    """
    said = [
        update
        for update in reversed(one.updates)
        if start <= _readable_from(update, item) < end and not update.is_quiet
    ]
    lines = [
        f"{t.at(update.at)} UTC, {_heading(update.title, t)}: {_cut(update.body)}"
        if update.body
        else f"{t.at(update.at)} UTC, {_heading(update.title, t)}"
        for update in said
    ]
    state = t(f"state.{one.status.value}")
    heading = f"{one.reference} {t(f'severity.{one.severity.value}')}: {one.title} ({state})"
    return Part(heading, "\n".join(lines), f"{base}/incidents/{one.number}") if lines else None


def _readable_from(update: FeedUpdate, item: dict[str, Any]) -> datetime:
    known = item.get("published"), item.get("told", {}).get(update.key)  # the previous version wrote neither
    return max([update.at, *(datetime.fromisoformat(at) for at in known if at)])


def _of_maintenance(one: PublicMaintenance, t: Texts, base: str) -> Part:
    heading = t("mail.works", status=t(f"works.{one.status.value}"), title=one.title)
    when = t("mail.when", start=t.at(one.starts_at), end=t.at(one.ends_at))
    text = t.said_of_works(one.updates[0].body) if one.updates else one.body
    return Part(heading, "\n".join(filter(None, (when, _cut(text)))), f"{base}/maintenance/{one.number}")


def _heading(title: str, t: Texts) -> str:
    names = {"Opened": "digest.opened", "Resolved": "digest.resolved", "Correction": "mail.correction"}
    return t(names[title]) if title in names else t.posted(title)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
