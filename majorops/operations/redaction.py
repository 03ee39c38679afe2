"""The operation that takes words out of the record for good (issue: a leak must be stoppable).

It is the one exception to a record that is never rewritten: the words are replaced by a mark that everybody
sees, in every row that belongs to the incident and to those that are linked with it, and in the full text.
The timeline keeps who did it, why, and in how many places; what the words were is kept nowhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import Table, func, or_, select, update

from majorops.db import Base, db, empty_log
from majorops.domain.access import Actor, Permission
from majorops.domain.announcing import DIGEST
from majorops.domain.enums import DeliveryState, DraftState, Visibility
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import EventKind
from majorops.domain.redaction import Words, mark_of, replace_in, words_refusal
from majorops.domain.text import count, reference
from majorops.models import (
    Alert,
    AlertDelivery,
    Announcement,
    AuditEntry,
    Delivery,
    Draft,
    Incident,
    Publication,
    TimelineEvent,
)
from majorops.models.full_text import PUBLIC
from majorops.operations import operation, record, search_index, spelling
from majorops.operations.fields import FIELDS
from majorops.projections.rules import IS_PUBLIC_ENTRY

LINKED_MOST = 20  # incidents that one redaction reaches
SHOWN = 12  # numbers that a place names
REASON_LONGEST = 1_000  # characters
TAKEN_WITHIN = timedelta(hours=1)  # in which what a source sent is an alert
NOWHERE = "These words stand nowhere in this incident."
AUDITED_MOST = 1_000  # entries of the audit that are looked at
PAGES, STEPS = 100, 10_000  # of the full text that are put together at once, and how often at most

IS_SHOWN = {TimelineEvent: IS_PUBLIC_ENTRY, Publication: Publication.visibility == Visibility.PUBLIC}
AUDIT = cast("type[search_index.SearchedModel]", AuditEntry)

# Table → columns with words of people. A test compares this and KEPT with the schema: a new column of text
# fails it until it is in one of them.
WORDS: dict[str, tuple[str, ...]] = {
    "kept_answer": ("body",),
    "incident": (
        "title",
        "public_title",
        "description",
        "bridge_url",
        "business_impact",
        "customer_impact_summary",
        "exec_summary",
        "audience_notes",
        "who_affected",
        "what_to_do",
        "alert_id",
        "old_reference",
        "opened_by_name",
    ),
    "timeline_event": ("title", "detail", "actor_name", "system"),
    "publication": ("title", "body", "by_name"),
    "affected_system": ("name",),
    "system_state": ("name",),
    "down_time": ("name",),
    "validation_check": ("system", "confirmed_by", "note"),
    "command_assignment": ("name",),
    "recovery_track": ("team", "owner", "goal", "outcome_note", "escalated_to"),
    "timebox": ("purpose", "team", "owner"),
    "can_report": ("team", "conditions", "actions", "needs", "by", "needs_met_by"),
    "ask": ("whom", "what", "asked_by", "answer", "closed_by"),
    "phase_note": ("text", "by"),
    "checklist_tick": ("by",),
    "handover": ("from_name", "to_name", "brief", "reason"),
    "brief_link": ("name", "made_by"),
    "draft": ("by_name", "seen", "typed", "answer", "text", "note"),
    "run_card_use": ("put_by",),
    "review_text": ("text", "by_name", "reviewed_by"),
    "review_attendee": ("name", "line"),
    "review_guest": ("added_by",),
    "review_question": ("text", "asked_by", "answer", "answered_by"),
    "review_mark": ("by_name",),
    "review": ("sent_by", "held_by", "published_by", "closed_by"),
    "action_item": ("text", "owner_name", "outcome", "added_by", "ended_by", "tracker_url"),
    "delivery": ("recipient", "subject", "body", "last_error"),
    "announcement": ("text",),
    "audit_entry": ("subject", "detail"),
    "alert": ("title", "detail", "labels", "dedup_key", "link", "severity"),
    "alert_group": ("title", "decided", "systems", "severity"),
    "page": ("whom", "begun_by", "answered_by", "outcome"),
    "alert_delivery": ("headers", "problem"),  # and its body, which is bytes
}
# Columns of text that hold no words about an incident, each with why; a table as a whole has no column.
KEPT: dict[str, str] = {
    "incident.exec_summary_from": "numbers and times",
    "incident.exposure_line": "made of letters and numbers",
    "incident.request_key": "a key",
    "incident.status_before_merge": "a status",
    "timeline_event.kind": "a name of ours",
    "timeline_event.field": "a name of ours",
    "timeline_event.request_key": "a key",
    "timeline_event.public_key": "a key",
    "publication.public_key": "a key",
    "publication.source": "a name of ours",
    "ask.asked_as": "a role",
    "ask.asked_from": "a key",
    "checklist_tick.item": "a name of ours",
    "brief_link.token_hash": "a key",
    "brief_link.seed": "a key",
    "brief_link.email": "an address",
    "draft.prompt": "a name of ours",
    "draft.model": "a name",
    "draft.made_from": "numbers and times",
    "nudge_mark.key": "a key",
    "run_card_tick.by": "an account",
    "review_text.name": "a name of ours",
    "review_text.drafted_by": "a name of a model",
    "review_guest.address": "an address",
    "delivery.key": "a key",
    "delivery.act": "a key",
    "delivery.address": "an address",
    "delivery.request_id": "a key",
    "announcement.act": "a key",
    "audit_entry.kind": "a name of ours",
    "audit_entry.actor_name": "an account",
    "measured_incident": "numbers",
    "directory_group": "not of an incident",
    "api_token": "not of an incident",
    "alert.key": "a key",
    "alert_group.key": "a key",
    "alert_source": "not of an incident",
    "alert_rule": "written before any incident",
    "alert_silence": "of alerts, not of an incident",
    "alert_delivery.address": "an address",
    "kept_answer.key": "a key",
    "kept_answer.sent": "a key",
    "chat_board": "keys of a chat, and what it answered",
    "event_endpoint": "not of an incident",
    "outgoing_event.key": "a key",
    "outgoing_event.kind": "a name of ours",
    "outgoing_event.last_error": "what a receiver answered",
    "event_attempt": "what a receiver answered",
    "heartbeat": "not of an incident",
    "backup_run": "not of an incident",
    "health_episode": "not of an incident",
    "passkey": "not of an incident",
    "rota": "not of an incident",
    "page.pager_name": "the name of a service",
    "page.pager_key": "made by us",
    "recovery_code": "not of an incident",
    "spent_challenge": "not of an incident",
    "update_template": "written before any incident",
    "maintenance": "not of an incident",
    "maintenance_update": "not of an incident",
    "sign_in_throttle": "not of an incident",
    "subscriber": "not of an incident",
    "subscriber_system": "not of an incident",
    "user_account": "not of an incident",
    "user_session": "not of an incident",
    "channel": "not of an incident",
    "system": "the catalogue",
    "run_card": "written before any incident",
    "run_card_version": "written before any incident",
}
# Texts that are JSON inside: replaced in every text of it, so that it stays JSON.
AS_JSON = frozenset(
    {
        "announcement.text",
        "kept_answer.body",
        "alert.labels",
        "alert_group.systems",
        "alert_delivery.headers",
    }
)
LABELS = {
    "incident": "Fields",
    "timeline_event": "Timeline",
    "publication": "Updates and milestones",
    "affected_system": "Names of systems",
    "system_state": "How systems were",
    "down_time": "Down-time of systems",
    "validation_check": "Validation",
    "command_assignment": "Command roles",
    "recovery_track": "Tracks",
    "timebox": "Timeboxes",
    "can_report": "CAN reports",
    "ask": "Asks",
    "phase_note": "Phase notes",
    "checklist_tick": "Checklist",
    "page": "Pages",
    "handover": "Hand-overs",
    "brief_link": "Brief links",
    "draft": "AI drafts, with what the model saw",
    "run_card_use": "Run cards",
    "review": "Learning Review, who did what",
    "review_text": "Learning Review, every version",
    "review_attendee": "Learning Review, who attended",
    "review_guest": "Guests of the After Action",
    "review_question": "Questions of the review",
    "review_mark": "Marks for the review",
    "action_item": "Actions",
    "delivery": "Messages to people inside",
    "announcement": "Messages to subscribers",
    "audit_entry": "Audit",
    "kept_answer": "Answers to programs",
    "alert": "Alerts",
    "alert_group": "Groups of alerts",
    "alert_delivery": "Alerts as they came",
}


@dataclass(frozen=True)
class Hit:
    """A row that holds the words: what stands in its columns afterwards, and how often they stood."""

    table: str
    id: int
    incident_id: int
    new: dict[str, object]
    times: int


@dataclass(frozen=True)
class Place:
    """Hits of one table in one incident, in words. `where`: which ones, empty where that says nothing."""

    reference: str
    label: str
    where: str
    rows: int
    times: int


@dataclass(frozen=True)
class Found:
    """All that a redaction would change, and what it cannot.

    `public`: rows that public pages show now. `sent`: messages with the words that are gone for good.
    `seal`: names exactly these places.
    """

    hits: tuple[Hit, ...]
    places: tuple[Place, ...]
    public: int
    sent: int

    @property
    def times(self) -> int:
        """How often the words stand in all of it."""
        return sum(hit.times for hit in self.hits)

    @property
    def seal(self) -> str:
        """A name for what was found: another one once anything of it changed."""
        known = sorted((hit.table, hit.id, hit.times) for hit in self.hits)
        return sha256(repr(known).encode()).hexdigest()[:16]


def checked_words(text: str) -> Words:
    """The words of a text that somebody wants to be gone. Raises Invalid at `words`."""
    if refusal := words_refusal(text):
        raise Invalid({"words": refusal})
    return Words.of(text)


def find_words(incident: Incident, words: Words, now: datetime) -> Found:
    """Every place where the words stand, in this incident and those linked with it. Changes nothing."""
    mark, numbers = mark_of(now), linked(incident)
    hits = tuple(_hits(numbers, words, mark))
    return Found(hits, tuple(_places(hits)), _public(hits), _sent(hits))


def look(incident: Incident, text: str, reason: str, now: datetime) -> Found:
    """What `redact` would change with these words and this reason. Changes nothing. Raises Invalid."""
    words = checked_words(text)
    _check_reason(reason, words)
    found = find_words(incident, words, now)
    if not found.hits:
        raise Invalid({"words": NOWHERE})
    return found


@operation(needs=Permission.INCIDENT_COMMAND)
def redact(incident: Incident, text: str, *, reason: str, seal: str, actor: Actor, now: datetime) -> Found:
    """Replace these words by a mark wherever they stand; what they were is not kept (see the module).

    `reason`: written, without the words themselves. `seal`: of what the person saw (`find_words`). An AI
    draft that is being written from them is stopped. Returns what was changed. Raises Invalid, Conflict.
    """
    found = look(incident, text, reason, now)
    if found.seal != seal:
        raise Conflict("Nothing was redacted: more was written meanwhile. Look at the places once more.")
    _apply(found.hits)
    spelling.forget(db.session.connection())
    by_incident = defaultdict(list)
    for place in found.places:
        by_incident[place.reference].append(place)
    for number in sorted({hit.incident_id for hit in found.hits} | {incident.id}):
        one = db.session.get_one(Incident, number, with_for_update=True, populate_existing=True)
        _record(one, incident, by_incident[one.reference], reason, actor=actor, now=now)
    return found


def _check_reason(reason: str, words: Words) -> None:
    if not reason:
        raise Invalid({"reason": "Write why. It is kept in the timeline, internal."})
    if len(reason) > REASON_LONGEST:
        raise Invalid({"reason": f"At most {REASON_LONGEST:,} characters; this has {len(reason):,}."})
    if words.count(reason):
        raise Invalid({"reason": "The reason repeats the words. Say why without them."})


def _record(
    one: Incident, incident: Incident, places: list[Place], reason: str, *, actor: Actor, now: datetime
) -> None:
    total = sum(place.times for place in places)
    title = f"Words redacted in {count(total, 'place')}"
    if one.id != incident.id:
        title += f", with {incident.reference}"
    lines = [f"{place.label}: {place.times:,}" for place in places]
    detail = "\n".join([f"Why: {reason}", *lines])
    record(one, EventKind.WORDS_REDACTED, title, detail=detail, actor=actor, now=now)


def linked(incident: Incident) -> list[int]:
    """The incident, and those that continue it or that it continues, and its duplicates; at most 20."""
    known, fresh = {incident.id}, {incident.id}
    while fresh and len(known) < LINKED_MOST:
        pairs = select(Incident.id, Incident.continues_id, Incident.merged_into_id)
        found: set[int] = set()
        for column in (Incident.id, Incident.continues_id, Incident.merged_into_id):
            for row in db.session.execute(pairs.where(column.in_(fresh)).limit(LINKED_MOST)):
                found.update(number for number in row if number is not None)
        fresh = found - known
        known |= fresh
    return sorted(known, key=lambda number: (number != incident.id, number))[:LINKED_MOST]


# Looking


def _hits(numbers: list[int], words: Words, mark: str) -> Iterator[Hit]:
    for name, columns in WORDS.items():
        table = Base.metadata.tables[name]
        if name == AlertDelivery.__tablename__:
            yield from _sent_by_sources(table, columns, numbers, words, mark)
            continue
        belongs = table.c.id if name == "incident" else table.c.get("incident_id")
        if belongs is None:
            yield from _audited(table, columns, numbers, words, mark)
            continue
        query = select(table.c.id, belongs.label("number"), *(table.c[column] for column in columns))
        for row in db.session.execute(query.where(belongs.in_(numbers)).order_by(table.c.id)).mappings():
            new, times = _replaced(table, columns, row, words, mark)
            if times:
                yield Hit(name, row["id"], row["number"], new, times)
    yield from _digested(numbers, words, mark)


def _digests(numbers: Iterable[int]) -> Iterator[tuple[Announcement, dict[str, Any], list[dict[str, Any]]]]:
    """The digests that tell of any of these incidents, what they hold, and the part about these.

    One tells of many incidents, so that it belongs to none of them.
    """
    known = set(numbers)
    since = select(func.min(Incident.opened_at)).where(Incident.id.in_(known)).scalar_subquery()
    rows = select(Announcement).where(
        Announcement.act.between(f"{DIGEST}:", f"{DIGEST};"), Announcement.at >= since
    )
    for row in db.session.scalars(rows.order_by(Announcement.id)):
        told = json.loads(row.text or "null") or {"items": []}
        items = [one for one in told["items"] if one["kind"] == "incident" and one["number"] in known]
        if items:
            yield row, told, items


def _digested(numbers: list[int], words: Words, mark: str) -> Iterator[Hit]:
    """Of a digest the names of systems alone: all else in it are numbers, times and names of ours."""
    for row, told, items in _digests(numbers):
        total = 0
        for item in items:
            item["systems"], times = replace_in(item["systems"], words, mark)
            total += times
        if total:
            new: dict[str, object] = {"text": json.dumps(told, ensure_ascii=False)}
            yield Hit("announcement", row.id, items[0]["number"], new, total)


def _audited(
    table: Table, columns: Iterable[str], numbers: list[int], words: Words, mark: str
) -> Iterator[Hit]:
    """Entries of the audit that name one of these incidents: it has no column for that."""
    for number in numbers:
        named = search_index.matches(AUDIT, reference(number), AUDITED_MOST, whole=True)
        query = select(table.c.id, *(table.c[column] for column in columns)).where(named)
        for row in db.session.execute(query).mappings():
            new, times = _replaced(table, columns, row, words, mark)
            if times:
                yield Hit(table.name, row["id"], number, new, times)


def _sent_by_sources(
    table: Table, columns: Iterable[str], numbers: list[int], words: Words, mark: str
) -> Iterator[Hit]:
    """What came from the sources of these incidents' alerts since the first one: a body names no incident.

    It was verified when it came, so that its signature is needed no more.
    """
    mine = select(Alert.source_id, func.min(Alert.incident_id), func.min(Alert.heard_at))
    mine = mine.where(Alert.incident_id.in_(numbers)).group_by(Alert.source_id)
    for source_id, number, since in db.session.execute(mine).all():
        query = select(table.c.id, table.c.body, *(table.c[column] for column in columns))
        query = query.where(table.c.source_id == source_id, table.c.received_at >= since - TAKEN_WITHIN)
        for row in db.session.execute(query.order_by(table.c.id)).mappings():
            new, times = _replaced(table, columns, row, words, mark)
            body, found = _body_replaced(row["body"], words, mark)
            if found:
                new["body"] = body
            if new:
                yield Hit(table.name, row["id"], number or numbers[0], new, times + found)


def _body_replaced(body: bytes, words: Words, mark: str) -> tuple[bytes, int]:
    try:
        changed, found = replace_in(json.loads(body), words, mark)
        return json.dumps(changed, ensure_ascii=False).encode("utf-8", "replace"), found
    except (ValueError, RecursionError):  # refused, and cut
        text, found = words.replace(body.decode("utf-8", "replace"), mark)
        return text.encode(), found


def _replaced(
    table: Table, columns: Iterable[str], row: Any, words: Words, mark: str
) -> tuple[dict[str, object], int]:
    new: dict[str, object] = {}
    times = 0
    for name in columns:
        value, found = row[name], 0
        if f"{table.name}.{name}" in AS_JSON and value:
            changed, found = replace_in(json.loads(value), words, mark)
            value = json.dumps(changed, ensure_ascii=False)
        elif isinstance(value, str):
            value, found = words.replace(value, mark, getattr(table.c[name].type, "length", None))
        if found:
            new[name] = value
            times += found
    return new, times


def _places(hits: tuple[Hit, ...]) -> Iterator[Place]:
    groups: dict[tuple[int, str], list[Hit]] = defaultdict(list)
    for hit in hits:
        groups[hit.incident_id, hit.table].append(hit)
    for (number, table), ones in groups.items():
        times = sum(hit.times for hit in ones)
        yield Place(reference(number), LABELS[table], _where(table, ones), len(ones), times)


def _where(table: str, hits: list[Hit]) -> str:
    if table == "incident":
        columns = {column for hit in hits for column in hit.new}
        labels = [field.label for field in FIELDS.values() if columns & set(field.columns)]
        return ", ".join(labels + (["Opened by"] if "opened_by_name" in columns else []))
    numbers = [hit.id for hit in hits[:SHOWN]]
    more = f" and {len(hits) - SHOWN:,} more" if len(hits) > SHOWN else ""
    if table == "timeline_event":
        seqs = select(TimelineEvent.seq).where(TimelineEvent.id.in_(numbers)).order_by(TimelineEvent.id)
        return f"entry {', '.join(str(seq) for seq in db.session.scalars(seqs))}{more}"
    if table == "publication":
        rows = select(Publication).where(Publication.id.in_(numbers)).order_by(Publication.id)
        return ", ".join(f"{one.heading} of {one.at:%H:%M}" for one in db.session.scalars(rows)) + more
    return ""


def _public(hits: tuple[Hit, ...]) -> int:
    """How many of these rows public pages show now."""
    shown = {number for number in {hit.incident_id for hit in hits} if _is_shown(number)}
    public = {column for field in FIELDS.values() if field.audience == "public" for column in field.columns}
    fields = [hit for hit in hits if hit.table == "incident" and hit.incident_id in shown]
    found = sum(bool(public & set(hit.new)) for hit in fields)
    for model in (TimelineEvent, Publication):
        numbers = [hit.id for hit in hits if hit.table == model.__tablename__ and hit.incident_id in shown]
        seen = select(model.id).where(model.id.in_(numbers), IS_SHOWN[model])
        found += len(db.session.scalars(seen).all())
    return found


def _is_shown(number: int) -> bool:
    """The public reads it, on its own page or on that of the incident that it was merged into."""
    incident = db.session.get_one(Incident, number)
    kept = incident.merged_into
    return (kept.is_shown and incident.is_public and not incident.is_drill) if kept else incident.is_shown


def _sent(hits: tuple[Hit, ...]) -> int:
    inside = [hit.id for hit in hits if hit.table == "delivery"]
    outside = [hit.id for hit in hits if hit.table == "announcement"]
    acts = select(Announcement.act).where(Announcement.id.in_(outside))
    digests = [row.act for row, *_ in _digests(_told_of(hits))]
    mine = or_(Delivery.id.in_(inside), Delivery.act.in_(acts), Delivery.act.in_(digests))
    gone = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.SENT, mine)
    return (db.session.scalar(gone) or 0) if inside or outside or digests else 0


def _told_of(hits: tuple[Hit, ...]) -> set[int]:
    """The incidents with the words in what a digest says of them: the title, and what was said in public.

    It is written when it goes and not kept.
    """
    titled = {hit.incident_id for hit in hits if hit.table == "incident" and "public_title" in hit.new}
    numbers = [hit.id for hit in hits if hit.table == "publication"]
    said = select(Publication.incident_id).where(Publication.id.in_(numbers), IS_SHOWN[Publication])
    return titled | set(db.session.scalars(said))


# Changing


def _apply(hits: tuple[Hit, ...]) -> None:
    db.session.flush()
    connection = db.session.connection()
    by_table: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_table[hit.table].append(hit)
    for name, ones in by_table.items():
        table, numbers = Base.metadata.tables[name], [hit.id for hit in ones]
        is_searched = name in search_index.SEARCHED
        if is_searched:
            search_index.take_out(connection, name, numbers)
        for hit in ones:
            connection.execute(update(table).where(table.c.id == hit.id).values(**hit.new))
        if is_searched:
            search_index.put_in(connection, name, numbers)
    search_index.put_public(connection, {hit.incident_id for hit in hits})
    drafts = [hit.id for hit in by_table.get("draft", ())]
    running = update(Draft).where(Draft.id.in_(drafts), Draft.state == DraftState.RUNNING)
    connection.execute(running.values(state=DraftState.STOPPED))
    db.session.expire_all()


def leave_no_trace(found: Found, *, actor: Actor, now: datetime) -> None:
    """After `redact`: have SQLite forget what it keeps of replaced words beside the rows; many short steps.

    PostgreSQL does so by itself (autovacuum).
    """
    names = {hit.table for hit in found.hits} & set(search_index.SEARCHED)
    for name in sorted(names | {PUBLIC}):
        search_index.press(name, -PAGES, actor=actor, now=now)
        for _ in range(STEPS):
            if not search_index.press(name, PAGES, actor=actor, now=now):
                break
    empty_log()
