"""Push messages: who gets which, what stands in them, and what becomes of a device that is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import AlarmLevel, ChannelKind, CommandRole, DeliveryState, Notice, Severity
from majorops.models import AuditEntry, Channel, Delivery, NoticePolicy, User
from majorops.notifications import Message, NotSent, Worker, push, vapid
from majorops.notifications.selftest import send_test
from majorops.operations import asks, briefs, command, delivery, handover, incident, own_notices, updates
from majorops.operations.devices import add_device, devices_of
from majorops.operations.reminders import remind_all
from tests.notifications.push_service import PushService, raw
from tests.notifications.receivers import MailServer


@pytest.fixture
def mails(app):
    server = MailServer()
    app.config |= {"SMTP_URL": server.url, "BASE_URL": "https://ops.example.org"}
    yield server
    server.stop()


@pytest.fixture
def service(app, mails, tmp_path, monkeypatch):
    made = PushService(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", made.authority)
    app.config["WEBHOOK_PRIVATE"] = True
    yield made
    made.stop()


@pytest.fixture
def worker(app):
    return Worker(app, on_delivery=lambda number: None)


def device(cast, nick: str, service: PushService) -> Channel:
    who = {"actor": getattr(cast, nick), "now": cast.clock()}
    return add_device(**service.subscription, name="Chrome on Android", **who)


def test_the_example_of_the_rfc_byte_for_byte():
    """RFC 8291, section 5 and appendix A."""
    ours = int.from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    sealed = vapid.encrypt(
        b"When I grow up, I want to be a watermelon",
        raw("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        raw("BTBZMqHH6r4Tts7J_aSIgg"),
        ours=ec.derive_private_key(ours, ec.SECP256R1()),
        salt=raw("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert sealed == raw(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
        "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_an_alarm_is_the_subject_of_its_mail_and_no_more(cast, worker, service, mails):
    device(cast, "omar", service)
    opened = cast.open(title="Payments fail")
    worker.drain()
    (pushed,) = service.pushed
    (mail,) = [one for one in mails.mails if "To: omar@example.org" in one]
    assert f"Subject: {pushed.told['title']}" in mail
    assert set(pushed.told) == {"title", "path", "tag"}
    assert pushed.told["path"] == f"/admin/incidents/{opened.id}"
    assert "payments-api" not in str(pushed.told)
    headers = pushed.headers
    assert (headers["Urgency"], headers["Ttl"], headers["Content-Encoding"]) == ("high", "14400", "aes128gcm")
    assert pushed.size < 1_024
    left = pushed.claims["exp"] - cast.clock().timestamp()
    assert 3_600 < left <= 24 * 3_600
    assert pushed.claims["sub"] == "https://ops.example.org"
    assert pushed.sender == vapid.public_key({"VAPID_PRIVATE_KEY": None, "SECRET_KEY": secret(cast)})
    assert devices_of(cast.omar.user_id)[0].reached_at == cast.clock()


def secret(cast) -> str:
    from flask import current_app

    return current_app.config["SECRET_KEY"]


def test_the_longest_subject_fits(app):
    message = Message(1, "k", ChannelKind.PUSH, "https://a.example", "", "€" * 300, "b", "alarm", 1, "")
    assert len(push.payload(message, app.config)) < 1_024


@pytest.mark.parametrize("given", [None, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"])
def test_our_key_is_the_same_in_every_process(app, given):
    settings = {"VAPID_PRIVATE_KEY": given, "SECRET_KEY": "s" * 32}
    first = vapid.public_key(settings)
    assert (len(raw(first)), vapid.public_key(settings)) == (65, first)
    other = vapid.public_key(settings | {"SECRET_KEY": "t" * 32})
    assert (other == first) is bool(given)


def test_that_an_update_is_overdue_takes_the_place_of_that_it_is_due_and_leads_to_the_composer(
    cast, worker, service
):
    opened = cast.open()
    device(cast, "maya", service)
    promised = cast.clock() + timedelta(minutes=20)
    updates.publish_update(opened, "known", next_update_eta=promised, actor=cast.maya, now=cast.clock())
    for _ in range(3):
        remind_all(now=cast.clock.tick(minutes=9))
        worker.drain()
    about = [one for one in service.pushed if "pdate" in one.told["title"]]
    assert ["due in" in about[0].told["title"], "overdue" in about[-1].told["title"]] == [True, True]
    assert len({one.told["tag"] for one in about}) == 1
    assert about[0].headers["Topic"] == about[0].told["tag"]
    assert about[-1].told["path"] == f"/admin/incidents/{opened.id}#composer"
    assert (about[-1].headers["Urgency"], about[-1].headers["Ttl"]) == ("high", "1800")
    others = {one.told["tag"] for one in service.pushed} - {about[0].told["tag"]}
    assert len(others) == len(service.pushed) - len(about)


def test_a_hand_over_leads_to_its_offer(cast, worker, service):
    opened = cast.open()
    device(cast, "omar", service)
    handover.offer_handover(opened, cast.omar.user_id, actor=cast.maya, now=cast.clock())
    worker.drain()
    (pushed,) = service.pushed
    assert "Command is offered to you by" in pushed.told["title"]
    assert pushed.told["path"] == f"/admin/incidents/{opened.id}#handover"


class TestAsks:
    """Who is asked something is told at once, whoever asks."""

    def test_a_question_from_a_brief_goes_to_the_mim_with_who_asks(self, cast, worker, service):
        opened = cast.open()
        device(cast, "maya", service)
        given = {"asked_from": f"account:{cast.xin.user_id}", "actor": cast.xin, "now": cast.clock()}
        row = briefs.ask_question(opened, "Is data lost?", **given)
        worker.drain()
        (pushed,) = service.pushed
        assert pushed.told["title"] == f"{opened.reference} Xin Zhao, Executive asks: Is data lost?"
        assert pushed.told["path"] == f"/admin/incidents/{opened.id}#ask-{row.id}"

    @pytest.mark.parametrize("whom", ["Omar Haddad", "omar haddad", "SRE", "sre"])
    def test_a_person_or_a_role_by_name(self, cast, worker, service, whom):
        opened = cast.open()
        who = {"actor": cast.maya, "now": cast.clock()}
        command.assign_role(opened, CommandRole.SRE, "Omar Haddad", **who)
        device(cast, "omar", service)
        asks.ask(opened, whom=whom, what="pool size", minutes=5, **who)
        worker.drain()
        assert [one.told["title"] for one in service.pushed] == [
            f"{opened.reference} Maya Okafor asks: pool size"
        ]

    def test_nobody_where_it_is_oneself_or_nobodys_name_or_two_peoples(self, cast):
        opened = cast.open()
        for nick in ("omar", "rita"):
            db.session.get(User, getattr(cast, nick).user_id).name = "Sam Two"
        db.session.commit()
        for whom in ("Maya Okafor", "Lena", "Sam Two", "Scribe"):
            asks.ask(opened, whom=whom, what="x", minutes=5, actor=cast.maya, now=cast.clock())
        assert db.session.scalars(select(Delivery).filter_by(notice=Notice.ASK)).all() == []


def test_policies_and_quiet_hours_hold(cast, worker, service):
    omar = device(cast, "omar", service)
    user = db.session.get(User, cast.omar.user_id)
    user.quiet_from, user.quiet_until = 0, 24 * 60 - 1
    db.session.commit()
    low = cast.open(title="quiet", severity=Severity.HIGH)
    worker.drain()
    assert service.pushed == []
    held = db.session.scalar(select(Delivery).filter_by(channel_id=omar.id))
    assert (held.state, held.held_until is None) == (DeliveryState.PENDING, False)
    incident.set_alarm_level(low, AlarmLevel.BOX_3, actor=cast.maya, now=cast.clock())
    worker.drain()
    assert len(service.pushed) >= 1
    service.pushed.clear()
    db.session.add(NoticePolicy(role=user.role, notice=Notice.ALARM, is_on=False))
    db.session.commit()
    cast.open(title="not for them")
    worker.drain()
    assert service.pushed == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_removed_and_its_person_told_once(cast, worker, service, mails, status):
    device(cast, "omar", service)
    service.status = status
    cast.open()
    worker.drain()
    worker.drain()
    db.session.rollback()
    assert devices_of(cast.omar.user_id) == []
    entry = db.session.scalar(select(AuditEntry).filter_by(kind="channel.removed"))
    assert (entry.subject, entry.detail) == (
        "Chrome on Android of Omar Haddad",
        "the push service says that it is gone",
    )
    told = [one for one in mails.mails if "To: omar@example.org" in one]
    assert len([one for one in told if "Box 3" in one]) == 1
    (owner,) = [one for one in told if "A channel of yours fails: Chrome on Android" in one]
    assert "switch it on in its browser, under Devices" in owner
    cast.open(title="second")
    worker.drain()
    assert len(service.pushed) == 1


@pytest.mark.parametrize(
    ("status", "is_final", "says"),
    [
        (403, True, "Switch it on again on the device"),
        (400, True, "answered 400"),
        (413, True, "answered 413"),
        (429, False, "answered 429"),
        (503, False, "answered 503"),
    ],
)
def test_what_the_push_service_answers_is_said(app, cast, service, status, is_final, says):
    row = device(cast, "omar", service)
    service.status = status
    message = Message(1, "k", ChannelKind.PUSH, row.address, row.secret, "s", "b", "alarm", 1, "")
    with pytest.raises(NotSent, match=says) as problem:
        push.send(message, app.config)
    assert (problem.value.is_final, problem.value.is_gone) == (is_final, False)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://127.0.0.1/x", "leads to a private address"),
        ("https://localhost/x", "leads to a private address"),
        ("http://push.example.org/x", "no https:// address"),
    ],
)
def test_no_push_goes_inside_or_without_tls(app, cast, service, address, says):
    """A browser's script says where its push service is: that may be anybody's word."""
    app.config["WEBHOOK_PRIVATE"] = False
    row = device(cast, "omar", service)
    message = Message(1, "k", ChannelKind.PUSH, address, row.secret, "s", "b", "alarm", 1, "")
    with pytest.raises(NotSent, match=says) as problem:
        push.send(message, app.config)
    assert problem.value.is_final
    assert service.pushed == []


def test_whose_certificate_nobody_knows_gets_nothing(app, cast, service, monkeypatch):
    row = device(cast, "omar", service)
    monkeypatch.delenv("SSL_CERT_FILE")
    message = Message(1, "k", ChannelKind.PUSH, row.address, row.secret, "s", "b", "alarm", 1, "")
    with pytest.raises(NotSent, match=r"127\.0\.0\.1"):
        push.send(message, app.config)
    assert service.pushed == []


def test_keys_that_are_no_keys_are_said(app):
    given = (1, "k", ChannelKind.PUSH, "https://push.example.org/x")
    with pytest.raises(NotSent, match="Switch it on again"):
        push.send(Message(*given, "AAAA.AAAA", "s", "b", "alarm", 1, ""), app.config)


class TestBesideOtherChannels:
    """A device is never the only way."""

    def kinds(self, nick: str) -> list[str]:
        found = select(Delivery.kind).filter_by(recipient=nick, notice=Notice.ALARM).order_by(Delivery.id)
        return [kind.value if kind else "" for kind in db.session.scalars(found)]

    def test_mail_goes_as_before(self, cast, service):
        device(cast, "omar", service)
        cast.open()
        assert self.kinds("Omar Haddad") == ["email", "push"]

    def test_only_where_all_others_are_switched_off_it_is_alone(self, cast, service):
        device(cast, "omar", service)
        given = {"kind": ChannelKind.EMAIL, "address": "o@b.example"}
        other = own_notices.add_own_channel(**given, actor=cast.omar, now=cast.clock())
        switch = {"address": other.address, "is_active": False, "actor": cast.omar, "now": cast.clock()}
        own_notices.save_own_channel(other.id, **switch)
        cast.open()
        assert self.kinds("Omar Haddad") == ["push"]
        assert cast.omar.name not in [user.name for user in delivery.unreachable(has_mail=True)]

    def test_without_a_mail_server_it_reaches(self, cast, service):
        device(cast, "omar", service)
        names = [user.name for user in delivery.unreachable(has_mail=False)]
        assert ("Omar Haddad" in names, "Maya Okafor" in names) == (False, True)


def test_a_test_of_a_gone_device_says_so(app, cast, service):
    row, gone = device(cast, "omar", service), []
    given = {"kind": ChannelKind.PUSH, "secret": row.secret, "on_gone": lambda: gone.append(1)}
    assert send_test(row.address, app.config, **given) == ""
    assert service.pushed[0].told["path"] == "/admin/account/devices"
    service.status = 410
    assert "the device is gone" in send_test(row.address, app.config, **given)
    assert gone == [1]


def test_an_old_message_is_not_pushed(cast, worker, service):
    device(cast, "omar", service)
    cast.open()
    cast.clock.tick(minutes=timedelta(days=2).total_seconds() / 60)
    worker.drain()
    assert service.pushed == []
