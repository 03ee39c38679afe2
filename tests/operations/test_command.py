"""Command: taken, handed over, stood down; the exposure line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops import create_app
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import (
    AccountRole,
    AlarmLevel,
    CommandRole,
    HandoverState,
    IntakeSource,
    Notice,
    Severity,
)
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.models import CommandAssignment, Delivery, Handover, Incident, TimelineEvent, User
from majorops.operations import accounts
from majorops.operations.command import assign_role, holder, release_responder, take_command
from majorops.operations.edit import edit_field
from majorops.operations.exposure import publish_exposure
from majorops.operations.handover import accept_handover, decline_handover, offer_handover, withdraw_handover
from majorops.operations.incident import continue_incident, open_incident
from majorops.operations.stand_down import stand_down
from majorops.operations.tracks import open_track, report_can
from tests.operations.test_at_once import at_once


@pytest.fixture
def incident(cast):
    return cast.open(severity=Severity.LOW)


def vacant(clock) -> Incident:
    """As the command line opens one."""
    given = {"title": "t", "severity": Severity.LOW, "systems": ["a"], "source": IntakeSource.CLI}
    return open_incident(**given, actor=SYSTEM, now=clock())


def mim(incident) -> str:
    return getattr(holder(incident, CommandRole.MIM), "name", "")


def last(incident, kind: str) -> TimelineEvent:
    rows = select(TimelineEvent).filter_by(incident_id=incident.id, kind=kind)
    return db.session.scalar(rows.order_by(TimelineEvent.seq.desc()).limit(1))


def offered(cast, clock, incident) -> Handover:
    return offer_handover(incident, cast.omar.user_id, actor=cast.maya, now=clock())


# I have command


def test_the_command_line_leaves_the_seat_empty_and_a_person_sits(cast, clock):
    assert mim(vacant(clock)) == ""
    assert mim(cast.open()) == "Maya Okafor"


def test_who_presses_has_command(cast, clock):
    incident = vacant(clock)
    take_command(incident, actor=cast.omar, now=clock())
    seat = holder(incident, CommandRole.MIM)
    assert (seat.name, seat.user_id) == ("Omar Haddad", cast.omar.user_id)
    assert last(incident, "command.changed").title == "Omar Haddad has command"
    with pytest.raises(Conflict, match="Omar Haddad has command since 14:00:00"):
        take_command(incident, actor=cast.maya, now=clock())
    with pytest.raises(Conflict, match="You have command"):
        take_command(incident, actor=cast.omar, now=clock())


def test_nobody_takes_what_is_not_theirs_to_take(cast, clock):
    incident = vacant(clock)
    for who in (cast.rita, SYSTEM):
        with pytest.raises(Forbidden):
            take_command(incident, actor=who, now=clock())
    cast.resolve(incident)
    with pytest.raises(Conflict, match="is resolved"):
        take_command(incident, actor=cast.maya, now=clock())


def test_two_press_at_once(app, cast, clock):
    number, people = vacant(clock).id, [cast.maya, cast.omar]

    def press(n):
        take_command(db.session.get(Incident, number), actor=people[n], now=clock())
        return people[n].name

    results = at_once(app, press, 2)
    winner = next(result for result in results if isinstance(result, str))
    refused = next(result for result in results if isinstance(result, Conflict))
    assert str(refused) == f"{winner} has command since 14:00:00."
    assert mim(db.session.get(Incident, number)) == winner


# Hand-over


def test_offer_and_accept(cast, clock, incident):
    handover = offered(cast, clock, incident)
    assert mim(incident) == "Maya Okafor"  # until it is accepted
    assert "Maya Okafor › Omar Haddad, offered" in last(incident, "handover.offered").title
    assert len(handover.brief.splitlines()) == 6
    told = db.session.scalars(select(Delivery).filter_by(notice=Notice.HANDOVER)).all()
    assert [(row.user_id, row.act) for row in told] == [(cast.omar.user_id, f"handover:{handover.id}")]
    assert handover.brief in told[0].body
    clock.tick(minutes=1)
    edit_field(incident, "title", "worse than thought", actor=cast.maya, now=clock())
    accept_handover(incident, handover.id, actor=cast.omar, now=clock())
    seat = holder(incident, CommandRole.MIM)
    assert (seat.name, seat.user_id, seat.since) == ("Omar Haddad", cast.omar.user_id, clock())
    entry = last(incident, "command.changed")
    assert entry.title == "Command: Maya Okafor › Omar Haddad, accepted"
    assert handover.state is HandoverState.ACCEPTED
    assert "worse than thought" in handover.brief  # as of the acceptance
    assert entry.detail == handover.brief


@pytest.mark.parametrize("operation", [accept_handover, decline_handover])
def test_only_the_one_it_was_offered_to_answers(cast, clock, incident, operation):
    handover = offered(cast, clock, incident)
    for who in (cast.maya, cast.ada):
        with pytest.raises(Forbidden, match="offered to Omar Haddad"):
            operation(incident, handover.id, actor=who, now=clock())
    with pytest.raises(Forbidden, match="Responder"):
        operation(incident, handover.id, actor=cast.rita, now=clock())
    assert (handover.closed_at, mim(incident)) == (None, "Maya Okafor")


def test_after_a_restart(app, cast, clock, incident, settings):
    handover_id, number = offered(cast, clock, incident).id, incident.id
    db.session.rollback()
    with create_app(settings).app_context():
        here = db.session.get(Incident, number)
        with pytest.raises(Forbidden):
            accept_handover(here, handover_id, actor=cast.ada, now=clock())
        accept_handover(here, handover_id, actor=cast.omar, now=clock())
        assert mim(here) == "Omar Haddad"
        db.session.remove()
        db.engine.dispose()


def test_it_is_answered_once(cast, clock, incident):
    handover = offered(cast, clock, incident)
    accept_handover(incident, handover.id, actor=cast.omar, now=clock())
    for operation, who in (
        (accept_handover, cast.omar),
        (decline_handover, cast.omar),
        (withdraw_handover, cast.maya),
    ):
        with pytest.raises(Conflict, match="was accepted at 14:00:00"):
            operation(incident, handover.id, actor=who, now=clock())


def test_accept_and_withdraw_at_once(app, cast, clock, incident):
    number, handover_id = incident.id, offered(cast, clock, incident).id

    def press(n):
        operation, who = ((accept_handover, cast.omar), (withdraw_handover, cast.maya))[n]
        operation(db.session.get(Incident, number), handover_id, actor=who, now=clock())
        return n

    results = at_once(app, press, 2)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "int"]
    won = next(result for result in results if isinstance(result, int))
    assert mim(db.session.get(Incident, number)) == ("Omar Haddad", "Maya Okafor")[won]


def test_two_offers_at_once(app, cast, clock, incident):
    number, people = incident.id, [cast.omar, cast.ada]

    def press(n):
        here = db.session.get(Incident, number)
        return offer_handover(here, people[n].user_id, actor=cast.maya, now=clock()).id

    results = at_once(app, press, 2)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "int"]
    assert len(db.session.scalars(select(Handover).filter_by(closed_at=None)).all()) == 1


def test_the_same_offer_twice_is_one(cast, clock, incident):
    assert offered(cast, clock, incident) is offered(cast, clock, incident)
    with pytest.raises(Conflict, match="offered to Omar Haddad already"):
        offer_handover(incident, cast.ada.user_id, actor=cast.maya, now=clock())


def test_declined_or_withdrawn_command_stays(cast, clock, incident):
    for operation, who, kind in (
        (decline_handover, cast.omar, "handover.declined"),
        (withdraw_handover, cast.maya, "handover.withdrawn"),
        (withdraw_handover, cast.ada, "handover.withdrawn"),
    ):
        operation(incident, offered(cast, clock, incident).id, actor=who, now=clock())
        entry = last(incident, kind)
        assert "Maya Okafor › Omar Haddad" in entry.title
        assert mim(incident) == "Maya Okafor"
    with pytest.raises(Forbidden, match="Only Maya Okafor or an admin"):
        withdraw_handover(incident, offered(cast, clock, incident).id, actor=cast.omar, now=clock())


def test_offers_that_cannot_be(cast, clock, incident):
    offer = {"actor": cast.maya, "now": clock()}
    for wrong in (None, 9999, cast.rita.user_id, cast.maya.user_id):
        with pytest.raises(Invalid) as refused:
            offer_handover(incident, wrong, **offer)
        assert list(refused.value.errors) == ["to"]
    with pytest.raises(Forbidden, match="Only Maya Okafor, MIM, or an admin"):
        offer_handover(incident, cast.omar.user_id, actor=cast.omar, now=clock())
    with pytest.raises(Conflict, match="MIM is vacant"):
        offer_handover(vacant(clock), cast.omar.user_id, **offer)
    with pytest.raises(Invalid, match="no such hand-over"):
        accept_handover(cast.open(), offered(cast, clock, incident).id, actor=cast.omar, now=clock())
    assert (
        offer_handover(cast.open(), cast.omar.user_id, actor=cast.ada, now=clock()).from_name == "Maya Okafor"
    )


def resolve(cast, clock, incident):
    cast.resolve(incident)


def name_another(cast, clock, incident):
    assign_role(incident, CommandRole.MIM, "A. Passer-by", actor=cast.ada, now=clock())


def switch_off(cast, clock, incident):
    accounts.set_active(db.session.get(User, cast.omar.user_id), False, actor=cast.ada, now=clock())


def demote(cast, clock, incident):
    accounts.set_role(
        db.session.get(User, cast.omar.user_id), AccountRole.RESPONDER, actor=cast.ada, now=clock()
    )


@pytest.mark.parametrize(
    ("overtake", "reason"),
    [
        (resolve, "INC-001 was resolved"),
        (name_another, "MIM was set to A. Passer-by"),
        (switch_off, "The account of Omar Haddad is switched off."),
        (demote, "Omar Haddad has no command rights. Responder accounts may not do this."),
    ],
)
def test_a_hand_over_out_of_date_closes_itself(cast, clock, incident, overtake, reason):
    handover = offered(cast, clock, incident)
    overtake(cast, clock, incident)
    db.session.refresh(handover)
    assert (handover.state, handover.reason) == (HandoverState.LAPSED, reason)
    assert last(incident, "handover.lapsed").detail == reason
    before = mim(incident)
    with pytest.raises(Conflict, match="lapsed at 14:00:00") as refused:
        accept_handover(incident, handover.id, actor=cast.omar, now=clock())
    assert reason in str(refused.value)
    assert mim(incident) == before


def test_a_mim_named_by_hand_is_said_to_be(cast, clock, incident):
    assign_role(incident, CommandRole.MIM, "A. Passer-by", actor=cast.maya, now=clock())
    entry = last(incident, "command.changed")
    assert entry.title == "MIM: A. Passer-by replaces Maya Okafor"
    assert entry.detail == "Set by hand, without a hand-over: A. Passer-by has no account."
    assign_role(incident, CommandRole.MIM, "Omar Haddad", actor=cast.omar, now=clock())
    assert last(incident, "command.changed").detail == "Set by hand, without a hand-over."
    assert holder(incident, CommandRole.MIM).user_id == cast.omar.user_id
    with pytest.raises(Invalid, match="never empty"):
        assign_role(incident, CommandRole.MIM, "", actor=cast.maya, now=clock())
    release_responder(incident, "Omar Haddad", actor=cast.maya, now=clock())
    assert mim(incident) == "Omar Haddad"


# Stand-down


def test_stand_down_releases_all_and_tells_whom_the_incident_called(cast, clock):
    incident = cast.open()
    assign_role(incident, CommandRole.SRE, "Rita Moreau", actor=cast.maya, now=clock())
    assign_role(incident, CommandRole.LEADER, "Somebody Else", actor=cast.maya, now=clock())
    with pytest.raises(Conflict, match="INC-001 is not resolved"):
        stand_down(incident, actor=cast.maya, now=clock())
    assign_role(incident, CommandRole.CUSTOMER_OPS, "Lena Fischer", actor=cast.maya, now=clock())
    release_responder(incident, "Lena Fischer", actor=cast.maya, now=clock.tick(seconds=1))
    cast.resolve(incident)
    before = incident.version
    stand_down(incident, actor=cast.maya, now=clock.tick(minutes=1))
    assert incident.version == before + 1
    entry = last(incident, "response.stood_down")
    assert entry.title == "Stood down: Rita Moreau, Maya Okafor, Somebody Else"
    assert "SRE: Rita Moreau" in entry.detail
    assert db.session.scalars(select(CommandAssignment).filter_by(until=None)).all() == []
    told = set(db.session.scalars(select(Delivery.recipient).filter_by(notice=Notice.STAND_DOWN)))
    assert told == {"Rita Moreau", "Omar Haddad", "Xin Zhao"}  # Maya pressed
    assert incident.stood_down_at == clock()
    assert entry.detail.endswith(
        "3 queued\nNo message to Somebody Else (no account), Lena Fischer (no account)"
    )
    clock.tick(minutes=1)
    with pytest.raises(Conflict, match="Stood down 14:01:01 by Maya Okafor"):
        stand_down(incident, actor=cast.omar, now=clock())


def test_two_stand_down_at_once(app, cast, clock):
    incident = cast.open()
    cast.resolve(incident)
    number, people = incident.id, [cast.maya, cast.omar]

    def press(n):
        stand_down(db.session.get(Incident, number), actor=people[n], now=clock())
        return "done"

    results = at_once(app, press, 2)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "str"]
    # Two people, each told by the act of the other or not at all; never twice.
    told = db.session.scalars(select(Delivery.recipient).filter_by(notice=Notice.STAND_DOWN)).all()
    assert len(told) == len(set(told))


# Exposure line


def test_exposure_line_is_read_from_the_record_and_published(cast, clock, incident):
    who = {"actor": cast.maya, "now": clock()}
    assert publish_exposure(incident, **who) == "T0C(~)R(~)"
    for team in ("App", "Vendor PayLink"):
        open_track(incident, team=team, owner="o", goal="g", minutes=5, **who)
    report_can(incident, team="app", conditions="slow", **who)
    report_can(incident, team="DB", conditions="slow", **who)
    edit_field(incident, "exposure_confidence", "low", **who)
    edit_field(incident, "exposure_path", "blocked", **who)
    edit_field(incident, "alarm_level", str(AlarmLevel.BOX_2.value), **who)
    assert publish_exposure(incident, **who) == "E2T2V1C(L)R(B)"
    entry = last(incident, "exposure.published")
    assert (entry.visibility.value, entry.title) == ("internal", "Exposure line E2T2V1C(L)R(B)")
    assert entry.detail == "Box 2, 2 teams, 1 vendor, recovery confidence low, path blocked"
    assert (incident.exposure_line, incident.exposure_published_at) == ("E2T2V1C(L)R(B)", clock())


def test_a_line_pressed_twice_is_published_once(cast, clock, incident):
    for seconds, count in ((0, 1), (59, 1), (61, 2)):
        now = clock() + timedelta(seconds=seconds)
        publish_exposure(incident, actor=cast.maya, now=now)
        rows = select(TimelineEvent).filter_by(kind="exposure.published")
        assert len(db.session.scalars(rows).all()) == count
    cast.resolve(incident)
    with pytest.raises(Conflict, match="is resolved"):
        publish_exposure(incident, actor=cast.maya, now=clock())


def test_a_letter_that_is_none(cast, clock, incident):
    with pytest.raises(Invalid, match="choose one of High, Medium, Low, Not stated"):
        edit_field(incident, "exposure_confidence", "H", actor=cast.maya, now=clock())


def test_release_and_stand_down_after_the_close(cast, clock):
    """Roles stay for the stand-down; who gets no message of it is named with why."""
    incident, who = cast.open(), {"actor": cast.maya, "now": clock()}
    for role, name in ((CommandRole.SRE, "Rita Moreau"), (CommandRole.LEADER, "Ada Lindqvist")):
        assign_role(incident, role, name, **who)
    release_responder(incident, "Rita Moreau", **who)
    cast.resolve(incident)
    release_responder(incident, "Ada Lindqvist", **who)
    assert last(incident, "responder.released").title == "Released: Ada Lindqvist"
    assert holder(incident, CommandRole.LEADER).name == "Ada Lindqvist"
    stand_down(incident, actor=cast.maya, now=clock.tick(minutes=1))
    untold = "No message to Rita Moreau (held no role any more), Ada Lindqvist (messages off)"
    assert last(incident, "response.stood_down").detail.endswith(untold)
    with pytest.raises(Conflict, match="Everybody was released at 14:01:00"):
        release_responder(incident, "Ada Lindqvist", actor=cast.maya, now=clock())


def test_who_held_a_role_last_holds_it_where_it_is_continued_and_that_is_once(cast, clock, incident):
    who = {"actor": cast.omar, "now": clock()}
    for name in ("Lena Fischer", "Rita Moreau"):
        assign_role(incident, CommandRole.SRE, name, **who)
        clock.tick(seconds=1)
        who["now"] = clock()
    cast.resolve(incident)
    new = continue_incident(incident, **who)
    sre = holder(new, CommandRole.SRE)
    assert (sre.name, sre.user_id) == ("Rita Moreau", cast.rita.user_id)
    assert mim(new) == "Omar Haddad"  # who continues it, not who had command of the first
    assert continue_incident(incident, actor=cast.maya, now=clock()) is new
    assert len(db.session.scalars(select(Incident.id)).all()) == 2
