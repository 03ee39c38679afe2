"""Strangers who ask for all they can do not use up what the people of an incident need."""

from __future__ import annotations

import json
import threading

import pytest
import requests
from sqlalchemy import select

from majorops.asgi.pools import Pool, StaffRequests
from majorops.asgi.programs import Programs
from majorops.asgi.public_pages import PublicPages
from majorops.asgi.refusals import kept_form, too_many
from majorops.asgi.routing import Router
from majorops.asgi.session_cookie import SessionCookie
from majorops.db import db
from majorops.domain.enums import Visibility
from majorops.domain.errors import Busy
from majorops.models import TimelineEvent
from majorops.operations import passwords
from majorops.publishing import snapshots
from majorops.publishing.snapshots import PAGED_MOST, Snapshots
from majorops.web.branding import Brand
from tests.loops import run
from tests.server import Person
from tests.waiting import wait_for

ORIGIN = "http://localhost"
BROWSER = [(b"host", b"localhost"), (b"accept", b"text/html"), (b"user-agent", b"Mozilla/5.0")]
CURL = [(b"host", b"localhost"), (b"accept", b"*/*"), (b"user-agent", b"curl/8.5.0")]


def test_two_passwords_at_once_then_a_queue_with_an_end(monkeypatch):
    at_work, most, go_on, entered = [], [], threading.Event(), threading.Semaphore(0)

    def check(password, stored):
        at_work.append(password)
        most.append(len(at_work))
        entered.release()
        go_on.wait(30)
        at_work.remove(password)
        return passwords.Proof()

    monkeypatch.setattr(passwords, "_prove", check)
    asking = [
        threading.Thread(target=passwords.prove, args=(str(n), None))
        for n in range(passwords.AT_ONCE + passwords.WAITING)
    ]
    for one in asking:
        one.start()
    for _ in range(passwords.AT_ONCE):
        assert entered.acquire(timeout=30)
    wait_for(lambda: not passwords._places._value, "all of them in the queue")
    with pytest.raises(Busy, match="Too many people sign in"):
        passwords.prove("one too many", None)
    go_on.set()
    for one in asking:
        one.join(30)
    assert max(most) == passwords.AT_ONCE
    assert passwords.prove("later", None) == passwords.Proof()


