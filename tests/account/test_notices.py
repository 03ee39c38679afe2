"""One's own Notices page: channels, what one follows, language, time zone, quiet hours."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import AccountRole, ChannelKind, Followed, Notice
from majorops.models import AuditEntry, Channel, NoticePolicy, User
from majorops.operations import own_notices
from tests.notifications.receivers import MailServer
from tests.web.page import check

PAGE = "/admin/account/notices"
CHOSEN = {
    "follows": "milestones",
    "language": "de",
    "time_zone": "Europe/Berlin",
    "quiet_from": "22",
    "quiet_until": "7:30",
}


@pytest.fixture
def mails(app):
    server = MailServer()
    app.config["SMTP_URL"] = server.url
    yield server
    server.stop()


class Person:
    """A browser on the Notices page."""

    def __init__(self, cast, nick: str):
        self.client, self.id = cast.browser(nick), getattr(cast, nick).user_id

    def page(self):
        return self.client.get(PAGE)

    def post(self, path: str = "", **form):
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page().text)[1]
        return self.client.post(PAGE + path, data={"csrf_token": token, **form})

    @property
    def channels(self) -> list[Channel]:
        db.session.rollback()
        return list(db.session.scalars(select(Channel).filter_by(user_id=self.id).order_by(Channel.id)))


@pytest.fixture
def xin(cast):
    return Person(cast, "xin")


@pytest.mark.parametrize("nick", ["ada", "maya", "rita", "xin"])
def test_everybody_has_the_page(cast, nick):
    answer = Person(cast, nick).page()
    check(answer)
    assert f"{nick}@example.org" in answer.text


def test_what_was_chosen_is_kept_and_audited(cast, xin):
    assert xin.post(**CHOSEN).status_code == 303
    db.session.rollback()
    user = db.session.get(User, xin.id)
    assert (user.follows, user.language, user.time_zone) == (Followed.MILESTONES, "de", "Europe/Berlin")
    assert (user.quiet_from, user.quiet_until) == (22 * 60, 7 * 60 + 30)
    entry = db.session.scalar(select(AuditEntry).filter_by(kind="notices.changed"))
    assert entry.detail == "Milestones and the resolution; de; Europe/Berlin; quiet 22:00 to 07:30"
    assert 'value="07:30"' in xin.page().text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"time_zone": "Berlin"}, "Use a time zone such as Europe/Berlin"),
        ({"language": "xx"}, "Choose one of the languages"),
        ({"quiet_from": "25:00"}, "Use a time of day such as 22:00"),
        ({"quiet_until": "soon"}, "Use a time of day such as 22:00"),
        ({"quiet_until": ""}, "Quiet hours have a beginning and an end"),
        ({"quiet_until": "22:00"}, "They end at another time than they begin"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_nothing_is_lost(xin, wrong, says):
    answer = xin.post(**CHOSEN | wrong)
    check(answer)
    assert answer.status_code == 422
    ((name, typed),) = wrong.items()
    problem = re.search(rf'id="chosen-{name}-error"[^>]*>([^<]+)<', answer.text)[1]
    assert says in problem
    assert name == "language" or f'value="{typed}"' in answer.text
    db.session.rollback()
    assert db.session.get(User, xin.id).time_zone == "UTC"


def test_who_is_told_nothing_of_briefs_has_no_choice_that_does_nothing(cast):
    maya = Person(cast, "maya")
    assert 'name="follows"' not in maya.page().text
    assert "MIM accounts are not sent milestones and updates" in maya.page().text
    db.session.add(NoticePolicy(role=AccountRole.MIM, notice=Notice.RESOLVED, is_on=True))
    db.session.commit()
    assert 'name="follows"' in maya.page().text


def test_a_channel_is_added_changed_switched_off_and_removed(xin):
    assert xin.post("/channels", kind="webhook", address="https://a.example/x").status_code == 303
    (channel,) = xin.channels
    assert channel.secret in xin.page().text
    at = f"/channels/{channel.id}"
    xin.post(at, address="https://b.example/x")
    assert [(one.address, one.is_active) for one in xin.channels] == [("https://b.example/x", True)]
    xin.post(at, address="https://b.example/x", is_active="no")
    assert not xin.channels[0].is_active
    assert "no message reaches you" in xin.page().text
    xin.post(at, address="https://b.example/x", is_active="yes")
    assert xin.channels[0].is_active
    xin.post(f"{at}/removal")
    assert xin.channels == []


@pytest.mark.parametrize(
    ("kind", "address", "says"),
    [
        ("email", "nobody", "Use an e-mail address"),
        ("webhook", "hooks.example.org", "Use an address that begins with"),
        ("apprise", "json://example.org/x", "Use the kind Webhook"),
        ("apprise", "dbus://", "the machine that MajorOps runs on"),
        ("apprise", "mailto://a:b@example.org", "Use the kind E-mail"),
    ],
)
def test_an_address_that_reaches_nobody_is_refused_at_its_field(xin, kind, address, says):
    answer = xin.post("/channels", kind=kind, address=address)
    check(answer)
    assert answer.status_code == 422
    assert says in re.search(r'id="new-address-error"[^>]*>([^<]+)<', answer.text)[1]
    assert f'value="{address}"' in answer.text
    assert xin.channels == []


def test_ten_channels_are_enough(cast, xin, clock):
    for number in range(10):
        given = {"kind": ChannelKind.EMAIL, "address": f"x{number}@example.org"}
        own_notices.add_own_channel(**given, actor=cast.xin, now=clock())
    answer = xin.post("/channels", kind="email", address="x11@example.org")
    assert "At most 10 channels" in answer.text
    assert len(xin.channels) == 10


@pytest.mark.parametrize("path", ["", "/removal", "/test"])
def test_nobody_touches_the_channel_of_somebody_else(cast, xin, path):
    rita = Person(cast, "rita")
    rita.post("/channels", kind="email", address="rita@private.example")
    (channel,) = rita.channels
    answer = xin.post(f"/channels/{channel.id}{path}", address="evil@example.org", is_active="no")
    assert answer.status_code == 404
    assert "There is no such channel of yours." in answer.text
    assert "rita@private.example" not in answer.text
    assert [(one.address, one.is_active) for one in rita.channels] == [("rita@private.example", True)]


def test_a_test_of_a_channel_and_of_the_accounts_address(cast, xin, mails, clock):
    xin.post("/channels", kind="email", address="xin@private.example")
    (channel,) = xin.channels
    xin.post(**CHOSEN)
    xin.post(f"/channels/{channel.id}/test")
    xin.post("/mail/test")
    assert [re.search("To: (.*)\r", mail)[1] for mail in mails.mails] == [
        "xin@private.example",
        "xin@example.org",
    ]
    assert "Subject: MajorOps: Testnachricht" in mails.mails[0]
    assert xin.channels[0].reached_at == clock()
    assert xin.page().text.count("Last success") == 2
    mails.mode = "refuses"
    clock.tick(minutes=1)
    xin.post(f"/channels/{channel.id}/test")
    page = xin.page().text
    assert "did not arrive. The mail server answered 550: nobody here" in page
    assert xin.channels[0].is_failing


def test_admins_set_what_a_person_follows_and_try_channels(cast, xin, mails):
    xin.post("/channels", kind="email", address="xin@private.example")
    ada = cast.browser("ada")
    form = ada.get(f"/admin/data/users/edit/?id={xin.id}").text
    fields = dict(re.findall(r'name="(was_\w+)"[^>]*value="([^"]*)"', form))
    fields |= {name.removeprefix("was_"): value for name, value in fields.items()}
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    fields |= {"follows": "resolution", "csrf_token": token, "password": ""}
    assert ada.post(f"/admin/data/users/edit/?id={xin.id}", data=fields).status_code == 303
    db.session.rollback()
    assert db.session.get(User, xin.id).follows is Followed.RESOLUTION
    (channel,) = xin.channels
    page = ada.get(f"/admin/data/channels/details/?id={channel.id}")
    check(page)
    assert "Send a test" in page.text
    ada.post(f"/admin/data/channels/test/?id={channel.id}", data={"csrf_token": token})
    assert "To: xin@private.example" in mails.mails[0]
    assert "Last success" in ada.get("/admin/data/channels/").text
