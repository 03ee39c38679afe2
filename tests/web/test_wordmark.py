"""The wordmark follows one rule on every page (guide, "The Wordmark"):
login, errors, briefs, admin, the public pages.
"""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import OperationalError

from majorops.domain.enums import Severity
from majorops.publishing.files import PublicFiles
from majorops.web import posture

FOR_STRANGERS = ("/", "/login", "/nothing-here", "/incidents/1", "/incidents/2", "/history", "/subscribe")
FOR_MAYA = (
    "/admin/incidents",
    "/admin/incidents/2",
    "/admin/incidents/2/commands",
    "/admin/incidents/keys",
    "/new",
)
FOR_MAYA += (
    "/briefs",
    "/admin/maintenance",
    "/admin/maintenance/new",
    "/admin/incidents/2/links",
    "/nothing-here",
)
FOR_ADA = ("/admin/", "/admin/data/incidents/", "/admin/incidents/9999")
FOR_XIN = ("/briefs", "/admin/incidents/2", "/admin/")  # the last two are not theirs


def word(page) -> str:
    """What the page's wordmark says; empty for no word."""
    said, shown = (
        re.findall(r'<[a-z]+ [^>]*data-posture="(\w+)"', page.text),
        re.findall(r'class="posture">(\w+)<', page.text),
    )
    assert len(said) == 1, page.request.path
    assert [one.lower() for one in shown] == [one for one in said if one != "unknown"], page.request.path
    return shown[0] if shown else ""


@pytest.fixture
def words(cast, app):
    """What every page says now: a set, as they must not differ."""
    app.extensions["public_origin"] = "http://localhost"
    cast.resolve(cast.open(title="search-index lag", severity=Severity.LOW))
    cast.resolve(cast.open())
    browsers = {nick: cast.browser(nick) for nick in ("maya", "ada", "xin")}

    def read() -> dict[str, str]:
        asked = [
            (nick, path)
            for nick, paths in (("maya", FOR_MAYA), ("ada", FOR_ADA), ("xin", FOR_XIN))
            for path in paths
        ]
        found = {f"{nick} {path}": word(browsers[nick].get(path)) for nick, path in asked}
        return found | {path: word(app.test_client().get(path)) for path in FOR_STRANGERS}

    app.extensions["has_accounts"] = True
    return read


def test_wordmark_follows_one_rule_on_every_page(words, cast, monkeypatch):
    monkeypatch.setattr(posture, "RECENT", 0)
    assert set(words().values()) == {"PEACETIME"}
    running = cast.open(title="checkout times out")
    found = words()
    assert set(found.values()) == {"WARTIME"}, {path for path, said in found.items() if said != "WARTIME"}
    cast.resolve(running)
    assert set(words().values()) == {"PEACETIME"}


def test_setup_says_peacetime_before_anything_was_opened(client):
    assert word(client.get("/setup")) == "PEACETIME"


def test_a_private_incident_and_a_drill_show_to_no_stranger(words, cast, monkeypatch):
    monkeypatch.setattr(posture, "RECENT", 0)
    cast.open(title="drill", is_drill=True)
    assert set(words().values()) == {"PEACETIME"}
    cast.open(title="private", is_public=False)
    found = words()
    assert {found[path] for path in FOR_STRANGERS} == {"PEACETIME"}
    assert {said for path, said in found.items() if path not in FOR_STRANGERS} == {"WARTIME"}


@pytest.fixture
def no_database(app, monkeypatch):
    """From the call on every query fails, as when the database is gone."""

    def fail(*args, **kwargs):
        raise OperationalError("select", {}, Exception("gone"))

    def go():
        from sqlalchemy.orm import Session

        for name in ("execute", "scalar", "scalars", "get"):
            monkeypatch.setattr(Session, name, fail)

    return go


def test_without_a_database_the_wordmark_says_what_was_known_last(cast, client, app, no_database):
    app.extensions["has_accounts"] = True
    cast.open()
    assert word(client.get("/")) == "WARTIME"
    no_database()
    for path in ("/", "/incidents/1", "/history"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert word(answer) == "WARTIME"
    assert word(client.get("/login")) == "WARTIME"


def test_without_a_database_and_without_a_memory_there_is_no_word(cast, client, app, no_database):
    app.extensions["has_accounts"] = True
    maya = cast.browser("maya")
    no_database()
    for browser, path in ((client, "/"), (client, "/login"), (maya, "/admin/incidents"), (maya, "/briefs")):
        assert word(browser.get(path)) == ""


def test_without_a_database_who_is_signed_in_reads_no_calm_word_that_is_false(cast, client, app, no_database):
    app.extensions["has_accounts"] = True
    cast.open(title="private", is_public=False)
    maya = cast.browser("maya")
    assert word(maya.get("/admin/incidents")) == "WARTIME"
    assert word(client.get("/")) == "PEACETIME"
    no_database()
    assert word(maya.get("/admin/incidents")) == ""
    assert word(client.get("/")) == "PEACETIME"


def test_a_file_of_a_resolved_incident_says_no_word(cast, app, tmp_path):
    app.extensions["has_accounts"] = True
    cast.resolve(cast.open())
    cast.open(title="checkout times out")
    files = PublicFiles(app, app.extensions["snapshots"], tmp_path / "public")
    files.write_all()
    read = {
        name: (files.folder / name).read_text()
        for name in ("index.html", "incidents/1.html", "incidents/2.html")
    }
    assert "WARTIME" in read["index.html"]
    assert "WARTIME" in read["incidents/2.html"]
    assert 'data-posture="unknown"' in read["incidents/1.html"]
    assert not re.search("WARTIME|PEACETIME", read["incidents/1.html"])
