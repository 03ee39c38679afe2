"""Words that were redacted stand nowhere any more: a canary in every column, a dump of the whole database."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import JSON, Enum, String, select, text

from majorops.db import Base, db
from majorops.domain.enums import (
    ChannelKind,
    DeliveryState,
    DraftState,
    Helper,
    HookState,
    HookVerdict,
    Notice,
    Phase,
    SystemStatus,
    Visibility,
)
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.redaction import Words, mark_of
from majorops.models import (
    AlertDelivery,
    Announcement,
    AuditEntry,
    Delivery,
    Draft,
    Incident,
    Publication,
    StatusUpdate,
    SystemState,
    TimelineEvent,
)
from majorops.operations import search_index
from majorops.operations.curation import merge_incident
from majorops.operations.edit import edit_field
from majorops.operations.incident import continue_incident
from majorops.operations.redaction import (
    AS_JSON,
    KEPT,
    LABELS,
    WORDS,
    find_words,
    leave_no_trace,
    look,
    redact,
)
from majorops.operations.systems import set_system_status
from majorops.operations.timeline import add_note
from majorops.operations.updates import correct_publication, publish_update
from majorops.projections import public_incident
from tests.public.test_canary import by_reference, marked_row

CANARY = "Zebrafalter Quux GmbH"
WORD = b"ebrafalter"  # a full text keeps the first letter elsewhere


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def redacted(incident: Incident, words: str, who: dict, reason: str = "a customer"):
    """Through the look, as a person does it."""
    seal = look(incident, words, reason, who["now"]).seal
    found = redact(incident, words, reason=reason, seal=seal, **who)
    leave_no_trace(found, **who)
    return found


def everything() -> bytes:
    """All that the database holds, the full text's own tables too; on SQLite the files as they are."""
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        path = Path(db.engine.url.database)
        parts = [path, path.with_name(f"{path.name}-wal")]
        return b"".join(part.read_bytes() for part in parts if part.exists())
    names = text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    rows = []
    for name in db.session.scalars(names).all():
        rows += db.session.scalars(text(f'SELECT "{name}"::text FROM "{name}"')).all()
    return "\n".join(rows).encode()


def test_every_column_of_text_is_said_to_hold_words_or_not():
    """A new one fails here until it is in WORDS or KEPT, with why."""
    there = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | JSON) and not isinstance(column.type, Enum)
        if table.name not in KEPT
    }
    replaced = {f"{table}.{column}" for table, columns in WORDS.items() for column in columns}
    kept = {name for name in KEPT if "." in name}
    assert replaced | kept == there
    assert not replaced & kept
    assert replaced >= AS_JSON
    assert LABELS.keys() == WORDS.keys()
    assert {name for name in KEPT if "." not in name} <= Base.metadata.tables.keys()


def mapper_of(name: str):
    return next(one for one in Base.registry.mappers if one.class_.__name__ == name)


def sent_by_source(at, body: bytes, number: int = 1) -> AlertDelivery:
    """What the source of the alerts of `full` sent."""
    given = {"headers": json.dumps({"ce-subject": CANARY}), "problem": f"{CANARY} is no severity"}
    given |= {"verdict": HookVerdict.ACCEPTED, "state": HookState.DONE}
    return AlertDelivery(source_id=number, received_at=at, body=body, **given)


