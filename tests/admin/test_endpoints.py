"""Endpoints in data management: the secret is shown once, a test goes at once, events are sent again."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from majorops.db import db
from majorops.domain.enums import DeliveryState
from majorops.models import Endpoint, OutgoingEvent
from majorops.notifications import Worker
from majorops.operations import timeline
from tests.admin.browsing import audits, form_of, save

LIST = "/admin/data/endpoints/"
NEW = f"{LIST}new/"
PAGE = f"{LIST}details/?id=1"
SECRET = re.compile(r'id="secret">(whsec_[^<]+)<')


@pytest.fixture
def prover(ada, app):
    """Ada's browser, who proved a moment ago who she is."""
    app.config["LOCAL_LOGIN"] = False  # nothing to prove it by: tests/account/test_proof.py
    return ada


@pytest.fixture
def url(app, httpserver) -> str:
    app.config["WEBHOOK_PRIVATE"] = True
    return httpserver.url_for("/events")


def made(browser, url: str, **more) -> str:
    """The secret of a new endpoint."""
    answer = save(browser, NEW, name="Warehouse", address=url, is_internal="yes", **more)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return unescape(SECRET.search(answer.text)[1])


def test_the_secret_is_shown_once(prover, url):
    secret = made(prover, url, kinds="note.*, incident.opened")
    Webhook(secret)
    row = db.session.scalar(select(Endpoint))
    assert (row.kinds, row.is_internal, row.is_full) == ("note.*, incident.opened", True, False)
    for address in (LIST, PAGE, f"{LIST}edit/?id=1", f"{LIST}export/csv/"):
        text = prover.get(address).text
        assert "Warehouse" in text
        assert secret not in text
        assert row.secret not in text
    assert [one.detail for one in audits("endpoint.added")] == [
        f"{url}; note.*, incident.opened; every system; internal content; thin; on"
    ]


def test_what_cannot_be_stands_at_its_field_and_nothing_is_lost(prover, url):
    answer = save(prover, NEW, name="Warehouse", address=url, kinds="fire.lit", systems="mainframe")
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert "There is no kind of event fire.lit. The page at /api/ lists them." in text
    assert "There is no system mainframe." in text
    assert form_of(answer)["kinds"] == "fire.lit"


def test_it_is_changed_and_switched_off(prover, url):
    made(prover, url)
    answer = save(prover, f"{LIST}edit/?id=1", kinds="note.logged", is_full="yes", is_active="no")
    assert answer.status_code == 303
    db.session.expire_all()
    row = db.session.scalar(select(Endpoint))
    assert (row.name, row.kinds, row.is_internal, row.is_full, row.is_active) == (
        "Warehouse",
        "note.logged",
        True,
        True,
        False,
    )


def test_two_secrets_sign_until_the_old_one_is_ended(prover, url):
    old = made(prover, url)
    answer = prover.post(f"{LIST}rotate/?id=1")
    new = unescape(SECRET.search(answer.text)[1])
    assert new != old
    assert "UTC the old one signs beside it" in answer.text
    assert prover.post(f"{LIST}rotate/?id=1").status_code == 303
    page = prover.get(PAGE).text
    assert page.count("Two secrets sign until") == 2  # the refusal, and the page
    assert new not in page
    prover.post(f"{LIST}end-old/?id=1")
    assert "The old secret signs no more." in prover.get(PAGE).text
    prover.post(f"{LIST}end-old/?id=1")
    assert "There is no old secret." in prover.get(PAGE).text


def test_a_test_goes_at_once_and_the_page_says_what_came(prover, url, httpserver):
    made(prover, url)
    httpserver.expect_ordered_request("/events").respond_with_data(status=204)
    httpserver.expect_ordered_request("/events").respond_with_data(status=500)
    for said in ("Warehouse took the test.", "The test to Warehouse did not arrive. It answered 500."):
        prover.post(f"{LIST}test/?id=1")
        assert said in prover.get(PAGE).text
    page = prover.get("/admin/data/events/details/?id=2").text
    assert "It answered 500." in page
    save(prover, f"{LIST}edit/?id=1", is_active="no")
    prover.post(f"{LIST}test/?id=1")
    assert "The endpoint is switched off." in prover.get(PAGE).text


def test_an_event_is_sent_again_by_one_press(app, prover, url, httpserver, cast, clock):
    made(prover, url, kinds="note.logged")
    timeline.add_note(cast.open(), "heard on the bridge", actor=cast.maya, now=clock())
    page = prover.get("/admin/data/events/details/?id=1").text
    assert "It waits to be sent." in page
    assert "None yet." in page
    httpserver.expect_request("/events").respond_with_data(status=204)
    Worker(app, on_delivery=lambda number: None).drain()
    again = "/admin/data/events/again/?id=1"
    prover.post(again)
    assert "It is sent again." in prover.get("/admin/data/events/details/?id=1").text
    db.session.expire_all()
    assert db.session.scalar(select(OutgoingEvent.state)) is DeliveryState.PENDING
    prover.post(again)
    assert "It waits to be sent." in prover.get("/admin/data/events/details/?id=1").text
    assert len(audits("event.again")) == 1


def test_only_admins(sign_in):
    assert sign_in("maya").get(LIST).status_code == 403
