"""The line above the fireground that says what the public does not know yet, and its keys."""

from __future__ import annotations

import re

import pytest

from majorops.db import db
from majorops.domain.enums import Severity
from majorops.domain.visibility import PublicState
from majorops.fireground.palette import sections
from majorops.models import Incident
from tests.operations.test_first_word import DEFAULTS

HERE = "/admin/incidents/1"


@pytest.fixture
def settings(settings):
    return settings | DEFAULTS | {"WTF_CSRF_ENABLED": False}


def line(page: str) -> str:
    found = page.split('id="first-word"')[1].split("<form", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found.split(">", 1)[1]).split())


def state() -> PublicState:
    db.session.rollback()
    return db.session.get(Incident, 1).public_state


def test_it_counts_down_and_undo_and_publish_are_one_press_each(cast, clock):
    cast.open(title="Customer ACME data breach")
    clock.tick(seconds=12)
    maya = cast.browser("maya")
    page = maya.get(HERE).text
    assert line(page).startswith("Public at 14:01:00 UTC, in 00:48 , unless you undo.")
    assert "Problems with our services" in line(page)
    assert 'data-until="2026-11-23T14:01:00' in page
    assert maya.post(f"{HERE}/publication/undo").location == f"{HERE}#notices"
    assert state() is PublicState.PRIVATE
    page = maya.get(HERE).text
    assert line(page).startswith("Private, though Box 3 incidents are public.")
    assert f'href="{HERE}/fields/brief_readers"' in page
    shown = re.search(r'name="title" value="([^"]+)"', page)[1]
    assert maya.post(f"{HERE}/publication", data={"title": shown}).status_code == 303
    assert state() is PublicState.PUBLIC
    assert 'id="first-word"' not in maya.get(HERE).text


def test_a_title_that_moved_is_not_published_and_the_page_says_so(cast, clock):
    cast.open()
    answer = cast.browser("maya").post(f"{HERE}/publication", data={"title": "What I had read"})
    assert answer.status_code == 409
    assert "Not published: the public title changed meanwhile." in answer.text
    assert state() is PublicState.WAITING


def test_a_public_text_is_what_the_composer_and_the_holding_key_offer_meanwhile(cast, clock):
    cast.open()
    maya = cast.browser("maya")
    page = " ".join(maya.get(HERE).text.split())
    assert re.search(r'value="public" id="seen-public" checked', page)
    said = maya.post(
        f"{HERE}/updates",
        data={"kind": "update", "visibility": "public", "body": "We know.", "next_update": "20"},
        headers={"HX-Request": "true"},
    ).text
    assert "Posted, public from 14:01:00 UTC." in said
    typed = {"kind": "update", "visibility": "public", "body": "x", "quiet": "y", "next_update": "20"}
    preview = " ".join(maya.post(f"{HERE}/updates/preview", data=typed).text.split())
    assert "Public page, from 14:01:00 UTC. Subscribers are not told" in preview


def test_a_review_is_asked_for_and_given(app, cast, clock):
    app.config["PUBLIC_REVIEW"] = True
    cast.open()
    omar = cast.browser("omar")
    page = omar.get(HERE).text
    assert line(page).startswith("Not public yet: read it first.")
    assert "Read, publish now" in page
    omar.post(f"{HERE}/publication", data={"title": "Problems with our services"})
    assert state() is PublicState.PUBLIC


def test_who_does_not_command_reads_the_line_and_has_no_key(cast, clock):
    cast.open(severity=Severity.LOW)
    page = cast.browser("rita").get(HERE).text
    assert line(page).startswith("Private.")
    assert "publish-now" not in page
    assert cast.browser("rita").post(f"{HERE}/publication").status_code == 403


def test_the_palette_says_why_not(cast, clock):
    cast.open()

    def locked(label: str) -> str:
        parts = [command for _, part in sections(cast.fireground(1)) for command in part]
        return next(command.locked for command in parts if command.label == label)

    undo = "Undo publication, stay private"
    assert (locked("Publish now"), locked(undo)) == ("", "")
    cast.browser("maya").post(f"{HERE}/publication", data={"title": "Problems with our services"})
    db.session.rollback()
    assert locked("Publish now") == "It is public."
    assert locked(undo) == "Nothing waits to become public."