@pytest.fixture
def full(cast, who):
    """An incident whose every column of words holds the canary, in every table."""
    incident = cast.open(title=f"Payments of {CANARY} fail")
    add_note(incident, f"{CANARY} called.\nSecond line about {CANARY}", **who)
    number = incident.id
    for name in ("RunCard", "RunCardVersion", "AlertSource"):
        db.session.add(marked_row(mapper_of(name), 0, who["now"], 1))
        db.session.flush()
    for mapper in by_reference():
        table = mapper.local_table.name
        if table in WORDS and "incident_id" in mapper.columns and mapper.class_.__name__ != "Publication":
            is_numbered = mapper.class_.__name__ in ("Milestone", "ActionItem")
            more = {"number": 7} if is_numbered else {"number": None}
            more |= {"status": SystemStatus.MAJOR} if table == "system_state" else {}
            row = marked_row(mapper, number, who["now"], 90, **more)
            for name in WORDS.get(table, ()):
                setattr(row, name, f"{CANARY} {name}"[: getattr(mapper.columns[name].type, "length", None)])
            if table == "announcement":
                row.text = json.dumps({"en": {"subject": "s", "body": f"A\n{CANARY}"}}, ensure_ascii=False)
            if table == "kept_answer":
                row.body = json.dumps({"title": CANARY})
            if table == "alert":
                row.labels = json.dumps({"host": CANARY})
            if table == "alert_group":
                row.systems = json.dumps([CANARY])
            if table == "command_assignment":
                row.until = who["now"]
            db.session.add(row)
            db.session.flush()
    db.session.add(sent_by_source(who["now"], json.dumps({"title": CANARY.upper()}).encode()))
    for name in WORDS["incident"]:
        if not getattr(incident, name):
            setattr(incident, name, f"{CANARY} {name}")
    given = {"at": who["now"], "actor_name": "Ada", "kind": "nudge.told"}
    db.session.add(AuditEntry(subject=f"{incident.reference} Ask due", detail=f"For {CANARY}", **given))
    incident.version = max(incident.version, 90)
    db.session.commit()
    return incident


def test_a_dump_of_the_database_does_not_hold_the_words(full, who):
    assert WORD in everything()
    found = redacted(full, CANARY.lower(), who)
    assert {hit.table for hit in found.hits} == WORDS.keys()
    assert WORD not in everything()
    assert find_words(full, Words.of(CANARY), who["now"]).hits == ()
    assert db.session.get(Incident, full.id).title == f"Payments of {mark_of(who['now'])} fail"


def test_the_full_text_finds_the_mark_and_not_the_words(full, who):
    redacted(full, CANARY, who)
    models = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}
    for name in search_index.SEARCHED.keys() & WORDS.keys():
        model = models[name]
        assert (
            db.session.scalars(select(model.id).where(search_index.matches(model, "zebrafalter"))).all() == []
        )
    entries = select(TimelineEvent.id).where(search_index.matches(TimelineEvent, "redacted"))
    assert db.session.scalars(entries).all()


def test_the_timeline_says_who_and_why_and_in_how_many_places_never_what(full, who):
    found = redacted(full, CANARY, who, reason="It names a customer")
    entry = db.session.scalars(select(TimelineEvent).order_by(TimelineEvent.id.desc())).first()
    assert (entry.kind, entry.actor_name) == ("words.redacted", "Maya Okafor")
    assert entry.title == f"Words redacted in {found.times} places"
    assert "It names a customer" in entry.detail
    assert entry.visibility is Visibility.INTERNAL
    assert CANARY not in entry.title + entry.detail


def test_a_digest_names_no_system_that_was_redacted_and_its_messages_are_counted(cast, who):
    """A digest belongs to no incident, and holds names of systems; its messages are made when they go."""
    incident, other = cast.open(title=f"{CANARY} down"), cast.open()
    items = [
        {"kind": "incident", "number": incident.id, "systems": [CANARY, "cdn"], "at": who["now"].isoformat()},
        {"kind": "incident", "number": other.id, "systems": [CANARY], "at": who["now"].isoformat()},
        {"kind": "maintenance", "number": incident.id, "systems": [CANARY], "at": who["now"].isoformat()},
    ]
    row = Announcement(act="digest:daily:2026-11-24", at=who["now"], text=json.dumps({"items": items}))
    db.session.add_all([row, Announcement(act="digest:weekly:2026-11-24", at=who["now"])])
    given = {"act": row.act, "key": "k", "recipient": "Subscriber 1", "address": "vic@example.org"}
    given |= {"subject": "", "body": "", "next_at": who["now"], "created_at": who["now"]}
    db.session.add(Delivery(state=DeliveryState.SENT, notice=Notice.PUBLIC, kind=ChannelKind.EMAIL, **given))
    db.session.commit()
    assert look(incident, CANARY, "why", who["now"]).sent == 1
    redacted(incident, CANARY, who)
    names = [item["systems"] for item in json.loads(db.session.get(Announcement, row.id).text)["items"]]
    assert names == [[mark_of(who["now"]), "cdn"], [CANARY], [CANARY]]


