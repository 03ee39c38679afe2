"""The weekly digest: to whom it goes, when, once, and what it says; as a mail that is read."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, ActionState, DeliveryState, Severity
from majorops.models import AuditEntry, Delivery, User
from majorops.notifications import Worker
from majorops.operations.accounts import set_active, set_role
from majorops.operations.actions import add_action, end_action
from majorops.operations.own_notices import save_notices
from majorops.operations.weekly import send_due, send_week, week_told
from tests.counting import queries
from tests.notifications.conftest import texts
from tests.operations.afterwards import planned

URL = "https://ops.example.org"


@pytest.fixture
def linked(app):
    app.config["BASE_URL"] = URL


def person(cast, nick="maya") -> User:
    db.session.expire_all()
    return db.session.get(User, getattr(cast, nick).user_id)


def wants(cast, clock, nick="maya", time_zone="UTC", wants_digest=True, **given):
    user = person(cast, nick)
    chosen = {"follows": user.follows, "language": user.language, "quiet_from": None, "quiet_until": None}
    save_notices(
        **{**chosen, **given},
        time_zone=time_zone,
        wants_digest=wants_digest,
        actor=getattr(cast, nick),
        now=clock(),
    )


def monday(clock, **later):
    """Go to the next Monday 08:00 UTC, and so much later. Returns that Monday."""
    at = clock().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=7 - clock().weekday())
    clock.now = at + timedelta(**later)
    return at


def subjects() -> list[tuple[str, str]]:
    rows = select(Delivery.recipient, Delivery.subject).where(Delivery.act.startswith("week:"))
    return [tuple(row) for row in db.session.execute(rows.order_by(Delivery.id))]


def weeks(mails) -> list[str]:
    """The digests among the mails: reminders of incidents come beside them."""
    return [text.replace("\r\n", "\n") for text in texts(mails) if "Subject: Your week" in text]


def tick(worker):
    with worker.app.app_context():
        worker._tick()


def test_nobody_gets_it_unasked(cast, clock, worker):
    cast.open()
    monday(clock)
    with queries() as sent:
        send_due(clock())
    assert len([one for one in sent if one.startswith("SELECT")]) == 1
    assert subjects() == []


def test_what_it_says_by_hand_as_text_and_as_html(cast, clock, mails, worker, linked):
    """In the week: INC-002 opened and resolved, INC-003 opened, a drill and a private one; due: reviews of
    INC-001, which is 7 days over, and INC-002; one action of Maya, late, one of Rita, one that is done.
    """
    at = monday(clock) + timedelta(days=7)
    clock.now = at - timedelta(days=10)
    old = cast.open(severity=Severity.CRITICAL, title="old <b>one</b>")
    cast.resolve(old)
    clock.now = at - timedelta(days=6)
    wants(cast, clock)
    due_on = (at - timedelta(days=2)).date()
    for owner in ("maya@example.org", "rita@example.org", "maya@example.org"):
        add_action(old, planned(clock(), owner=owner, due_on=due_on), actor=cast.maya, now=clock())
    end_action(old, 3, ActionState.DONE, "Release 4.19", actor=cast.maya, now=clock())
    new = cast.open(severity=Severity.CRITICAL, title="new one")
    clock.now = at - timedelta(days=2)
    cast.resolve(new)
    for given in ({}, {"is_drill": True}, {"is_public": False}):
        cast.open(title=f"third {sorted(given)}", **given)
    clock.now = at
    tick(worker)
    subject = (
        "Your week: 2 opened, 1 resolved, 2 reviews due, 1 action of yours due, 1 action of others due,"
        " 1 private, 1 in drills"
    )
    assert subjects() == [("Maya Okafor", subject)]
    worker.drain()
    [mail] = weeks(mails)
    assert f"Subject: {subject}" in mail
    week = f"From Monday {at - timedelta(days=7):%-d %b} 08:00 to Monday {at:%-d %b} 08:00, UTC."
    assert week in mail
    plain, html = mail.split("<!doctype html>")
    due = f"{due_on:%-d %b}, 2 days late"
    for line, path in (
        (f"{new.reference} Critical: new one", f"/admin/incidents/{new.id}"),
        (f"{old.reference} A1 Add a retry cap, due {due}", f"/admin/incidents/{old.id}/review#action-1"),
        (
            f"{old.reference} A2 Add a retry cap, due {due}, Rita Moreau",
            f"/admin/incidents/{old.id}/review#action-2",
        ),
    ):
        assert f"{line}\n{URL}{path}\n" in plain
        assert re.search(rf'<a href="{URL}{path}"[^>]*>{re.escape(line)}</a>', html), line
    waits = f"schedule the After Action, due {at - timedelta(days=7):%-d %b}, 7 days late"
    assert f"{old.reference} old <b>one</b>: {waits}" in plain
    assert "<b>one</b>" not in html
    assert "Reviews due: 2, 1 overdue" in plain
    assert "Your actions due: 1, 1 overdue" in plain
    assert plain.index("Your actions due") < plain.index("Actions of others due")
    private = plain[plain.index("Private incidents: 1") : plain.index("Drills: 1")]
    assert "Opened: INC-005 " in private
    assert "third ['is_drill']" in plain[plain.index("Drills: 1") :]
    assert plain.count("third ['is_drill']") == plain.count("third ['is_public']") == 1
    assert f"Switch it off: {URL}/admin/account/notices#wants_digest" in plain
    assert f'href="{URL}/admin/account/notices#wants_digest"' in html


def test_a_week_with_nothing_to_say_sends_nothing(cast, clock, worker):
    wants(cast, clock)
    at = monday(clock)
    send_due(clock())
    assert subjects() == []
    assert person(cast).digest_at == at + timedelta(days=7)
    assert db.session.scalar(select(AuditEntry.detail).filter_by(kind="week.told")).endswith("nothing sent")


def test_it_goes_once_with_two_workers_and_after_a_restart(app, cast, clock, mails, worker):
    wants(cast, clock)
    wants(cast, clock, "omar")
    cast.open()
    monday(clock, minutes=1)
    for one in (worker, Worker(app, on_delivery=lambda number: None), worker):
        tick(one)
        one.drain()
    assert [recipient for recipient, _ in subjects()] == ["Maya Okafor", "Omar Haddad"]
    assert len(weeks(mails)) == 2
    number = person(cast).id
    assert not send_week(number, actor=SYSTEM, now=clock())
    assert not send_week(10_000, actor=SYSTEM, now=clock())
    cast.open()
    monday(clock)
    tick(worker)
    assert len(subjects()) == 4


@pytest.mark.parametrize(("late", "expected"), [({"hours": 23}, 1), ({"hours": 25}, 0)])
def test_late_by_up_to_a_day_and_not_after(cast, clock, mails, late, expected):
    wants(cast, clock)
    cast.open()
    at = monday(clock, **late)
    cast.open(title="after it")
    send_due(clock())
    assert len(subjects()) == expected
    assert person(cast).digest_at == at + timedelta(days=7)
    if expected:
        assert subjects()[0][1] == "Your week: 1 opened"


def test_in_the_zone_of_the_person_and_moved_with_it(cast, clock):
    wants(cast, clock, time_zone="Asia/Tokyo")
    assert person(cast).digest_at.astimezone(UTC).hour == 23
    wants(cast, clock, time_zone="Europe/Berlin", wants_digest=None)
    assert (person(cast).digest_at.weekday(), person(cast).digest_at.hour) in ((0, 7), (0, 6))
    detail = select(AuditEntry.detail).filter_by(kind="notices.changed").order_by(AuditEntry.id.desc())
    assert db.session.scalar(detail.limit(1)).endswith("weekly digest")
    wants(cast, clock, wants_digest=False)
    assert person(cast).digest_at is None


def test_it_waits_for_the_end_of_quiet_hours(cast, clock, mails, worker):
    wants(cast, clock, quiet_from=22 * 60, quiet_until=9 * 60)
    cast.open()
    at = monday(clock)
    tick(worker)
    worker.drain()
    assert weeks(mails) == []
    clock.now = at + timedelta(hours=1)
    worker.drain()
    assert len(weeks(mails)) == 1


def _switched_off(cast, clock):
    wants(cast, clock, wants_digest=False)


def _gone(cast, clock):
    set_active(person(cast), False, actor=cast.ada, now=clock())


def _no_reader(cast, clock):
    set_role(person(cast), AccountRole.EXECUTIVE, actor=cast.ada, now=clock())


@pytest.mark.parametrize("change", [_switched_off, _gone, _no_reader])
@pytest.mark.parametrize("is_queued", [True, False])
def test_rights_are_asked_when_it_goes(cast, clock, mails, worker, change, is_queued):
    wants(cast, clock)
    cast.open()
    monday(clock)
    if is_queued:
        tick(worker)
    change(cast, clock)
    tick(worker)
    worker.drain()
    assert weeks(mails) == []
    states = select(Delivery.state).where(Delivery.act.startswith("week:"))
    assert list(db.session.scalars(states)) == ([DeliveryState.QUIET] if is_queued else [])


def test_without_a_mail_server_nothing_is_queued(app, cast, clock):
    app.config["SMTP_URL"] = ""
    app.config["WORKER"] = True
    wants(cast, clock)
    cast.open()
    monday(clock)
    send_due(clock())
    assert subjects() == []


def test_without_an_address_of_ours_it_has_no_links(app, cast, clock, mails, worker):
    app.config["BASE_URL"] = ""
    wants(cast, clock)
    cast.open(title="pay page down")
    monday(clock)
    tick(worker)
    worker.drain()
    [mail] = weeks(mails)
    assert "pay page down" in mail
    assert "/admin/" not in mail


def test_long_weeks_are_counted_and_cost_as_many_queries(cast, clock, mails, worker):
    wants(cast, clock)
    for n in range(33):
        cast.open(title=f"incident {n}")
    monday(clock)
    tick(worker)
    worker.drain()
    [mail] = weeks(mails)
    assert "And 3 more." in mail
    assert db.session.scalar(select(func.count(Delivery.id)).where(Delivery.act.startswith("week:"))) == 1


def test_another_act_is_no_digest():
    with pytest.raises(ValueError, match="digest"):
        week_told("digest:weekly:2026-11-23")
    assert week_told("week:7:2026-11-23T08:00") == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_it_is_switched_on_and_off_at_the_account(cast, clock):
    maya = cast.browser("maya")
    page = maya.get("/admin/account/notices").text
    assert "checked" not in re.search(r'<input[^>]*id="wants_digest"[^>]*>', page)[0]
    assert 'name="wants_digest"' not in cast.browser("xin").get("/admin/account/notices").text
    form = {"language": "en", "time_zone": "Europe/Berlin", "quiet_from": "", "quiet_until": ""}
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    form |= {"csrf_token": token[1]} if token else {}
    refused = maya.post("/admin/account/notices", data=form | {"wants_digest": "yes", "time_zone": "Berlin"})
    assert refused.status_code == 422
    assert "checked" in re.search(r'<input[^>]*id="wants_digest"[^>]*>', refused.text)[0]
    assert maya.post("/admin/account/notices", data=form | {"wants_digest": "yes"}).status_code == 303
    assert person(cast).digest_at is not None
    page = maya.get("/admin/account/notices").text
    assert "checked" in re.search(r'<input[^>]*id="wants_digest"[^>]*>', page)[0]
    assert maya.post("/admin/account/notices", data=form).status_code == 303
    assert person(cast).digest_at is None