def test_too_many_sign_ins_are_told_when_to_try_again_and_keep_the_email(app, client, monkeypatch):
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["has_accounts"] = True

    def busy(*_):
        raise Busy("Too many people sign in at this moment. Try again in 5 seconds.")

    monkeypatch.setattr("majorops.operations.sign_in.prove", busy)
    answer = client.post("/login", data={"email": "maya@example.org", "password": "x" * 20, "next": "/new"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Too many people sign in at this moment. Try again in 5 seconds." in answer.text
    assert 'value="maya@example.org"' in answer.text
    assert 'value="/new"' in answer.text
    assert "x" * 20 not in answer.text


def test_a_queue_has_an_end():
    pool = Pool("test", threads=1, waiting=2)
    assert [pool.enter() for _ in range(4)] == [True, True, True, False]
    pool.leave()
    assert pool.enter()
    pool.stop()


def test_programs_have_threads_of_their_own_and_are_refused_in_their_words(app):
    programs, sent = Programs(app, app.extensions["live"]), []
    router = Router(app, None, None, None, StaffRequests(), programs)
    theirs = router._pool_for("GET", "/api/v1/incidents", False)
    assert theirs not in {
        router._pool_for("GET", "/incidents/1", False),
        router._pool_for("GET", "/admin", True),
    }

    async def keep(message):
        sent.append(message)

    run(lambda: programs.refuse(keep, 503, "Too many programs ask at this moment."))
    head, body = sent
    assert (head["status"], json.loads(body["body"])["status"]) == (503, 503)
    headers = dict(head["headers"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert int(headers[b"content-length"]) == len(body["body"])
    router.stop()


def test_strangers_wait_for_staff_to_be_done_but_not_for_ever():
    staff, order, has_begun = StaffRequests(), [], threading.Event()

    def stranger():
        has_begun.set()
        staff.wait_until_done(30)
        order.append("stranger")

    with staff:
        assert staff
        waits = threading.Thread(target=stranger)
        waits.start()
        assert has_begun.wait(30)
        order.append("staff")
    waits.join(30)
    assert order == ["staff", "stranger"]
    assert not staff
    with staff:
        staff.wait_until_done(0.01)  # staff without a pause keep nobody out


def test_a_forged_cookie_makes_nobody_staff(app, cast, client):
    session_cookie = SessionCookie(app)

    def is_staff(text: str, name: str = "majorops") -> bool:
        return session_cookie.is_signed_in([(b"cookie", f"a=b; {name}={text}; c=d".encode())])

    good = cast.browser("maya").get_cookie("majorops").value
    client.get("/login")
    strangers = client.get_cookie("majorops").value  # signed too, for the form's token
    assert is_staff(good)
    for text in (
        strangers,
        good[:-2] + "xx",
        "",
        "eyJfdXNlcl9pZCI6IngifQ.forged.forged",
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ):
        assert not is_staff(text), text
    assert not is_staff(good, "other")
    assert not session_cookie.is_signed_in([])


@pytest.fixture
def pages(app, cast):
    app.extensions["has_accounts"] = True
    pages = PublicPages(Snapshots(app), "", "new.example.org", StaffRequests())
    yield pages
    pages.stop()


@pytest.mark.parametrize(
    ("path", "query", "headers", "key"),
    [
        ("/", "before=1", BROWSER, (ORIGIN, "/")),
        ("/", "utm=1&before=7", BROWSER, (ORIGIN, "/")),
        ("/history", "before=1", BROWSER, (ORIGIN, "/history")),
        ("/incidents/1", "before=5", BROWSER, (ORIGIN, "/incidents/1?before=5")),
        ("/incidents/1", "a=b&before=005&c", BROWSER, (ORIGIN, "/incidents/1?before=5")),
        ("/incidents/1", "before=x", BROWSER, (ORIGIN, "/incidents/1")),
        ("/incidents/1", "before=99999999999", BROWSER, (ORIGIN, "/incidents/1")),
        ("/incidents/1", "before=a0b1c2d3e4", BROWSER, (ORIGIN, "/incidents/1?before=a0b1c2d3e4")),
        ("/incidents/1", "before=A0b1c2d3e4", BROWSER, (ORIGIN, "/incidents/1")),
        ("/de/incidents/1", "before=5", BROWSER, (ORIGIN, "/de/incidents/1?before=5")),
        ("/", "", CURL, (ORIGIN, "/", "text")),
        ("/", "before=1", CURL, (ORIGIN, "/", "text")),
        ("/incidents/1", "before=5", CURL, (ORIGIN, "/incidents/1", "text")),
        ("/history", "", CURL, (ORIGIN, "/history")),
        ("/", "", [*CURL, (b"host", b"new.example.org")], None),
        ("/", "", [*BROWSER, (b"content-length", b"3")], None),
    ],
)
def test_what_a_request_asks_for_is_a_bounded_set(pages, path, query, headers, key):
    assert pages.key_of(path.encode(), query.encode(), headers, "http") == key


class TestAnswers:
    """What the front gives out without Flask, once it was drawn."""

    @pytest.fixture(autouse=True)
    def fresh_however_long_it_takes(self, monkeypatch):
        monkeypatch.setattr(snapshots, "FRESH", 600.0)

    @staticmethod
    def ask(pages, path, query=b"", headers=BROWSER, is_anonymous=True, method="GET"):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"path": path, "query_string": query, "headers": headers, "scheme": "http", "method": method}
        if not run(lambda: pages.answer(scope, send, is_anonymous=is_anonymous)):
            return None
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]

    @staticmethod
    def drawings(pages, monkeypatch) -> list:
        found, real = [], pages.snapshots._ask
        monkeypatch.setattr(pages.snapshots, "_ask", lambda key: found.append(key) or real(key))
        return found

    def test_nonsense_behind_before_is_the_first_page_and_drawn_once(self, pages, cast, monkeypatch):
        cast.open()
        first = self.ask(pages, "/incidents/1")
        drawn = self.drawings(pages, monkeypatch)
        for _ in range(20):
            assert self.ask(pages, "/incidents/1", b"before=99")[2] == first[2]
        assert len(drawn) <= 1
        for n in range(1_000, 1_100):
            self.ask(pages, "/incidents/1", b"before=%d" % n)
        assert not [key for key in pages.snapshots._kept if "?" in key[1]]

    def test_older_pages_are_snapshots_and_there_are_few_of_them(self, pages, cast, clock):
        from majorops.operations import updates

        incident = cast.open()
        for n in range(PAGED_MOST + 10):
            clock.tick(minutes=2)
            given = {"visibility": Visibility.PUBLIC, "actor": cast.maya, "now": clock()}
            updates.publish_update(incident, f"Words {n}.", **given)
        for key in db.session.scalars(select(TimelineEvent.public_key)).all():
            answer = self.ask(pages, "/incidents/1", b"before=%s" % (key or "1").encode())
            assert answer[0] == 200
        kept = [key for key in pages.snapshots._kept if "?" in key[1]]
        assert 0 < len(kept) <= PAGED_MOST

    def test_plain_text_is_drawn_once_and_no_cache_keeps_it(self, pages, cast, monkeypatch):
        cast.open()
        _, headers, body = self.ask(pages, "/", headers=CURL)
        drawn = self.drawings(pages, monkeypatch)
        for _ in range(20):
            assert self.ask(pages, "/", b"before=3", headers=CURL)[2] == body
        assert not drawn
        assert headers[b"content-type"].startswith(b"text/plain")
        assert headers[b"cache-control"] == b"private, no-store"
        assert self.ask(pages, "/")[2].startswith(b"<!doctype html>")

    def test_where_there_is_nothing_one_page_stands_for_all(self, pages, cast, monkeypatch):
        cast.open()
        status, headers, body = self.ask(pages, "/no/such")
        assert (status, b"etag" in headers) == (404, False)
        assert b"There is nothing at this address." in body
        drawn = self.drawings(pages, monkeypatch)
        for n in range(50):
            assert self.ask(pages, f"/no/{n}")[0] == 404
        assert not drawn
        for _ in range(5):
            assert self.ask(pages, "/incidents/77")[0] == 404
        assert len(drawn) == 1
        assert self.ask(pages, "/there-is-nothing-here")[0] == 404
        assert self.ask(pages, "/no/such", method="HEAD")[2] == b""

    def test_signed_in_people_and_the_script_get_their_own_page_from_flask(self, pages):
        assert self.ask(pages, "/no/such", is_anonymous=False) is None
        assert self.ask(pages, "/no/such", headers=[*BROWSER, (b"hx-request", b"true")]) is None
        assert self.ask(pages, "/login") is None

    def test_files_that_are_named_by_their_content_are_drawn_once_for_ever(self, pages, monkeypatch):
        from majorops.web.assets import asset_url

        assert self.ask(pages, asset_url("public.js"))[0] == 200
        drawn = self.drawings(pages, monkeypatch)
        pages.snapshots.invalidate()
        assert self.ask(pages, asset_url("public.js"))[0] == 200
        assert not drawn


def test_who_is_refused_waits_a_moment_and_gets_back_what_was_typed(monkeypatch):
    monkeypatch.setattr("majorops.asgi.refusals.DELAY", 0)
    sent = []

    async def send(message):
        sent.append(message)

    body = b"email=maya%40example.org&password=secret&csrf_token=t&next=%22%3E%3Cscript%3E"
    us = Brand("Acme & Co", True, "", "", "", "", has_accent=False, words="wartime")
    run(lambda: too_many({"path": "/login", "method": "POST"}, send, body, "/assets/public-1.css", us))
    page, headers = sent[1]["body"].decode(), dict(sent[0]["headers"])
    assert (sent[0]["status"], headers[b"retry-after"]) == (503, b"5")
    assert "Try again in 5 seconds." in page
    assert '<a class="brand" href="/">Acme &amp; Co</a>' in page
    assert 'name="email" value="maya@example.org"' in page
    assert '<dd class="text">maya@example.org</dd>' in page
    assert 'name="csrf_token" value="t"' in page
    assert 'type="password"' in page
    assert "secret" not in page
    assert "<script>" not in page
    assert kept_form("/subscribe", b"\xff\xfe") == ""


def test_a_mim_works_on_while_every_place_of_strangers_is_taken(server):
    """Over HTTP: strangers who wait for their turn, and are refused, hold no thread that a save needs."""
    maya = Person(server)
    path = maya.open()
    stop, statuses = threading.Event(), []

    def stranger():
        http = requests.Session()
        for _ in iter(stop.is_set, True):
            statuses.append(http.get(f"{server.url}/subscribe", timeout=60).status_code)

    crowd = [threading.Thread(target=stranger, daemon=True) for _ in range(80)]
    for one in crowd:
        one.start()
    wait_for(lambda: 503 in statuses, "a stranger who is refused")
    assert maya.post(f"{path}/notes", kind="note", text="heard on the bridge").status_code == 200
    assert requests.get(f"{server.url}/healthz", timeout=30).status_code == 200
    stop.set()
    for one in crowd:
        one.join(60)
    assert set(statuses) <= {200, 503}