def test_messages_of_a_digest_that_named_the_public_title_are_counted(cast, who):
    """The title that people inside read stands in no digest."""
    incident = cast.open(title="payments down")
    edit_field(incident, "public_title", CANARY, **who)
    items = [{"kind": "incident", "number": incident.id, "systems": [], "at": who["now"].isoformat()}]
    row = Announcement(act="digest:daily:2026-11-24", at=who["now"], text=json.dumps({"items": items}))
    given = {"act": row.act, "key": "k", "recipient": "Subscriber 1", "address": "vic@example.org"}
    given |= {"subject": "", "body": "", "next_at": who["now"], "created_at": who["now"]}
    sent = Delivery(state=DeliveryState.SENT, notice=Notice.PUBLIC, kind=ChannelKind.EMAIL, **given)
    db.session.add_all([row, sent])
    db.session.commit()
    assert look(incident, CANARY, "why", who["now"]).sent == 1
    edit_field(incident, "title", "zebra inside", **who)
    assert look(incident, "zebra inside", "why", who["now"]).sent == 0


def test_a_system_stays_the_same_in_all_that_names_it(cast, who):
    """What was said of it in public goes with its name: the catalogue knows no system called a mark."""
    name = "zebrafalter-db"
    cast.list_systems(name)
    incident = cast.open(systems=[name])
    set_system_status(incident, name, SystemStatus.MAJOR, **who)
    assert name in str(public_incident(incident.id))
    assert look(incident, name, "why", who["now"]).public == 1
    redacted(incident, name, who)
    mark = mark_of(who["now"])
    named = select(TimelineEvent.system).where(TimelineEvent.system.is_not(None))
    states = select(SystemState.name).where(SystemState.incident_id == incident.id).distinct()
    assert set(db.session.scalars(named)) == set(db.session.scalars(states)) == {mark}
    assert mark not in str(public_incident(incident.id))
    assert name not in str(public_incident(incident.id))


def test_messages_that_were_sent_are_redacted_too_and_counted(full, who):
    for row in db.session.scalars(select(Delivery)):
        row.state = "sent"
    db.session.commit()
    found = look(full, CANARY, "why", who["now"])
    assert found.sent >= 1
    redacted(full, CANARY, who)
    text_ = db.session.scalar(select(Announcement.text).where(Announcement.text != ""))
    assert json.loads(text_)["en"]["body"] == f"A\n{mark_of(who['now'])}"
    assert all(CANARY not in row.body + row.subject for row in db.session.scalars(select(Delivery)))


def test_what_a_correction_replaced_goes_too(cast, who):
    incident = cast.open()
    first = publish_update(incident, f"{CANARY} is hit.", visibility=Visibility.PUBLIC, **who)
    correct_publication(incident, first.id, f"A customer, {CANARY}, is hit.", **who)
    found = look(incident, CANARY, "why", who["now"])
    assert found.public == 4  # two updates and their entries
    redacted(incident, CANARY, who)
    mark = mark_of(who["now"])
    bodies = db.session.scalars(select(Publication.body).order_by(Publication.id)).all()
    assert bodies == [f"{mark} is hit.", f"A customer, {mark}, is hit."]


def test_a_draft_that_is_being_written_from_the_words_is_stopped(cast, who):
    incident = cast.open()
    made = {"by_name": "Maya", "phase": Phase.ALERT, "prompt": "update 1", "made_at": who["now"]}
    made |= {"incident_id": incident.id, "user_id": cast.maya.user_id, "helper": Helper.UPDATE}
    db.session.add_all([Draft(**made, seen=f"x {CANARY}"), Draft(**made, seen="nothing of it")])
    db.session.commit()
    redacted(incident, CANARY, who)
    states = db.session.scalars(select(Draft.state).order_by(Draft.id)).all()
    assert states == [DraftState.STOPPED, DraftState.RUNNING]


