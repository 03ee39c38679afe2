"""Drill or not, late updates, duplicates: what changes, who is told, and what undo gives back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from majorops.db import db
from majorops.domain.enums import (
    ChannelKind,
    DeliveryState,
    IncidentStatus,
    Phase,
    Severity,
    SubscriberState,
    SystemStatus,
    Visibility,
)
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.i18n import LANGUAGES
from majorops.models import (
    Announcement,
    Delivery,
    Incident,
    Subscriber,
    SubscriberIncident,
    TimelineEvent,
)
from majorops.operations.announcements import reach
from majorops.operations.curation import merge_incident, named_incident, set_drill, undo_merge
from majorops.operations.edit import edit_field
from majorops.operations.incident import continue_refusal
from majorops.operations.systems import set_system_status
from majorops.operations.timeline import add_note
from majorops.operations.updates import (
    correct_publication,
    post_late_update,
    publish_milestone,
    publish_update,
)
from majorops.projections import public_duplicate, public_entry, public_incident, public_status
from majorops.projections.feed import feed_incidents


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def acts() -> list[str]:
    return list(db.session.scalars(select(Announcement.act).order_by(Announcement.id)))


def kinds(number: int) -> list[str]:
    rows = select(TimelineEvent.kind).filter_by(incident_id=number).order_by(TimelineEvent.seq)
    return list(db.session.scalars(rows))


def resolved(cast) -> Incident:
    incident = cast.open()
    cast.resolve(incident)
    return incident


class TestCurated:
    def test_a_resolved_incident_is_retitled_its_systems_corrected_and_hidden(self, cast, who):
        cast.list_systems("cdn", "payments-api")
        incident = resolved(cast)
        edit_field(incident, "public_title", "Payments failed", **who)
        edit_field(incident, "affected_systems", "cdn, payments-api", **who)
        shown = public_incident(incident.id)
        assert (shown.title, set(shown.systems)) == ("Payments failed", {"cdn", "payments-api"})
        edit_field(incident, "is_public", "no", **who)
        assert public_incident(incident.id) is None
        assert kinds(incident.id)[-3:] == ["field.changed"] * 3
        edit_field(incident, "is_public", "yes", **who)
        assert public_incident(incident.id)

    def test_what_is_over_is_not_announced_as_opened_when_it_becomes_public(self, cast, who):
        incident = cast.open()
        edit_field(incident, "is_public", "no", **who)
        cast.resolve(incident)
        db.session.query(Announcement).delete()
        db.session.commit()
        edit_field(incident, "is_public", "yes", **who)
        assert acts() == []

    def test_systems_bring_no_run_card_after_the_close(self, cast, who):
        incident = resolved(cast)
        assert cast.full_house()
        before = kinds(incident.id)
        edit_field(incident, "affected_systems", "payments-api", **who)
        assert kinds(incident.id) == [*before, "field.changed"]


class TestLateUpdate:
    def test_it_says_how_late_it_is_and_promises_nothing(self, cast, clock):
        incident = resolved(cast)
        before = incident.next_update_eta
        now = clock.tick(minutes=2 * 24 * 60)
        post_late_update(incident, "Refunds are out.", actor=cast.maya, now=now)
        update = public_incident(incident.id).updates[0]
        assert (update.heading, update.body) == ("Late update", "Refunds are out.")
        assert update.late_by >= timedelta(days=2)
        assert (update.next_update_eta, incident.next_update_eta) == (None, before)
        said = feed_incidents(number=incident.id)[0].updates[0]
        assert (said.title, said.status, said.late_by) == ("Late update", "resolved", update.late_by)

    def test_it_is_late_in_every_language_and_its_correction_names_it(self, cast, clock):
        incident = resolved(cast)
        now = clock.tick(minutes=2 * 24 * 60)
        late = post_late_update(incident, "Refunds are out.", actor=cast.maya, now=now)
        correct_publication(incident, late.id, "Most refunds are out.", actor=cast.maya, now=clock())
        titles = [entry.title for entry in public_incident(incident.id).entries]
        assert titles[:2] == ["Correction of Late update", "Late update"]
        german = [LANGUAGES["de"].posted(title) for title in titles[:2]]
        assert german == ["Korrektur von Nachtrag", "Nachtrag"]

    def test_the_promises_are_counted_as_before(self, cast, clock):
        incident = resolved(cast)
        before = public_incident(incident.id).kept
        now = clock.tick(minutes=3000)
        post_late_update(incident, "Refunds are out.", actor=cast.maya, now=now)
        assert public_incident(incident.id).kept == before

    @pytest.mark.parametrize("tells", [True, False])
    def test_subscribers_get_it_or_not(self, cast, who, tells):
        incident = resolved(cast)
        before = len(acts())
        posted = post_late_update(incident, "Refunds are out.", tells=tells, **who)
        assert acts()[before:] == ([f"said:{posted.id}"] if tells else [])

    def test_it_needs_the_close_readers_and_words(self, cast, who):
        running = cast.open()
        with pytest.raises(Conflict, match="runs"):
            post_late_update(running, "x", **who)
        cast.resolve(running)
        with pytest.raises(Invalid):
            post_late_update(running, "", **who)
        edit_field(running, "is_public", "no", **who)
        with pytest.raises(Conflict, match="not on the public page"):
            post_late_update(running, "x", **who)

    def test_pressed_twice_it_is_one(self, cast, who):
        incident = resolved(cast)
        first = post_late_update(incident, "Refunds are out.", **who)
        assert post_late_update(incident, "Refunds are out.", **who).id == first.id


class TestDrill:
    def test_it_leaves_every_public_surface_and_what_waits_is_not_sent(self, cast, who):
        incident = cast.open()
        waiting = select(Delivery.state).filter_by(incident_id=incident.id, state=DeliveryState.PENDING)
        assert db.session.scalars(waiting).all()
        set_drill(incident, True, **who)
        assert public_incident(incident.id) is None
        assert public_status(who["now"]).active == ()
        assert feed_incidents() == ()
        assert db.session.scalars(waiting).all() == []
        assert kinds(incident.id)[-1] == "drill.changed"

    def test_back_it_is_public_only_by_a_press(self, cast, who):
        incident = resolved(cast)
        set_drill(incident, True, **who)
        set_drill(incident, False, **who)
        assert not incident.is_drill
        assert public_incident(incident.id) is None
        edit_field(incident, "is_public", "yes", **who)
        assert public_incident(incident.id)

    def test_the_same_again_is_nothing(self, cast, who):
        incident = cast.open()
        before = incident.version
        set_drill(incident, False, **who)
        assert incident.version == before


class TestMerge:
    def test_a_running_duplicate_is_closed_and_nobody_is_alarmed(self, cast, who):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        messages = len(db.session.scalars(select(Delivery.id)).all())
        before = len(acts())
        merge_incident(duplicate, kept, **who)
        assert (duplicate.status, duplicate.resolved_at) == (IncidentStatus.RESOLVED, who["now"])
        assert kinds(duplicate.id)[-1] == kinds(kept.id)[-1] == "incident.merged"
        assert len(db.session.scalars(select(Delivery.id)).all()) == messages
        assert acts()[before:] == [f"merged:{duplicate.id}"]

    def test_what_was_over_or_unknown_is_announced_to_nobody(self, cast, who):
        kept, over, private = cast.open(), resolved(cast), cast.open()
        edit_field(private, "is_public", "no", **who)
        before = len(acts())
        for duplicate in (over, private):
            merge_incident(duplicate, kept, **who)
        assert acts()[before:] == []

    def test_the_public_sees_one_with_the_public_entries_of_both(self, cast, who):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        add_note(duplicate, "seen by everybody", visibility=Visibility.PUBLIC, **who)
        add_note(duplicate, "seen inside", **who)
        publish_update(duplicate, "We look at it.", visibility=Visibility.PUBLIC, **who)
        merge_incident(duplicate, kept, **who)
        shown = public_incident(kept.id)
        from_there = {entry.title for entry in shown.entries if entry.origin == duplicate.id}
        assert {"seen by everybody", "Update"} <= from_there
        assert "seen inside" not in {entry.title for entry in shown.entries}
        assert public_incident(duplicate.id) is None
        assert public_duplicate(duplicate.id) == kept.id
        assert [one.number for one in public_status(who["now"]).active] == [kept.id]
        assert [one.number for one in feed_incidents()] == [kept.id]

    def test_entries_stand_where_they_belong_in_time_on_every_page(self, cast, clock, monkeypatch):
        from majorops.projections import queries

        monkeypatch.setattr(queries, "ENTRIES_PER_PAGE", 3)
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        for n in range(4):
            who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
            add_note(kept, f"kept {n}", visibility=Visibility.PUBLIC, **who)
            add_note(duplicate, f"other {n}", visibility=Visibility.PUBLIC, **who)
        merge_incident(duplicate, kept, actor=cast.maya, now=clock())
        first = public_incident(kept.id)
        second = public_incident(kept.id, before=public_entry(kept.id, first.oldest))
        titles = [entry.title for entry in (*first.entries, *second.entries)]
        notes = [title for title in titles if title.startswith(("kept", "other"))]
        assert notes == [f"{name} {n}" for n in (3, 2, 1, 0) for name in ("other", "kept")]
        assert len(set(titles)) + 1 == len(titles)  # both were opened, in the same words
        assert (first.has_older, second.has_older) == (True, False)

    def test_an_entry_of_a_duplicate_has_a_place_of_its_own_on_the_page(self, cast, who):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        merge_incident(duplicate, kept, **who)
        shown = public_incident(kept.id)
        anchors = [entry.anchor for entry in shown.entries]
        assert len(set(anchors)) == len(anchors) == 2
        db.session.execute(update(TimelineEvent).values(public_key=None))  # as those of before had none
        db.session.commit()
        shown = public_incident(kept.id)
        assert {(entry.origin, entry.anchor) for entry in shown.entries} == {
            (None, "e1"),
            (duplicate.id, ""),
        }
        assert (shown.newest, shown.oldest) == ("e1", "1")

    def test_what_was_posted_at_a_duplicate_is_called_as_the_public_calls_it(self, cast, who, clock):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        cast.list_systems("cdn")
        late = clock() + timedelta(minutes=20)
        publish_milestone(duplicate, "inside", next_update_eta=late, **who)
        given = {"visibility": Visibility.PUBLIC, "next_update_eta": late}
        said = publish_milestone(duplicate, "outside", **given, **who)
        correct_publication(duplicate, said.id, "better", **who)
        merge_incident(duplicate, kept, **who)
        titles = [entry.title for entry in public_incident(kept.id).entries if entry.origin]
        assert titles[:2] == ["Correction of Milestone 1", "Milestone 1"]

    def test_a_hidden_system_is_named_at_no_duplicate(self, cast, who):
        cast.list_systems("cdn")
        kept, duplicate = cast.open(), cast.open(title="payments slow", systems=["cdn", "secret-db"])
        for name in ("cdn", "secret-db"):
            set_system_status(duplicate, name, SystemStatus.MAJOR, **who)
        merge_incident(duplicate, kept, **who)
        shown = str(public_incident(kept.id))
        assert "cdn: " in shown
        assert "secret-db" not in shown

    def test_who_follows_the_duplicate_follows_the_other_from_then_on(self, cast, who):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        given = {"kind": ChannelKind.EMAIL, "wants_all": False}
        given |= {"created_at": who["now"], "changed_at": who["now"]}
        one, both = (
            Subscriber(address=f"{name}@example.org", nonce=name, state=SubscriberState.ACTIVE, **given)
            for name in ("one", "both")
        )
        one.incidents = [SubscriberIncident(incident_id=duplicate.id)]
        both.incidents = [SubscriberIncident(incident_id=number) for number in (kept.id, duplicate.id)]
        db.session.add_all([one, both])
        db.session.commit()
        merge_incident(duplicate, kept, **who)
        assert kept.id in one.incident_numbers
        assert sorted(both.incident_numbers) == [kept.id, duplicate.id]
        assert sum(reach(kept).values()) == 2

    @pytest.mark.parametrize("flag", ["kept", "duplicate"])
    def test_a_private_one_of_the_two_gives_nothing_away(self, cast, who, flag):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        add_note(duplicate, "seen by everybody", visibility=Visibility.PUBLIC, **who)
        edit_field(kept if flag == "kept" else duplicate, "is_public", "no", **who)
        merge_incident(duplicate, kept, is_sure=True, **who)
        assert public_duplicate(duplicate.id) is None
        shown = public_incident(kept.id)
        assert shown is None or {entry.origin for entry in shown.entries} == {None}

    @pytest.mark.parametrize("why", ["private", "waits", "drill"])
    def test_into_one_that_the_public_does_not_see_it_has_to_be_confirmed_and_is_told(self, cast, who, why):
        kept, duplicate = cast.open(), cast.open(title="payments slow")
        if why == "private":
            edit_field(kept, "is_public", "no", **who)
        elif why == "drill":
            set_drill(kept, True, **who)
        else:
            kept.is_public, kept.awaits_review = False, True
            db.session.commit()
        before = len(acts())
        with pytest.raises(Invalid) as refused:
            merge_incident(duplicate, kept, **who)
        assert "INC-001 is not on the public page" in refused.value.errors["sure"]
        assert duplicate.merged_into is None
        merge_incident(duplicate, kept, is_sure=True, **who)
        assert acts()[before:] == [f"unlisted:{duplicate.id}"]

    def test_over_or_private_it_leaves_without_a_word(self, cast, who):
        kept, over, private = cast.open(), resolved(cast), cast.open()
        for one in (kept, private):
            edit_field(one, "is_public", "no", **who)
        before = len(acts())
        merge_incident(private, kept, **who)
        with pytest.raises(Invalid, match=r"leaves that page too\.$"):
            merge_incident(over, kept, **who)
        merge_incident(over, kept, is_sure=True, **who)
        assert acts()[before:] == []

    def test_undo_gives_back_what_was(self, cast, clock):
        kept, running, over = cast.open(), cast.open(severity=Severity.LOW), resolved(cast)
        cast.bring_to(running, Phase.VALIDATION)
        who = {"actor": cast.maya, "now": clock()}
        edit_field(running, "status", "monitoring", **who)
        columns = [column.key for column in Incident.__table__.columns if column.key != "version"]

        def state(one: Incident) -> dict:
            db.session.refresh(one)
            return {name: getattr(one, name) for name in columns}

        before = [state(one) for one in (kept, running, over)]
        for duplicate in (running, over):
            merge_incident(duplicate, kept, **who)
        clock.tick(minutes=10)
        for duplicate in (running, over):
            undo_merge(duplicate, actor=cast.maya, now=clock())
        assert [state(one) for one in (kept, running, over)] == before
        assert {one.number for one in public_status(clock()).active} == {kept.id, running.id}
        assert kinds(running.id)[-1] == "merge.undone"

    def test_refused(self, cast, who):
        kept, duplicate, third = cast.open(), cast.open(), cast.open()
        merge_incident(duplicate, kept, **who)
        for pair in ((kept, kept), (kept, third), (third, duplicate)):
            with pytest.raises(Conflict):
                merge_incident(*pair, **who)
        with pytest.raises(Invalid):
            undo_merge(third, **who)
        with pytest.raises(Forbidden):
            merge_incident(third, kept, actor=cast.rita, now=who["now"])

    def test_a_duplicate_is_not_continued_and_the_key_says_where_instead(self, cast, who):
        kept, duplicate = cast.open(), cast.open()
        merge_incident(duplicate, kept, **who)
        assert continue_refusal(duplicate).startswith("INC-002 was merged into INC-001.")

    def test_an_incident_is_named_as_people_write_it(self, cast):
        incident = cast.open()
        assert {named_incident(typed).id for typed in ("INC-001", "inc-1", "1", "001")} == {incident.id}
        for typed in ("", "x", "INC-", "99", "9" * 10, "1 2"):
            with pytest.raises(Invalid):
                named_incident(typed)
