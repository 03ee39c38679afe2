"""A new password by mail: for whom, how often, and what the link is worth afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import DeliveryState
from majorops.models import AuditEntry, Delivery
from majorops.notifications.links import MANAGE
from majorops.notifications.worker import Worker
from majorops.operations.accounts import set_active, set_password
from majorops.signing import Serializer
from tests.account.conftest import MAYA, add_app, mails, sign_in
from tests.cast import PASSWORD
from tests.conftest import SECRET
from tests.counting import queries
from tests.notifications.receivers import MailServer
from tests.web.page import check

NEW = "another horse, another battery"


@pytest.fixture
def mail_server(app):
    server = MailServer("good")
    app.config["SMTP_URL"] = server.url
    yield server
    server.stop()


def ask(client, email=MAYA, **more):
    return client.post("/login/forgot", data={"email": email}, **more)


def link_from(app, server) -> str:
    """Have the worker send what waits; the path of the link in the newest mail."""
    Worker(app, on_delivery=lambda number: None).drain()
    text = server.mails[-1].replace("=\n", "").replace("=3D", "=")
    return re.search(r"http://localhost(/login/reset/\S+)", text)[1]


def use(client, link, password=NEW, again=None):
    return client.post(link, data={"password": password, "again": password if again is None else again})


def test_a_link_sets_a_new_password_and_ends_every_session(maya, app, client, mail_server):
    sign_in(elsewhere := app.test_client())
    check(client.get("/login/forgot"))
    answer = ask(client)
    check(answer)
    assert answer.status_code == 200
    link = link_from(app, mail_server)
    assert f"To: {MAYA}" in mail_server.mails[-1]
    page = client.get(link)
    check(page)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    done = use(client, link)
    check(done)
    assert "The password is set" in done.text
    assert elsewhere.get("/admin/incidents").status_code == 303
    assert client.get("/admin/incidents").status_code == 303  # the link itself signs nobody in
    assert sign_in(client).status_code == 401
    assert sign_in(client, NEW).status_code == 303
    kinds = db.session.scalars(select(AuditEntry.kind).filter_by(about_id=maya.id)).all()
    assert {"reset.asked", "user.password_reset"} <= set(kinds)


def test_the_link_is_kept_nowhere(maya, app, client, mail_server):
    ask(client)
    token = link_from(app, mail_server).rpartition("/")[2]
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            assert token not in repr(row), table
            assert token.partition(".")[0] not in repr(row), table


class TestVoid:
    @pytest.fixture
    def link(self, maya, app, client, mail_server):
        ask(client)
        return link_from(app, mail_server)

    def refused(self, client, link) -> bool:
        shown, taken = client.get(link), use(client, link)
        check(shown)
        check(taken)
        return shown.status_code == taken.status_code == 410

    def test_used(self, link, client):
        assert use(client, link).status_code == 200
        assert self.refused(client, link)

    def test_after_half_an_hour(self, link, client, monkeypatch):
        import time

        real = time.time
        monkeypatch.setattr("itsdangerous.timed.time.time", lambda: real() + 31 * 60)
        assert self.refused(client, link)

    def test_after_another_password_even_the_same_one_again(self, link, client, maya, clock):
        set_password(maya, PASSWORD, actor=SYSTEM, now=clock())
        assert self.refused(client, link)

    def test_after_a_sign_in(self, link, client, app):
        sign_in(app.test_client())
        assert self.refused(client, link)

    def test_of_an_account_that_is_off(self, link, client, maya, clock):
        set_active(maya, False, actor=SYSTEM, now=clock())
        assert self.refused(client, link)

    def test_forged_or_for_another_purpose(self, link, client, maya):
        state = Serializer([SECRET], salt="password reset").loads(link.rpartition("/")[2])[1]
        for token in (
            Serializer([SECRET], salt="subscriber").dumps([maya.id, state]),
            Serializer([SECRET], salt="subscriber").dumps([MANAGE, 1, "n"]),
            Serializer(["another-key-another-key-another-key"], salt="password reset").dumps(
                [maya.id, state]
            ),
            Serializer([SECRET], salt="password reset").dumps([maya.id + 1, state]),
            Serializer([SECRET], salt="password reset").dumps("x"),
            "x" * 900,
        ):
            assert self.refused(client, f"/login/reset/{token}"), token

    def test_looking_and_bad_passwords_use_nothing_up(self, link, client):
        client.get(link)
        for given, says in ((("short",), "12 to 200"), ((NEW, "x"), "twice"), ((MAYA,), "e-mail address")):
            answer = use(client, link, *given)
            assert (answer.status_code, says in answer.text) == (422, True)
            assert NEW not in answer.text
        assert use(client, link).status_code == 200

    def test_the_newer_of_two_links_voids_the_older_by_its_use(self, link, app, client, mail_server):
        ask(client)
        second = link_from(app, mail_server)
        assert use(client, second).status_code == 200
        assert self.refused(client, link)


def test_the_second_factor_stays(maya, app, client, mail_server, clock):
    add_app(maya, clock)
    ask(client)
    use(client, link_from(app, mail_server))
    assert sign_in(client, NEW).location == "/login/second"


def test_nothing_tells_whether_the_account_exists(maya, app, client, cast):
    told = {}
    for email in (MAYA, "nobody@example.org", "ada@example.org"):  # Ada has no password here
        with queries() as sent:
            answer = ask(client, email)
        kinds = [text.split()[0] for text in sent if text.split()[0] in ("SELECT", "INSERT", "UPDATE")]
        told[email] = (answer.status_code, answer.text.replace(email, ""), len(kinds))
    assert told["nobody@example.org"][:2] == told[MAYA][:2] == told["ada@example.org"][:2]
    assert told[MAYA][2] - told["nobody@example.org"][2] <= 1  # the mail itself, one row
    assert [mail.address for mail in mails()] == [MAYA]
    assert db.session.scalar(select(func.count(AuditEntry.id)).filter_by(kind="reset.asked")) == 3


class TestThrottle:
    def test_three_for_one_person_from_one_address(self, maya, client, clock):
        assert [ask(client).status_code for _ in range(4)] == [200, 200, 200, 409]
        assert "Too many requests from here. Try again in 15 minutes." in ask(client).text
        assert len(mails()) == 3
        assert ask(client, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 200
        clock.tick(minutes=16)
        assert ask(client).status_code == 200

    def test_twenty_from_one_address(self, client, cast):
        codes = [ask(client, f"a{n}@example.org").status_code for n in range(21)]
        assert codes == [200] * 20 + [409]

    def test_ten_mails_to_one_person_whoever_asks(self, maya, client):
        for n in range(14):
            assert ask(client, environ_base={"REMOTE_ADDR": f"198.51.100.{n}"}).status_code == 200
        assert len(mails()) == 10


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"SMTP_URL": None}, "No mail server is set here."),
        ({"BASE_URL": None}, "The server does not know its own address."),
        ({"LOCAL_LOGIN": False}, "Sign-in with a password is switched off here."),
    ],
)
def test_where_it_cannot_work_the_page_says_so(maya, app, client, setting, says):
    app.config.update(setting)
    page = client.get("/login/forgot")
    check(page)
    assert says in page.text
    assert "<form" not in page.text.partition("<main")[2]
    assert ask(client).status_code == 409
    assert not mails()


def test_the_host_of_the_request_is_in_no_mail(maya, app, client, mail_server):
    ask(client, base_url="http://evil.example")
    assert link_from(app, mail_server)
    assert "evil.example" not in mail_server.mails[-1]


def test_a_mail_that_waited_too_long_is_not_sent(maya, app, client, mail_server, clock):
    ask(client)
    clock.now += timedelta(minutes=31)
    Worker(app, on_delivery=lambda number: None).drain()
    assert not mail_server.mails
    row = db.session.scalar(select(Delivery).filter_by(notice="account"))
    assert (row.state, row.last_error) == (
        DeliveryState.QUIET,
        "Not sent: it was asked for more than 30 minutes ago.",
    )