@pytest.mark.parametrize(
    ("body", "then"),
    [
        (json.dumps({"labels": {"host": f"a {CANARY}"}}).encode(), {"labels": {"host": "a {mark}"}}),
        (json.dumps(f"\u00e4 {CANARY}").encode("ascii"), "\u00e4 {mark}"),
        (f"no JSON of {CANARY} \u00e4".encode() + b"\xff", "no JSON of {mark} \u00e4\ufffd"),
    ],
)
def test_what_a_source_sent_goes_too_as_it_came(full, who, body, then):
    db.session.add(row := sent_by_source(who["now"] - timedelta(minutes=59), body))
    db.session.commit()
    redacted(full, CANARY, who)
    text = db.session.get(AlertDelivery, row.id).body.decode()
    found = json.loads(text) if text[0] in '{"' else text
    assert json.dumps(found) == json.dumps(then).replace("{mark}", mark_of(who["now"]))


def test_what_came_from_another_source_or_long_before_stays(full, who):
    db.session.add(one := marked_row(mapper_of("AlertSource"), 0, who["now"], 2))
    db.session.flush()
    db.session.add(other := sent_by_source(who["now"], CANARY.encode(), one.id))
    db.session.add(old := sent_by_source(who["now"] - timedelta(hours=2), CANARY.encode()))
    db.session.commit()
    redacted(full, CANARY, who)
    bodies = [db.session.get(AlertDelivery, row.id).body for row in (other, old)]
    assert bodies == [CANARY.encode()] * 2


def test_linked_incidents_are_reached_and_others_are_not(cast, who):
    first, other = cast.open(title=f"{CANARY} down"), cast.open(title=f"{CANARY} up")
    duplicate = cast.open(title=f"{CANARY} slow")
    merge_incident(duplicate, first, **who)
    cast.resolve(first)
    later = continue_incident(first, **who)
    redacted(first, CANARY, who)
    mark = mark_of(who["now"])
    titles = [db.session.get(Incident, one.id).title for one in (first, duplicate, later, other)]
    assert titles == [f"{mark} down", f"{mark} slow", f"{mark} down", f"{CANARY} up"]
    last = select(TimelineEvent.title).filter_by(incident_id=later.id).order_by(TimelineEvent.id.desc())
    assert db.session.scalars(last).first().endswith(f"with {first.reference}")


def test_a_whole_note_goes_with_its_title(cast, who):
    incident = cast.open()
    note = "The first line says more than sixty letters of what happened here today.\nThe second says why."
    add_note(incident, note, **who)
    redacted(incident, note, who)
    entry = db.session.scalars(select(TimelineEvent).filter_by(kind="note.logged")).one()
    assert (entry.title, entry.detail) == (mark_of(who["now"]), mark_of(who["now"]))


def test_refused(cast, who):
    incident = cast.open()
    publish_update(incident, f"{CANARY} is hit.", **who)
    seal = look(incident, CANARY, "why", who["now"]).seal
    reasons = ("", f"for {CANARY}", "why " * 300)
    for words, reason in (*((CANARY, one) for one in reasons), ("a", "why"), ("nowhere at all", "why")):
        with pytest.raises(Invalid):
            redact(incident, words, reason=reason, seal=seal, **who)
    publish_update(incident, f"{CANARY} again.", **who)
    with pytest.raises(Conflict, match="meanwhile"):
        redact(incident, CANARY, reason="why", seal=seal, **who)
    assert db.session.scalars(select(StatusUpdate.body)).first() == f"{CANARY} is hit."
    with pytest.raises(Forbidden):
        redact(incident, CANARY, reason="why", seal=seal, actor=cast.rita, now=who["now"])
