"""What operations refuse, and in which words: what was typed wrongly, what is not there, what is over.
A refusal leaves no entry.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import (
    AccountRole,
    CardTier,
    ChannelKind,
    CheckState,
    CommandRole,
    DeliveryState,
    IncidentStatus,
    Notice,
    Phase,
    SignInMethod,
    TrackOutcome,
    Visibility,
)
from majorops.domain.errors import Conflict, Forbidden, Invalid, Refused
from majorops.domain.events import EventKind
from majorops.models import Delivery, Incident, TimelineEvent, User, ValidationCheck
from majorops.operations import (
    accounts,
    asks,
    catalogue,
    checklist,
    command,
    delivery,
    edit,
    phase,
    record,
    runcards,
    summary,
    systems,
    throttle,
    timeline,
    tracks,
    updates,
    validation,
)
from majorops.operations import incident as incidents
from majorops.operations.announcements import reach


@pytest.fixture
def incident(cast):
    return cast.open()


@pytest.fixture
def who(cast, clock):
    return lambda: {"actor": cast.maya, "now": clock()}


def entries() -> int:
    return db.session.scalar(select(func.count(TimelineEvent.id)))


def to_active(incident: Incident, who: dict) -> None:
    incident.status = IncidentStatus.MONITORING
    db.session.commit()
    phase.change_status(incident, IncidentStatus.ACTIVE, **who)


ON_AN_INCIDENT = {
    "an ask of nobody": (lambda i, w: asks.ask(i, whom="", what="x", minutes=5, **w), "Say whom and what"),
    "an ask too long": (
        lambda i, w: asks.ask(i, whom="Lena", what="x" * 301, minutes=5, **w),
        "At most 120 characters for whom, 300 for what",
    ),
    "an ask for no time": (
        lambda i, w: asks.ask(i, whom="Lena", what="x", minutes=0, **w),
        "Between 1 and 720",
    ),
    "a decision without words": (lambda i, w: asks.log_decision(i, proposal="", **w), "Write the decision"),
    "a cause ruled out for no reason": (
        lambda i, w: asks.rule_out(i, cause="DNS", why="", **w),
        "Say the cause and why not",
    ),
    "a line of no checklist": (
        lambda i, w: checklist.set_tick(i, Phase.ALERT, "nothing", True, **w),
        "no such checklist item",
    ),
    "nobody released": (lambda i, w: command.release_responder(i, "", **w), "Name who is released"),
    "a note without words": (lambda i, w: timeline.add_note(i, "", **w), "Write what you heard"),
    "a note too long": (
        lambda i, w: timeline.add_note(i, "x" * 5_001, **w),
        "At most 5,000 characters; this has 5,001",
    ),
    "an entry that is not there": (
        lambda i, w: timeline.set_visibility(i, 999, Visibility.PUBLIC, **w),
        "has no entry 999",
    ),
    "a fact struck out": (lambda i, w: timeline.strike_entry(i, 1, "wrong", **w), "Only notes are corrected"),
    "a track that is not there": (
        lambda i, w: tracks.close_track(i, 999, TrackOutcome.FAILED, **w),
        "no such track",
    ),
    "no team gathered": (lambda i, w: tracks.gather(i, [], 5, **w), "Name the teams"),
    "too many teams": (lambda i, w: tracks.gather(i, ["App"] * 13, 5, **w), "At most 12 teams"),
    "a timebox that is not there": (lambda i, w: tracks.close_timebox(i, 999, **w), "no such timebox"),
    "a need that is not there": (lambda i, w: tracks.meet_need(i, 999, **w), "no such need"),
    "an update without words": (lambda i, w: updates.publish_update(i, "", **w), "Write what is known"),
    "an update too long": (
        lambda i, w: updates.publish_update(i, "x" * 10_001, **w),
        "At most 10,000 characters; this has 10,001",
    ),
    "a next update in the past": (
        lambda i, w: updates.publish_milestone(i, "Known.", next_update_eta=w["now"], **w),
        "lies ahead, within 24 hours",
    ),
    "a correction of nothing": (
        lambda i, w: updates.correct_publication(i, 999, "Better.", **w),
        "has no such update",
    ),
    "no summary confirmed": (lambda i, w: summary.confirm_summary(i, **w), "no exec summary to confirm"),
    "no summary cleared": (lambda i, w: summary.clear_summary(i, **w), "no exec summary to clear"),
    "a system that is not affected": (
        lambda i, w: systems.set_system_status(i, "dns", None, **w),
        "dns is not an affected system",
    ),
    "a card that is not there": (lambda i, w: runcards.choose_card(i, 999, **w), "no such run card"),
    "a milestone without a promise": (
        lambda i, w: updates.publish_milestone(i, "Known.", **w),
        "A milestone promises the next update: choose when",
    ),
    "a resolution without its After Action": (
        lambda i, w: updates.publish_milestone(i, "Over.", is_resolution=True, **w),
        "A resolution milestone names the After Action's date and time",
    ),
    "a text that promises something else": (
        lambda i, w: updates.publish_update(i, "Next update in 15 minutes.", asks_promise=True, **w),
        "The text says 15 minutes, nothing is promised",
    ),
    "a holding update that changed meanwhile": (
        lambda i, w: updates.post_holding(i, shown="internal: what it said", **w),
        "Nothing was posted: it changed meanwhile. A holding update says now, public",
    ),
    "back to active by the status": (to_active, "press Symptoms returned"),
    "a field that does not exist": (lambda i, w: edit.edit_field(i, "nothing", "x", **w), "no field nothing"),
    "a discarded edit of no field": (
        lambda i, w: edit.record_discarded_edit(i, "nothing", "x", **w),
        "no field nothing",
    ),
    "a time that has not come": (
        lambda i, w: edit.edit_field(
            i, "detected_at", f"{w['now'] + timedelta(hours=2):%Y-%m-%d %H:%M}", **w
        ),
        "has not come yet",
    ),
}


@pytest.mark.parametrize(("act", "says"), ON_AN_INCIDENT.values(), ids=ON_AN_INCIDENT)
def test_an_incident_refuses(incident, who, act, says):
    before = entries()
    with pytest.raises(Refused, match=says):
        act(incident, who())
    db.session.rollback()
    assert entries() == before


class TestWhatIsOver:
    def test_an_update_is_corrected_once(self, incident, who):
        update = updates.publish_update(incident, "First.", **who())
        updates.correct_publication(incident, update.id, "Second.", **who())
        with pytest.raises(Conflict, match="was corrected already"):
            updates.correct_publication(incident, update.id, "Third.", **who())

    def test_a_note_is_corrected_once(self, incident, who):
        entry = timeline.add_note(incident, "heard", **who())
        timeline.strike_entry(incident, entry.seq, "not so", **who())
        with pytest.raises(Conflict, match="corrected already"):
            timeline.strike_entry(incident, entry.seq, "not so either", **who())

    def test_a_timebox_closes_once(self, incident, who):
        box = tracks.open_timebox(incident, purpose="conditions", owner="Maya", minutes=5, **who())
        tracks.close_timebox(incident, box.id, **who())
        with pytest.raises(Conflict, match="closed already"):
            tracks.close_timebox(incident, box.id, **who())

    def test_a_need_is_met_once(self, incident, who):
        report = tracks.report_can(incident, team="App", conditions="5xx", needs="freeze", **who())
        tracks.meet_need(incident, report.id, **who())
        with pytest.raises(Conflict, match="Maya Okafor marked this as met at 14:00:00"):
            tracks.meet_need(incident, report.id, **who())

    def test_a_track_ends_once_and_by_its_own_people(self, cast, incident, who, clock):
        track = tracks.open_track(
            incident, team="App", owner="Somebody", goal="roll back", minutes=5, **who()
        )
        with pytest.raises(Forbidden, match="Only the track's owner or the MIM"):
            tracks.close_track(incident, track.id, TrackOutcome.FAILED, actor=cast.rita, now=clock())
        with pytest.raises(Invalid, match="succeeded, failed or abandoned"):
            tracks.close_track(incident, track.id, TrackOutcome.RUNNING, **who())
        tracks.close_track(incident, track.id, TrackOutcome.FAILED, **who())
        with pytest.raises(Conflict, match="This track ended already: failed"):
            tracks.close_track(incident, track.id, TrackOutcome.FAILED, **who())

    def test_an_ask_closes_once(self, incident, who):
        row = asks.ask(incident, whom="Rita", what="pool size", minutes=5, **who())
        with pytest.raises(Invalid, match="Say why"):
            asks.defer_ask(incident, row.id, "", **who())
        asks.defer_ask(incident, row.id, "tomorrow", **who())
        with pytest.raises(Conflict, match="Maya Okafor closed this at 14:00:00"):
            asks.defer_ask(incident, row.id, "tomorrow", **who())

    def test_the_summary_that_was_read_is_the_one_that_is_confirmed(self, incident, who):
        edit.edit_field(incident, "exec_summary", "Payments fail.", **who())
        for act in (summary.confirm_summary, summary.clear_summary):
            with pytest.raises(Conflict):
                act(incident, was="Another text.", **who())

    def test_a_check_is_of_an_affected_system_and_of_its_people(self, cast, incident, who, clock):
        with pytest.raises(Conflict):
            validation.set_check(incident, "payments-api", CheckState.CONFIRMED, **who())
        cast.bring_to(incident, Phase.VALIDATION)
        with pytest.raises(Forbidden):
            validation.set_check(incident, "payments-api", CheckState.CONFIRMED, actor=cast.rita, now=clock())
        with pytest.raises(Invalid, match="dns is not an affected system"):
            validation.set_check(incident, "dns", CheckState.CONFIRMED, **who())
        validation.set_check(incident, "payments-api", CheckState.CONFIRMED, **who())
        before = entries()
        validation.set_check(incident, "payments-api", CheckState.CONFIRMED, **who())
        assert entries() == before

    def test_what_is_so_already_leaves_no_entry(self, incident, who):
        before = entries()
        timeline.set_visibility(
            incident, 1, db.session.scalar(select(TimelineEvent.visibility).filter_by(seq=1)), **who()
        )
        phase.change_status(incident, incident.status, **who())
        systems.set_system_status(incident, "payments-api", None, **who())
        assert entries() == before
        assert command.holder(incident, CommandRole.SRE) is None

    def test_an_open_incident_is_not_continued_and_none_begins_after_now(self, cast, incident, who, clock):
        with pytest.raises(Conflict, match="is still open"):
            incidents.continue_incident(incident, **who())
        with pytest.raises(Invalid, match="cannot have begun after now"):
            cast.open(detected_at=clock() + timedelta(minutes=1))

    def test_nothing_is_recorded_outside_an_operation(self, incident, who):
        with pytest.raises(RuntimeError, match="only inside an operation"):
            record(incident, EventKind.NOTE_LOGGED, "x", **who())


class TestDataManagement:
    def test_an_address_has_one_account(self, cast, clock):
        user = db.session.get(User, cast.omar.user_id)
        with pytest.raises(Invalid, match="has an account already"):
            accounts.update_user(user, email="maya@example.org", actor=cast.ada, now=clock())

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"name": ""}, "1 to 80 characters and no comma"),
            ({"name": "a,b"}, "1 to 80 characters and no comma"),
            ({"name": "dns", "description": "x" * 301}, "At most 300 characters; this has 301"),
            ({"name": "dns", "group_name": "x" * 81}, "At most 80 characters; this has 81"),
            ({"name": "dns", "owner": "eve@example.org"}, "No account has the e-mail eve@example.org"),
        ],
    )
    def test_a_system_is_refused(self, cast, clock, given, says):
        with pytest.raises(Invalid, match=says):
            catalogue.add_system(**given, actor=cast.ada, now=clock())

    def test_a_name_stands_in_the_catalogue_once(self, cast, clock):
        catalogue.add_system(name="dns", actor=cast.ada, now=clock())
        with pytest.raises(Invalid, match="dns is in the catalogue already"):
            catalogue.add_system(name="DNS", actor=cast.ada, now=clock())

    @pytest.mark.parametrize(
        ("kind", "address", "says"),
        [
            (ChannelKind.EMAIL, "x", "Use an e-mail address"),
            (ChannelKind.EMAIL, "x" * 1_001, "At most 1,000 characters; this has 1,001"),
            (ChannelKind.WEBHOOK, "ftp://x", "begins with http"),
            (ChannelKind.WEBHOOK, "https://x.example:99999/", "A port is a number"),
            (ChannelKind.APPRISE, "slack", "Use an Apprise address"),
        ],
    )
    def test_a_channel_is_refused(self, cast, clock, kind, address, says):
        given = {"kind": kind, "address": address, "actor": cast.ada, "now": clock()}
        with pytest.raises(Invalid, match=says):
            delivery.add_channel(email="omar@example.org", **given)

    def test_a_person_has_a_channel_once(self, cast, clock):
        given = {"kind": ChannelKind.WEBHOOK, "address": "https://hooks.example.org/1"}
        who = {"actor": cast.ada, "now": clock()}
        with pytest.raises(Invalid, match="No account has the e-mail"):
            delivery.add_channel(email="eve@example.org", **given, **who)
        channel = delivery.add_channel(email="omar@example.org", **given, **who)
        with pytest.raises(Invalid, match="has this channel already"):
            delivery.add_channel(email="omar@example.org", **given, **who)
        delivery.save_channel(channel, address=channel.address, is_active=True, **who)
        assert channel.is_active

    def test_what_is_on_its_way_or_has_no_channel_is_not_sent_again(self, cast, clock):
        cast.open()
        message, who = db.session.scalar(select(Delivery)), {"actor": cast.ada, "now": clock()}
        for state, says in ((DeliveryState.PENDING, "waiting"), (DeliveryState.SENT, "sent")):
            message.state = state
            db.session.commit()
            with pytest.raises(Conflict, match=f"Only what failed or had no channel .* this one: {says}"):
                delivery.send_again(message, **who)
        message.state, message.kind = DeliveryState.NO_CHANNEL, None
        db.session.commit()
        with pytest.raises(Conflict, match=r"The person has no channel\. Add one"):
            delivery.send_again(message, **who)

    def test_who_cannot_be_reached(self, cast, clock):
        who = {"actor": cast.ada, "now": clock()}
        for nick, kind, address, is_active in (
            ("omar", ChannelKind.WEBHOOK, "https://hooks.example.org/1", True),
            ("rita", ChannelKind.EMAIL, "r@b.cd", True),
            ("xin", ChannelKind.EMAIL, "x@b.cd", False),
        ):
            email = delivery.account_of(getattr(cast, nick)).email
            channel = delivery.add_channel(email=email, kind=kind, address=address, **who)
            delivery.save_channel(channel, address=address, is_active=is_active, **who)
        assert [user.name for user in delivery.unreachable(has_mail=True)] == ["Xin Zhao"]
        without = [user.name for user in delivery.unreachable(has_mail=False)]
        assert without == ["Ada Lindqvist", "Maya Okafor", "Rita Moreau", "Xin Zhao"]
        db.session.get(User, cast.rita.user_id).is_active = False
        assert "Rita Moreau" not in [user.name for user in delivery.unreachable(has_mail=False)]

    def test_a_policy_that_stands_is_no_change(self, cast, clock):
        role, notice = AccountRole.MIM, Notice.ALARM
        is_on = role in delivery.roles_that_want(notice)
        with pytest.raises(Invalid, match="how it is already"):
            delivery.set_policy(role, notice, is_on, actor=cast.ada, now=clock())


class TestEdits:
    def test_who_typed_what_stands_there_already_is_in_nobodys_way(self, incident, who):
        title = "prod-payments-api not responding"
        assert not edit.edit_field(incident, "title", title, was="what stood there before", **who())
        with pytest.raises(Conflict, match="was changed meanwhile"):
            edit.edit_field(incident, "title", "another", was="what stood there before", **who())

    def test_a_discarded_text_has_a_limit(self, incident, who):
        with pytest.raises(Invalid, match="At most"):
            edit.record_discarded_edit(incident, "title", "x" * (edit.DISCARDED_AT_MOST + 1), **who())

    def test_a_system_that_goes_takes_its_check_along(self, cast, incident, who):
        cast.bring_to(incident, Phase.VALIDATION)
        validation.set_check(incident, "ledger-db", CheckState.CONFIRMED, **who())
        edit.edit_field(incident, "affected_systems", "payments-api", **who())
        assert db.session.scalars(select(ValidationCheck.system)).all() == []

    def test_an_incident_is_detected_before_it_is_opened_and_resolved_after(self, cast, incident, who, clock):
        clock.tick(hours=2)
        late = f"{clock() - timedelta(hours=1):%Y-%m-%d %H:%M}"
        with pytest.raises(Invalid, match="not after the incident was opened"):
            edit.edit_field(incident, "detected_at", late, **who())
        cast.resolve(incident)
        early = f"{incident.opened_at - timedelta(hours=1):%Y-%m-%d %H:%M}"
        with pytest.raises(Invalid, match="not before the incident was opened"):
            edit.edit_field(incident, "resolved_at", early, **who())


class TestEnds:
    def test_no_phase_comes_after_the_last(self, cast, incident, who):
        cast.validate(incident)
        cast.bring_to(incident, Phase.RESOLUTION)
        with pytest.raises(Invalid):
            phase.advance_phase(incident, **who())

    def test_who_lost_the_race_is_told_where_the_incident_is(self, incident, who):
        with pytest.raises(Conflict, match="The incident is in"):
            phase.advance_phase(incident, expected=Phase.GATHER, **who())

    def test_symptoms_return_after_mitigation_only(self, incident, who):
        with pytest.raises(Conflict):
            phase.report_symptoms_returned(incident, **who())

    def test_a_role_given_twice_is_one_entry(self, incident, who):
        command.assign_role(incident, CommandRole.SRE, "Rita Moreau", **who())
        before = entries()
        command.assign_role(incident, CommandRole.SRE, "Rita Moreau", **who())
        assert entries() == before

    def test_a_session_that_ended_is_found_among_others(self, cast, clock):
        user = db.session.get(User, cast.omar.user_id)
        given = {"method": SignInMethod.LOCAL, "actor": user.actor, "now": clock()}
        tokens = [accounts.start_session(user, **given) for _ in range(2)]
        hashes = [accounts.hash_token(token) for token in tokens]
        accounts.end_session(tokens[0], actor=user.actor, now=clock())
        since = clock() - timedelta(days=1)
        assert accounts.ended_sessions({*hashes, "never"}, since) == {hashes[0], "never"}
        assert accounts.ended_sessions({hashes[1]}, clock() + timedelta(days=1)) == {hashes[1]}

    def test_a_drill_reaches_no_subscriber(self, cast):
        assert reach(cast.open(is_drill=True)) == {}

    def test_only_an_account_owns_a_system(self):
        assert not validation.owns(SYSTEM, "payments-api")

    def test_a_card_has_its_name_alone(self, cast, clock):
        body = "# Steps\n- one\n# Contacts\nx\n# Systems\nx\n# Default Box\n2\n"
        given = {"tier": CardTier.AGENCY, "name": "first", "systems": "*", "body": body}
        runcards.add_card(**given, actor=cast.ada, now=clock())
        with pytest.raises(Invalid, match="There is a run card first already"):
            runcards.add_card(**given, actor=cast.ada, now=clock())


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::7%eth0", "2001:db8::/64"),
        ("no address at all", "no address at all"),
    ],
)
def test_an_address_counts_as_its_network(address, counted):
    assert throttle.place(address) == counted
