"""Forged tokens, forms from other sites, expired sessions: refused, and nothing typed is lost."""

from majorops.db import db
from majorops.models import Incident
from tests.web.page import check

TYPED = {"kind": "note", "text": "a long note typed in the night"}


def test_forged_token(cast):
    incident = cast.open()
    answer = cast.browser("maya").post("/admin/incidents/1/notes", data=TYPED | {"csrf_token": "forged"})
    assert answer.status_code == 400
    check(answer)
    assert TYPED["text"] in answer.text
    assert "Send again" in answer.text
    db.session.rollback()
    assert db.session.get(Incident, 1).version == incident.version


def test_posted_from_elsewhere(cast):
    cast.open()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = cast.browser("maya").post("/admin/incidents/1/notes", data=TYPED, headers=headers)
        assert answer.status_code == 400
        assert "another site" in answer.text
        assert "Send again" not in answer.text


def test_expired_session_shows_the_text_again(cast, client):
    cast.open()
    cast.app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post("/admin/incidents/1/notes", data=TYPED)
    assert answer.status_code == 401
    check(answer)
    assert TYPED["text"] in answer.text
    partial = client.post("/admin/incidents/1/notes", data=TYPED, headers={"HX-Request": "true"})
    assert partial.status_code == 401
    assert partial.headers["HX-Retarget"] == "#problem"
    assert "Signed out" in partial.text


def test_passwords_are_never_shown_again(cast, client):
    answer = client.post(
        "/login", data={"email": "a@example.org", "password": "hunter2hunter2", "csrf_token": "old"}
    )
    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def test_the_page_script_gets_a_fresh_token(cast):
    cast.open()
    headers = {"HX-Request": "true"}
    maya = cast.browser("maya")
    answer = maya.post("/admin/incidents/1/notes", data=TYPED | {"csrf_token": "old"}, headers=headers)
    assert answer.status_code == 400
    token = answer.headers["X-CSRF-Token"]
    again = maya.post("/admin/incidents/1/notes", data=TYPED | {"csrf_token": token}, headers=headers)
    assert again.status_code == 200
    forged = maya.post(
        "/admin/incidents/1/notes", data=TYPED, headers=headers | {"Origin": "https://evil.example"}
    )
    assert "X-CSRF-Token" not in forged.headers


def test_a_locked_database_keeps_the_text(cast, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from majorops.fireground import log

    cast.open()
    cast.app.config["WTF_CSRF_ENABLED"] = False

    def locked(*args, **kwargs):
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(log, "add_note", locked)
    answer = cast.browser("maya").post("/admin/incidents/1/notes", data=TYPED)
    assert answer.status_code == 503
    assert TYPED["text"] in answer.text
    assert "Send again" in answer.text
    partial = cast.browser("maya").post(
        "/admin/incidents/1/notes", data=TYPED, headers={"HX-Request": "true"}
    )
    assert partial.status_code == 503
    assert "Nothing was saved" in partial.text


def test_a_database_that_is_gone_is_one_clear_page(cast, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from majorops.public import status

    def gone(now):
        raise OperationalError("SELECT", {}, Exception("connection refused at 10.0.0.7"))

    monkeypatch.setattr(status, "public_status", gone)
    answer = cast.app.test_client().get("/")
    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text
