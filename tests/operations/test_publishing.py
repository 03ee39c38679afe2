"""Only who may publish makes anything public: every operation, called by every role against an incident
with something of everything, and every public page read afterwards.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import GRANTS, SYSTEM, Actor, Permission
from majorops.domain.enums import AccountRole, Phase, Severity, SignInMethod, Visibility
from majorops.domain.errors import Forbidden, Invalid, Refused
from majorops.domain.events import EventKind
from majorops.models import (
    AffectedSystem,
    Announcement,
    Ask,
    Incident,
    Maintenance,
    MaintenanceUpdate,
    Publication,
    RecoveryTrack,
    System,
    TimelineEvent,
    User,
)
from majorops.operations import OPERATIONS, operation, record, timeline, updates
from majorops.operations.catalogue import add_system
from tests.operations.afterwards import AFTERWARDS
from tests.operations.test_every_operation import calls, outside, prepared
from tests.public.test_canary import addresses

READERS = [role for role in AccountRole if Permission.PUBLISH not in GRANTS[role]]
# What a responder does for sure, so that this test cannot go green by every call being refused.
DONE_BY_A_RESPONDER = {
    "asks.answer_ask",
    "asks.log_decision",
    "asks.rule_out",
    "timeline.add_note",
    "timeline.strike_entry",
    "tracks.close_track",
    "tracks.meet_need",
    "tracks.report_can",
    "validation.set_check",
}
INCIDENT_COLUMNS = (
    Incident.title,
    Incident.severity,
    Incident.alarm_level,
    Incident.status,
    Incident.phase,
    Incident.is_public,
    Incident.is_drill,
    Incident.bridge_is_public,
    Incident.bridge_url,
    Incident.resolved_at,
    Incident.detected_at,
    Incident.issue_time,
    Incident.resolve_time,
    Incident.customer_count,
    Incident.external_impact,
    Incident.who_affected,
    Incident.what_to_do,
    Incident.next_update_eta,
    Incident.continues_id,
)


def public_facts() -> dict[str, list[tuple]]:
    """All that the public may read, row by row."""
    entry, said = TimelineEvent, Publication
    queries = {
        "entries": select(entry.id, entry.title, entry.detail).where(entry.visibility == Visibility.PUBLIC),
        "publications": select(said.id, said.body, said.withdrawn_at).where(
            said.visibility == Visibility.PUBLIC
        ),
        "incidents": select(Incident.id, *INCIDENT_COLUMNS),
        "affected": select(AffectedSystem.incident_id, AffectedSystem.name, AffectedSystem.status),
        "systems": select(System.id, System.name, System.is_public, System.group_name),
        "maintenance": select(Maintenance.id, Maintenance.title, Maintenance.status, Maintenance.is_public),
        "maintenance updates": select(MaintenanceUpdate.id, MaintenanceUpdate.body),
        "announcements": select(Announcement.act),
    }
    found = {}
    for name, query in queries.items():
        found[name] = sorted(map(tuple, db.session.execute(query)), key=repr)
    db.session.rollback()
    return found


def public_pages(app) -> dict[str, bytes]:
    """Address → what a stranger reads there; pages with a form carry a token of their own and say
    nothing of incidents.
    """
    stranger = app.test_client()
    pages = {address: stranger.get(address).data for address in addresses(app)}
    return {address: page for address, page in pages.items() if b"csrf_token" not in page}


def full_incident(cast, clock, who: Actor) -> tuple[Incident, dict]:
    """As for `test_every_operation`, in phase 7; `who` owns a system and a track,
    and wrote a note that Maya made public.
    """
    incident = prepared(cast, clock)
    maya = {"actor": cast.maya, "now": clock()}
    add_system(name="payments-api", owner=who.email, is_public=True, actor=cast.ada, now=clock())
    OPERATIONS["phase.advance_phase"](incident, Phase.VALIDATION, reason="test", **maya)
    db.session.scalar(select(RecoveryTrack)).owner = who.name
    db.session.commit()
    author = who if who.can(Permission.TIMELINE_NOTE) else cast.maya
    seq = timeline.add_note(incident, "mine", actor=author, now=clock()).seq
    OPERATIONS["timeline.set_visibility"](incident, seq, Visibility.PUBLIC, **maya)
    clock.tick(seconds=1)
    given = calls(cast, clock)
    given["asks.answer_ask"] = (db.session.scalar(select(Ask.id).filter_by(whom="Lena")), "400")
    given["timeline.strike_entry"] = (seq, "right")
    given["drafts.forget_drafts"] = ("none", {"before": clock() - timedelta(days=9)})
    return incident, given


def arguments(name: str, incident: Incident, given: tuple, who: Actor, clock) -> tuple[list, dict]:
    """The subject, arguments and keywords of one call, from the table of `test_every_operation`."""
    rest = list(given)
    keywords = rest.pop() if rest and isinstance(rest[-1], dict) and name != "edit.edit_fields" else {}
    if name == "edit.edit_fields":
        keywords = rest.pop()
    mark = rest[0] if rest and type(rest[0]) is str else ""
    if mark == "session":
        user = db.session.get(User, who.user_id)
        return [
            OPERATIONS["accounts.start_session"](user, method=SignInMethod.LOCAL, actor=who, now=clock())
        ], {}
    if mark in ("follower", "left"):
        clerk = {"actor": SYSTEM, "now": clock()}
        return [*outside(mark, incident, clerk), *rest[1:]], keywords
    if mark in ("none", "over", "again", "phase7", "vacant", "offered", "resolved", "overdue"):
        rest = rest[1:]
    return [*([] if mark in ("none", "over", "again") else [incident]), *rest], keywords


@pytest.mark.parametrize("role", READERS)
def test_whoever_may_not_publish_makes_nothing_public_by_any_operation(app, cast, clock, role):
    user = db.session.get(User, cast.rita.user_id)
    user.role = role
    db.session.commit()
    who = user.actor
    incident, given = full_incident(cast, clock, who)
    app.extensions["has_accounts"] = True
    facts, pages, done = public_facts(), public_pages(app), set()
    assert len(pages) >= 12
    for name, function in sorted(OPERATIONS.items()):
        if name not in given or name in AFTERWARDS:
            continue  # the first admin; counting the use of a link: neither takes a role; the review: below
        call, keywords = arguments(name, incident, given[name], who, clock)
        try:
            function(*call, **keywords, actor=who, now=clock())
            done.add(name)
        except Refused:
            pass  # what is refused changes nothing, which is seen below
        assert public_facts() == facts, f"{name} as {role.value}"
    assert [name for name in done if (needs := OPERATIONS[name].needs) and not who.can(needs)] == []
    if role is AccountRole.RESPONDER:
        assert done >= DONE_BY_A_RESPONDER
    after = public_pages(app)
    assert [address for address in pages if after[address] != pages[address]] == []


@pytest.mark.parametrize("name", sorted(AFTERWARDS))
def test_nothing_of_a_review_is_public_whoever_does_it(cast, clock, name):
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    timeline.add_note(incident, "heard on the bridge", **who)
    given, keywords = AFTERWARDS[name](incident, who, clock)
    facts = public_facts()
    OPERATIONS[name](incident, *given, **keywords, **who)
    assert public_facts() == facts


def test_the_entry_of_whoever_may_not_publish_is_never_public(cast, clock):
    """The last word lies where entries are written: an operation that forgets to ask is refused there."""
    incident = cast.open()

    @operation(needs=None)
    def careless(incident, *, actor, now):
        given = {"visibility": Visibility.PUBLIC, "actor": actor, "now": now}
        record(incident, EventKind.NOTE_LOGGED, "for all to read", **given)

    OPERATIONS.pop("test_publishing.careless")
    with pytest.raises(Forbidden):
        careless(incident, actor=cast.rita, now=clock())
    careless(incident, actor=cast.maya, now=clock())


def test_a_responder_corrects_a_public_note_internally(cast, clock):
    incident = cast.open(severity=Severity.LOW)
    note = timeline.add_note(incident, "pool size 400", actor=cast.rita, now=clock())
    maya, seq = {"actor": cast.maya, "now": clock()}, note.seq
    timeline.set_visibility(incident, seq, Visibility.PUBLIC, **maya)
    corrected = timeline.strike_entry(incident, seq, "pool size 40", actor=cast.rita, now=clock())
    assert corrected.visibility is Visibility.INTERNAL
    stranger = cast.browser("xin").get("/incidents/1").text
    assert "pool size 400" in stranger
    assert "<s>" not in stranger
    page = cast.browser("maya").get("/admin/incidents/1").text
    assert "which is internal: the public still reads this note" in page
    timeline.set_visibility(incident, corrected.seq, Visibility.PUBLIC, **maya)
    assert "<s>pool size 400</s>" in cast.browser("xin").get("/incidents/1").text
    assert "the public still reads this note" not in cast.browser("maya").get("/admin/incidents/1").text


def test_the_correction_of_a_mim_stays_public_and_the_form_says_what_happens(cast, clock):
    incident = cast.open(severity=Severity.LOW)
    note = timeline.add_note(incident, "pool size 400", actor=cast.rita, now=clock())
    timeline.set_visibility(incident, note.seq, Visibility.PUBLIC, actor=cast.maya, now=clock())
    assert (
        "Your correction is internal: a MIM publishes." in cast.browser("rita").get("/admin/incidents/1").text
    )
    assert "Your correction is internal" not in cast.browser("maya").get("/admin/incidents/1").text
    corrected = timeline.strike_entry(incident, note.seq, "pool size 40", actor=cast.maya, now=clock())
    assert corrected.visibility is Visibility.PUBLIC


@pytest.fixture
def maya(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def acts() -> list[str]:
    return list(db.session.scalars(select(Announcement.act).where(Announcement.act.startswith("said:"))))


def test_an_update_made_public_is_announced_once_and_made_internal_it_is_withdrawn(cast, clock, maya):
    incident = cast.open(severity=Severity.LOW)
    ahead = clock() + timedelta(minutes=20)
    update = updates.publish_update(incident, "known", next_update_eta=ahead, **maya)
    seq = incident.version
    stranger = cast.browser("xin")
    assert acts() == []
    for _ in range(2):
        timeline.set_visibility(incident, seq, Visibility.PUBLIC, **maya)
        assert (update.visibility, update.withdrawn_at) == (Visibility.PUBLIC, None)
        assert acts() == [f"said:{update.id}"]
        assert "known" in stranger.get("/incidents/1").text
        timeline.set_visibility(incident, seq, Visibility.INTERNAL, **maya)
        assert (update.visibility, update.withdrawn_at) == (Visibility.INTERNAL, clock())
    updates.publish_update(incident, "later", next_update_eta=ahead + timedelta(minutes=9), **maya)
    assert incident.next_update_eta == ahead + timedelta(minutes=9)
    timeline.set_visibility(incident, seq, Visibility.PUBLIC, **maya)
    assert incident.next_update_eta == ahead  # what the public was promised stands


def test_an_update_of_a_private_incident_is_announced_to_nobody(cast, maya):
    incident = cast.open(severity=Severity.LOW)
    incident.is_public = False
    db.session.commit()
    updates.publish_update(incident, "known", **maya)
    timeline.set_visibility(incident, incident.version, Visibility.PUBLIC, **maya)
    assert db.session.scalar(select(Publication.visibility)) is Visibility.PUBLIC
    assert acts() == []


def test_the_same_update_twice_within_a_minute_is_one(cast, clock, maya):
    incident = cast.open(severity=Severity.LOW)
    first = updates.publish_update(incident, "known", **maya)
    clock.tick(seconds=59)
    assert updates.publish_update(incident, "known", actor=cast.maya, now=clock()) is first
    for seconds, who in ((0, cast.omar), (1, cast.maya)):
        again = updates.publish_update(incident, "known", actor=who, now=clock.tick(seconds=seconds))
        assert again.id != first.id


def test_a_note_is_made_public_by_a_mim_and_corrected_by_its_author_or_one(cast, clock, maya):
    incident, rita = cast.open(severity=Severity.LOW), {"actor": cast.rita, "now": clock()}
    with pytest.raises(Invalid, match="Only the MIM makes an entry public"):
        timeline.add_note(incident, "heard", visibility=Visibility.PUBLIC, **rita)
    note = timeline.add_note(incident, "heard\non the bridge", visibility=Visibility.PUBLIC, **maya)
    assert (note.title, note.detail) == ("heard", "heard\non the bridge")
    with pytest.raises(Invalid, match=r"This is somebody else's note\. Log your own"):
        timeline.strike_entry(incident, note.seq, "not so", **rita)
    long = timeline.add_note(incident, "x" * 301, **rita)
    assert (long.title, long.detail) == ("x" * 300, "x" * 301)
    timeline.strike_entry(incident, long.seq, "shorter", **maya)
