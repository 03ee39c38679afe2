"""Paging for a role: who is called, again, and whom after that, until somebody is on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, CommandRole, DeliveryState, Notice, Severity
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.paging import Call
from majorops.models import Delivery, TimelineEvent, User
from majorops.notifications.inside import void
from majorops.operations import command, paging, rotas
from majorops.operations.delivery import set_policy
from majorops.operations.handover import holder
from tests.operations.afterwards import resolve

SRE = CommandRole.SRE


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def rota(cast, clock):
    """Rita is on call for SRE, Omar is her deputy."""
    hours = f"{clock() - timedelta(hours=1):%Y-%m-%d %H:%M} to {clock() + timedelta(hours=9):%Y-%m-%d %H:%M}"
    shifts = f"{hours} rita@example.org\n{hours} omar@example.org deputy"
    return rotas.add_rota(name="SRE", role=SRE, shifts=shifts, actor=cast.ada, now=clock())


def entries(kind: str) -> list[str]:
    rows = select(TimelineEvent.title).where(TimelineEvent.kind == kind).order_by(TimelineEvent.id)
    return list(db.session.scalars(rows))


def pages_sent() -> list[str]:
    db.session.rollback()
    rows = select(Delivery.recipient).filter_by(notice=Notice.PAGE).order_by(Delivery.id)
    return list(db.session.scalars(rows))


def test_page_again_deputy_leader_and_then_nobody(cast, clock, rota, who):
    incident = cast.open(severity=Severity.CRITICAL)
    command.assign_role(incident, CommandRole.LEADER, "Ada Lindqvist", **who)
    row = paging.page_role(incident, SRE, **who)
    assert row.next_at == clock() + timedelta(minutes=3)
    first = row.whom
    for _ in range(3):
        clock.tick(minutes=2, seconds=59)
        paging.call_due(clock())
        clock.tick(seconds=1)
        paging.call_due(clock())
    assert [title.partition(":")[0] for title in entries("page.called")] == [
        "Paged",
        "Paged again",
        "Paged the deputy",
        "Paged the leader",
    ]
    assert pages_sent() == [first, first, "Omar Haddad", "Ada Lindqvist"]
    clock.tick(minutes=3)
    paging.call_due(clock())
    assert entries("page.unanswered") == ["Nobody answered the page for SRE in 12 min 00 s"]
    assert pages_sent()[-1] == "Maya Okafor"  # who has command is told
    clock.tick(minutes=30)
    paging.call_due(clock())
    assert len(entries("page.unanswered")) == 1
    assert "nobody further is called" in cast.browser("maya").get(f"/admin/incidents/{incident.id}").text


def test_i_am_on_it_ends_the_page_and_takes_the_vacant_role(cast, clock, rota, who):
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    clock.tick(seconds=42)
    rita = cast.browser("rita")
    page = rita.get(f"/admin/incidents/{incident.id}").text
    assert ", you: SRE" in page
    assert "I am on it" in page
    paging.answer_page(incident, row.id, actor=cast.rita, now=clock())
    (title,) = entries("page.answered")
    assert title.endswith("is on it: SRE, 42 s after the page")
    assert holder(incident, SRE).user_id == cast.rita.user_id
    clock.tick(minutes=30)
    paging.call_due(clock())
    assert len(pages_sent()) == 1
    with pytest.raises(Conflict, match="is on it since"):
        paging.answer_page(incident, row.id, actor=cast.omar, now=clock())


def test_what_became_of_the_message_stands_on_the_timeline_once(cast, clock, rota, who):
    incident = cast.open()
    paging.page_role(incident, SRE, **who)
    paging.call_due(clock())
    assert entries("page.reached") == []  # it is on its way
    sent = db.session.scalars(select(Delivery).filter_by(notice=Notice.PAGE)).one()
    sent.state, sent.sent_at = DeliveryState.SENT, clock() + timedelta(seconds=2)
    db.session.commit()
    clock.tick(seconds=5)
    paging.call_due(clock())
    paging.call_due(clock())
    (title,) = entries("page.reached")
    assert title.endswith("delivered by E-mail after 2 s")


def test_a_message_that_does_not_arrive_is_said(cast, clock, rota, who):
    incident = cast.open()
    paging.page_role(incident, SRE, **who)
    sent = db.session.scalars(select(Delivery).filter_by(notice=Notice.PAGE)).one()
    sent.state, sent.last_error = DeliveryState.FAILED, "No such mailbox."
    db.session.commit()
    paging.call_due(clock())
    (title,) = entries("page.reached")
    assert "did not arrive. No such mailbox." in title


def test_whom_somebody_names_is_paged_and_who_there_is_not_is_said(cast, clock, who):
    incident = cast.open()
    with pytest.raises(Invalid, match="Nobody is on call for SRE"):
        paging.page_role(incident, SRE, **who)
    with pytest.raises(Invalid):
        paging.page_role(incident, SRE, whom="nobody@example.org", **who)
    row = paging.page_role(incident, SRE, whom="omar@example.org", **who)
    assert row.whom == "Omar Haddad"
    with pytest.raises(Conflict, match="paged already"):
        paging.page_role(incident, SRE, whom="omar@example.org", **who)
    paging.end_page(incident, row.id, **who)
    paging.page_role(incident, SRE, whom="omar@example.org", **who)
    with pytest.raises(Invalid, match="no such page"):
        paging.answer_page(cast.open(), row.id, **who)


def says(incident, role: CommandRole, now) -> str:
    return paging.said_on_call(incident, role, paging.rotas_in_use(), now)


def test_the_rota_of_a_system_comes_before_that_of_all(cast, clock, rota, who):
    hours = f"{clock() - timedelta(hours=1):%Y-%m-%d %H:%M} to {clock() + timedelta(hours=9):%Y-%m-%d %H:%M}"
    cast.list_systems("payments-api")
    given = {"name": "Payments", "role": SRE, "system": "payments-api", "shifts": f"{hours} ada@example.org"}
    own = rotas.add_rota(**given, actor=cast.ada, now=clock())
    incident = cast.open(systems=["payments-api"])
    assert says(incident, SRE, clock()) == "ada@example.org"
    text = {"name": "Payments", "role": SRE, "system": "payments-api", "shifts": "", "calendar_url": ""}
    rotas.save_rota(own, **text, is_active=False, actor=cast.ada, now=clock())
    assert says(incident, SRE, clock()) == "rita@example.org"
    assert says(incident, CommandRole.LEADER, clock()) == ""


def test_a_page_of_an_incident_that_is_over_calls_nobody(cast, clock, rota, who):
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    resolve(incident, who)
    clock.tick(hours=1)
    paging.call_due(clock())
    db.session.refresh(row)
    assert row.ended_at == clock()
    assert len(pages_sent()) == 1


def test_who_may_page_and_who_may_be_on_it(cast, clock, rota, who):
    incident = cast.open()
    with pytest.raises(Forbidden):
        paging.page_role(incident, SRE, actor=cast.rita, now=clock())
    row = paging.page_role(incident, SRE, **who)
    with pytest.raises(Forbidden):
        paging.answer_page(incident, row.id, actor=cast.xin, now=clock())
    with pytest.raises(Forbidden):
        paging.end_page(incident, row.id, actor=cast.rita, now=clock())
    assert paging.call_next(incident, row.id, actor=SYSTEM, now=clock()) is False  # not due


def test_by_the_fireground_without_script(app, cast, clock, rota):
    app.config["WTF_CSRF_ENABLED"] = False
    incident, maya = cast.open(), cast.browser("maya")
    path = f"/admin/incidents/{incident.id}"
    page = maya.get(path).text
    assert 'action="/admin/incidents/1/pages"' in page
    refused = maya.post(f"{path}/pages", data={"role": "leader", "whom": "no one"})
    assert refused.status_code == 422
    assert 'value="no one"' in refused.text
    assert maya.post(f"{path}/pages", data={"role": "sre"}).status_code == 303
    number = paging.open_pages(incident.id)[0].id
    assert cast.browser("rita").post(f"{path}/pages/{number}/answer").status_code == 303
    assert paging.open_pages(incident.id) == []


def details() -> list[str]:
    rows = select(TimelineEvent.detail).where(TimelineEvent.kind == "page.called")
    return list(db.session.scalars(rows.order_by(TimelineEvent.id)))


def test_the_record_says_when_no_message_goes(app, cast, clock, rota, who):
    paging.page_role(cast.open(is_drill=True), SRE, **who)
    app.config["SMTP_URL"] = None
    paging.page_role(cast.open(), SRE, **who)
    set_policy(AccountRole.RESPONDER, Notice.PAGE, False, actor=cast.ada, now=clock())
    paging.page_role(cast.open(), SRE, **who)
    drill, channel, policy = details()
    assert drill == "A drill: nothing is sent."
    assert channel.endswith("call by phone.")
    assert policy.endswith("by policy or because it is private: call by phone.")
    clock.tick(seconds=1)
    paging.call_due(clock())
    assert entries("page.reached") == []


def test_who_cannot_be_paged_is_said(cast, clock, who):
    incident = cast.open()
    with pytest.raises(Invalid, match="Executive accounts cannot press I am on it"):
        paging.page_role(incident, SRE, whom="xin@example.org", **who)
    rita = db.session.get(User, cast.rita.user_id)
    rita.is_active = False
    db.session.commit()
    with pytest.raises(Invalid, match="is switched off"):
        paging.page_role(incident, SRE, whom="rita@example.org", **who)
    hours = f"{clock() - timedelta(hours=1):%Y-%m-%d %H:%M} to {clock() + timedelta(hours=9):%Y-%m-%d %H:%M}"
    add_rota = rotas.add_rota
    add_rota(name="SRE", role=SRE, shifts=f"{hours} lena@example.org", actor=cast.ada, now=clock())
    with pytest.raises(Invalid, match=r"On call for SRE is lena@example\.org\. No account"):
        paging.page_role(incident, SRE, **who)


def test_nobody_is_called_twice_in_a_row_but_once_again(cast, clock, who):
    """The deputy is the same person, and so is who is on call for Leader: it ends after the second call."""
    hours = f"{clock() - timedelta(hours=1):%Y-%m-%d %H:%M} to {clock() + timedelta(hours=9):%Y-%m-%d %H:%M}"
    given = {"actor": cast.ada, "now": clock()}
    rotas.add_rota(
        name="SRE", role=SRE, shifts=f"{hours} rita@example.org\n{hours} rita@example.org deputy", **given
    )
    rotas.add_rota(name="Lead", role=CommandRole.LEADER, shifts=f"{hours} omar@example.org", **given)
    incident = cast.open(severity=Severity.CRITICAL)
    paging.page_role(incident, SRE, **who)
    for _ in range(4):
        clock.tick(minutes=3)
        paging.call_due(clock())
    assert [title.partition(":")[0] for title in entries("page.called")] == [
        "Paged",
        "Paged again",
        "Paged the leader",
    ]
    assert len(entries("page.unanswered")) == 1


def test_a_leader_who_cannot_answer_here_is_asked_to_call_back(cast, clock, who):
    incident = cast.open(severity=Severity.CRITICAL)
    command.assign_role(incident, CommandRole.LEADER, cast.xin.name, **who)
    paging.page_role(incident, SRE, whom="rita@example.org", **who)
    for _ in range(2):
        clock.tick(minutes=3)
        paging.call_due(clock())
    body = db.session.scalar(select(Delivery.body).filter_by(user_id=cast.xin.user_id, notice=Notice.PAGE))
    assert "Call Maya Okafor back" in body


def test_a_message_that_waits_is_not_sent_once_somebody_is_on_it(app, cast, clock, rota, who):
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    sent = db.session.scalars(select(Delivery).filter_by(notice=Notice.PAGE)).one()
    assert void(sent, clock()) == ""
    paging.answer_page(incident, row.id, actor=cast.omar, now=clock())
    assert "answered or ended" in void(sent, clock())


def test_pages_that_nobody_answers_do_not_hold_up_others(monkeypatch, cast, clock, rota, who):
    monkeypatch.setattr(paging, "AT_ONCE", 1)
    first = cast.open(severity=Severity.CRITICAL)
    paging.page_role(first, SRE, whom="rita@example.org", **who)
    for _ in range(3):
        clock.tick(minutes=3)
        paging.call_due(clock())
    for sent in db.session.scalars(select(Delivery).filter_by(notice=Notice.PAGE)):
        sent.state, sent.sent_at = DeliveryState.SENT, clock()
    db.session.commit()
    paging.call_due(clock())
    second = cast.open(severity=Severity.CRITICAL)
    row = paging.page_role(second, SRE, actor=cast.maya, now=clock())
    clock.tick(minutes=3)
    paging.call_due(clock())
    db.session.refresh(row)
    assert row.call is Call.AGAIN


def test_what_fails_at_one_page_does_not_stop_the_next(monkeypatch, cast, clock, rota, who):
    rows = [paging.page_role(cast.open(severity=Severity.CRITICAL), SRE, **who) for _ in range(3)]
    clock.tick(minutes=3)
    whole, faults = paging._go_on, {rows[0].id: ValueError("broken"), rows[1].id: Conflict("resolved")}

    def go_on(number, incident_id, now):
        if number in faults:
            raise faults[number]
        whole(number, incident_id, now)

    monkeypatch.setattr(paging, "_go_on", go_on)
    paging.call_due(clock())
    assert [row.call for row in rows] == [Call.FIRST, Call.FIRST, Call.AGAIN]


def test_two_workers_say_and_end_once(cast, clock, rota, who):
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    sent = db.session.scalars(select(Delivery).filter_by(notice=Notice.PAGE)).one()
    sent.state, sent.sent_at = DeliveryState.SENT, clock()
    db.session.commit()
    for _ in range(2):
        paging.record_reached(incident, row.id, actor=SYSTEM, now=clock())
    assert len(entries("page.reached")) == 1
    for _ in range(2):
        paging.lapse_page(incident, row.id, actor=SYSTEM, now=clock())
    assert len(entries("page.ended")) == 1


def test_the_page_of_a_drill_stays_quiet(cast, clock, rota, who):
    incident = cast.open(is_drill=True)
    paging.page_role(incident, SRE, **who)
    state = db.session.scalars(select(Delivery.state).filter_by(notice=Notice.PAGE)).one()
    assert state is DeliveryState.QUIET


def test_a_deputy_without_an_account_is_passed_over(cast, clock, rota, who):
    given = {"name": "SRE", "role": SRE, "system": "", "calendar_url": "", "is_active": True}
    shifts = rota.shifts.replace("omar@example.org", "nobody@example.org")
    rotas.save_rota(rota, **given, shifts=shifts, actor=cast.ada, now=clock())
    incident = cast.open(severity=Severity.CRITICAL)
    command.assign_role(incident, CommandRole.LEADER, "Ada Lindqvist", **who)
    paging.page_role(incident, SRE, **who)
    for _ in range(2):
        clock.tick(minutes=4)
        paging.call_due(clock())
    assert entries("page.called")[-1].startswith("Paged the leader: Ada Lindqvist")


def test_a_database_that_is_away_is_for_the_worker_to_know(monkeypatch, cast, clock, rota, who):
    paging.page_role(cast.open(severity=Severity.CRITICAL), SRE, **who)

    def fail(number, incident_id, now):
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(paging, "_go_on", fail)
    clock.tick(minutes=4)
    with pytest.raises(OperationalError):
        paging.call_due(clock())
