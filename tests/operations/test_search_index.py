"""The full text of the record: kept with each act, safe for any input, the same on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from majorops.admin import reading
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, ChannelKind, Severity
from majorops.domain.search import parse
from majorops.models import Incident, Publication, RecoveryTrack, Subscriber, TimelineEvent, User, full_text
from majorops.models.full_text import PART
from majorops.operations import accounts, handover, search_index, subscriptions, timeline, tracks, updates
from majorops.operations.edit import edit_field
from majorops.operations.search_index import APPENDED, SEARCHED, matches, words_in
from tests.admin.test_reading import export
from tests.counting import queries

HOSTILE = (
    "word " * 5_000,
    "x" * 10_000,
    '"',
    "'",
    "''",
    '"payments',
    "pay* AND (",
    "NEAR(a b, 3)",
    "a OR b NOT c",
    "^x",
    "a:b",
    "{a b}:c",
    "-",
    "--",
    "; DROP TABLE incident",
    "\x00",
    "a\x00b",
    "😀",
    "😀 fire",
    "\u202e",
    "\\",
    "%",
    "_",
    "!!! & | ! :* <->",
    "NULL",
    "&amp;",
    "INC-99999999999999999999",
    "99999999999999999999",
    "INC-",
    "²",
    "٣",
    "ﬁ",
    "\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
)


def found(model, typed: str, **more) -> list[int]:
    return list(db.session.scalars(select(model.id).where(matches(model, typed, **more)).order_by(model.id)))


def test_what_an_act_wrote_is_found_from_its_commit_on(cast, clock):
    who = {"actor": cast.maya, "now": clock()}
    one = cast.open(title="prod-payments-api: Überweisung fails", severity=Severity.LOW)
    two = cast.open(title="search-index lag", severity=Severity.LOW)
    assert found(Incident, "PAY über") == [one.id]
    assert found(Incident, "uberweisung") == [one.id]
    assert found(Incident, "payments-api fails") == [one.id]
    assert found(Incident, "ayments") == []  # words from their beginning
    edit_field(one, "title", "checkout-web slow", **who)
    assert found(Incident, "payments") == []
    assert found(Incident, "checkout") == [one.id]
    entry = timeline.add_note(two, "Heard of a failed certificate on host 17", **who)
    assert found(TimelineEvent, "certif 17") == [entry.id]
    update = updates.publish_update(two, "Search answers late for customers in Gdańsk.", **who)
    assert found(Publication, "gdansk") == [update.id]
    track = tracks.open_track(two, team="Search", owner="Rita Moreau", goal="reindex shard", minutes=5, **who)
    assert found(RecoveryTrack, "moreau shard") == [track.id]


def test_what_was_rolled_back_is_not_found(cast, clock):
    incident = cast.open()
    db.session.connection(execution_options={"writing": True})
    incident.title = "never saved"
    db.session.flush()
    assert found(Incident, "never") == [incident.id]
    db.session.rollback()
    assert found(Incident, "never") == []
    assert found(Incident, "payments") == [incident.id]


def test_an_erased_address_is_not_in_the_index_either(cast, clock):
    given = {"kind": ChannelKind.EMAIL, "address": "vic@example.org", "systems": [], "language": "en"}
    subscriptions.subscribe(**given, origin="::1", actor=SYSTEM, now=clock())
    assert len(found(Subscriber, "vic@example")) == 1
    row = db.session.scalar(select(Subscriber))
    subscriptions.erase_subscriber(row, actor=cast.ada, now=clock())
    assert found(Subscriber, "vic") == []
    if db.engine.dialect.name == "postgresql":
        assert db.session.scalar(text("SELECT count(*) FROM search_subscriber")) == 0


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_searched_and_never_an_error(cast, typed):
    cast.open()
    ada = cast.browser("ada")
    for name in ("incidents", "timeline", "updates", "audit", "deliveries", "users", "systems"):
        answer = ada.get(f"/admin/data/{name}/", query_string={"search": typed})
        assert answer.status_code < 500, (name, typed[:40])
    for model in (Incident, TimelineEvent):
        found(model, typed)


def test_at_most_a_dozen_words_count():
    assert words_in("a b a " + " ".join(f"w{n}" for n in range(50))) == ["a", "b"] + [
        f"w{n}" for n in range(10)
    ]
    assert words_in("\x00 !? 😀") == []


def test_the_newest_matches_only(cast):
    numbers = [cast.open(title=f"disk full {n}", severity=Severity.LOW).id for n in range(4)]
    assert found(Incident, "disk", newest=2) == numbers[2:]
    last = cast.open(title="disks full", severity=Severity.LOW).id
    assert found(Incident, "disk", newest=2) == [numbers[3], last]
    assert found(Incident, "disk", newest=2, whole=True) == numbers[2:]


def test_where_many_rows_hold_a_word_longer_ones_are_left_out_and_the_page_says_so(cast, monkeypatch):
    for n in range(4):
        cast.open(title=f"disk full {n}", severity=Severity.LOW)
    cast.open(title="disks full", severity=Severity.LOW)
    assert search_index.are_many(Incident, "disk", 4)
    assert not search_index.are_many(Incident, "disk", 5)
    assert not search_index.are_many(Incident, "!?", 1)
    ada = cast.browser("ada")
    assert "disks full" in ada.get("/admin/data/incidents/?search=disk").text
    monkeypatch.setattr(reading, "SEARCHED", 3)
    page = ada.get("/admin/data/incidents/?search=disk").text
    assert "rows with the whole words" in page
    assert "disks full" not in page
    oldest = ada.get("/admin/data/timeline/?search=INC-001+opened").text
    assert "rows match" not in oldest  # of one incident all are looked at


@pytest.mark.only_on("postgresql")
@pytest.mark.parametrize("most", [1, 2, 3, 9])
def test_of_a_common_word_only_the_newest_parts_of_the_table_are_looked_at(cast, monkeypatch, most):
    monkeypatch.setattr(full_text, "PARTS", (0, 1))
    for number in (1, PART * 4, PART * 5, PART * 5 + 1):
        words = {"id": number, "words": "disk" if number > 1 else "other"}
        db.session.execute(
            text("INSERT INTO search_incident VALUES (:id, to_tsvector('simple', :words))"), words
        )
    rows = full_text.found_by("incident", parse("disk"), most)
    with queries() as sent:
        found = db.session.scalars(rows).all()
    assert found == [PART * 5 + 1, PART * 5, PART * 4][:most]
    assert ("&&" in sent[-1]) is (most < 4)
    older = full_text.found_by("incident", parse("disk"), 2, before=PART * 5)
    assert db.session.scalars(older).all() == [PART * 4]
    for many, is_common in ((2, True), (3, True), (4, False)):
        rows, is_whole = full_text.newest_by("incident", parse("disk"), many)
        assert (len(db.session.scalars(rows).all()), is_whole) == (min(many, 3), is_common)
    db.session.rollback()


def test_the_index_is_rebuilt_and_mended(cast, clock):
    """An earlier version beside this one writes rows and knows of no index."""
    incident = cast.open()
    key = "rowid" if db.engine.dialect.name == "sqlite" else "id"
    db.session.execute(text(f"DELETE FROM search_incident WHERE {key} = {incident.id}"))
    db.session.commit()
    assert found(Incident, "payments") == []
    assert search_index.mend(actor=SYSTEM, now=clock()) == 1
    assert found(Incident, "payments") == [incident.id]
    assert search_index.mend(actor=SYSTEM, now=clock()) == 0
    held = search_index.rebuild(actor=SYSTEM, now=clock())
    assert held > 5
    assert found(Incident, "payments") == [incident.id]


def test_words_that_change_are_found_as_they_are_now(cast, clock):
    incident = cast.full_house()
    handover.offer_handover(incident, cast.omar.user_id, actor=cast.maya, now=clock())
    db.session.connection(execution_options={"writing": True})
    models = {mapper.class_.__tablename__: mapper.class_ for mapper in db.Model.registry.mappers}
    changed = []
    for name in SEARCHED.keys() - APPENDED:
        if row := db.session.scalar(select(models[name]).limit(1)):
            setattr(row, SEARCHED[name][-1], "zanzibar")
            db.session.flush()
            assert found(models[name], "zanzibar") == [row.id], name
            changed.append(name)
    assert {"incident", "recovery_track", "command_assignment", "handover"} <= set(changed)


def test_everything_searched_is_a_column(app):
    for name, columns in SEARCHED.items():
        assert set(columns) <= set(db.metadata.tables[name].c.keys())


def test_admin_finds_by_number_word_and_both(cast, clock):
    ada = cast.browser("ada")
    one, two = (cast.open(title=f"fault {letter}", severity=Severity.LOW) for letter in "ab")
    for typed in (two.reference, f"inc-{two.id}", str(two.id), "fault b", f"{two.reference} fau"):
        assert [row["Title"] for row in export(ada, "incidents", f"?search={typed}")] == ["fault b"], typed
    assert {row["Incident"] for row in export(ada, "timeline", f"?search={one.reference} opened")} == {
        "INC-001"
    }
    accounts.add_user(
        email="zoe@example.org", name="Zoe", role=AccountRole.RESPONDER, actor=SYSTEM, now=clock()
    )
    assert db.session.scalar(select(User.id).filter_by(name="Zoe"))
    assert len(export(ada, "audit", "?search=zoe@exam")) == 1
