"""Every write is an operation that leaves an event;
everything else stays closed, and nothing typed is lost.
"""

import re
from html import unescape

import pytest
from sqlalchemy import select

from majorops.admin import forms
from majorops.db import db
from majorops.domain.enums import IncidentStatus, Phase, Severity, Visibility
from majorops.models import Incident, User
from majorops.operations import timeline, updates
from majorops.operations.edit import edit_field
from majorops.operations.fields import FIELDS
from tests.admin.browsing import TABLES, WRITABLE, entries, every_table, form_of, save


@pytest.fixture
def incident(cast):
    return cast.open()


@pytest.fixture
def edit(incident) -> str:
    return f"/admin/data/incidents/edit/?id={incident.id}"


def test_an_edit_is_a_verb_with_an_event(ada, cast, incident, edit):
    answer = save(
        ada, edit, title="ledger-db not responding", is_public="no", customer_impact_summary="a\r\nb"
    )
    assert answer.status_code == 303
    written = [(e.field, e.title, e.actor_name) for e in entries(incident.id) if e.kind == "field.changed"]
    assert {field for field, _, _ in written} == {"title", "is_public", "customer_impact_summary"}
    assert {name for _, _, name in written} == {cast.ada.name}
    assert (incident.title, incident.is_public, incident.customer_impact_summary) == (
        "ledger-db not responding",
        False,
        "a\nb",
    )
    page = ada.get("/admin/data/incidents/").text
    assert "Saved: Title, Customer impact, On public page." in page


def test_every_field_of_the_form_saves(ada, incident, edit):
    form = form_of(ada.get(edit))
    names = {name for name in form if f"was_{name}" in form}
    assert {"title", "affected_systems", "alert_issue_time", "alert_customer_count", "risk_level"} <= names
    assert not names & {"severity", "alarm_level", "status", "phase", "resolved_at", "version", "opened_at"}
    given = {
        "title": "t",
        "public_title": "What everybody reads",
        "affected_systems": "payments-api, cards",
        "bridge_url": "https://b.example/1",
        "bridge_is_public": "yes",
        "is_public": "no",
        "alert_alert_id": "A-1",
        "alert_issue_time": "2026-11-23 13:50:00",
        "alert_resolve_time": "2026-11-23 13:59:00",
        "alert_external_impact": "yes",
        "alert_customer_count": "approximately 1,240",
        "risk_level": "high",
        "exposure_confidence": "low",
        "exposure_path": "partial",
        "detected_at": "2026-11-23 13:40:00",
    }
    texts = [field.name for field in FIELDS.values() if field.input == "text" and field.in_data_form]
    given |= {forms.key(name): f"Text of {name}" for name in texts}
    assert set(given) == names
    assert save(ada, edit, **given).status_code == 303
    assert {name: value for name, value in form_of(ada.get(edit)).items() if name in given} == given
    assert {e.kind for e in entries(incident.id)} >= {"field.changed", "alert.fired", "alert.cleared"}


def test_saving_without_a_change_leaves_no_event(ada, cast, incident, edit):
    edit_field(incident, "description", "one\ntwo", actor=cast.maya, now=cast.clock())
    before = len(entries(incident.id))
    assert save(ada, edit).status_code == 303
    assert len(entries(incident.id)) == before
    assert "Nothing was changed." in ada.get("/admin/data/incidents/").text


def test_an_invalid_value_keeps_the_form_and_saves_nothing(ada, incident, edit):
    answer = save(ada, edit, title="kept as typed", alert_customer_count="many")
    assert answer.status_code == 422
    assert "digits only" in answer.text
    assert 'aria-invalid="true"' in answer.text
    form = form_of(answer)
    assert (form["title"], form["alert_customer_count"]) == ("kept as typed", "many")
    assert not [e for e in entries(incident.id) if e.kind == "field.changed"]


def test_a_conflict_keeps_the_typed_form_and_shows_both(ada, cast, incident, edit):
    opened = form_of(ada.get(edit))
    edit_field(incident, "description", "Maya wrote\nthis", actor=cast.maya, now=cast.clock())
    edit_field(incident, "title", "Maya's title", actor=cast.maya, now=cast.clock())
    answer = ada.post(edit, data=opened | {"description": "Ada wrote this", "exec_summary": "also"})
    assert answer.status_code == 422
    assert "changed meanwhile" in answer.text
    assert "Maya wrote\nthis" in unescape(answer.text)
    form = form_of(answer)
    assert (form["description"], form["exec_summary"]) == ("Ada wrote this", "also")
    assert incident.description == "Maya wrote\nthis"
    assert ada.post(edit, data=form).status_code == 303
    db.session.expire_all()
    assert (incident.description, incident.exec_summary) == ("Ada wrote this", "also")
    assert incident.title == "Maya's title", "what she left alone is not put back"


def test_a_resolved_incident_is_frozen_but_for_what_is_put_right(ada, cast, incident, edit):
    cast.validate(incident)
    from majorops.operations import phase

    opened = form_of(ada.get(edit))
    phase.advance_phase(incident, actor=cast.maya, now=cast.clock())
    at = cast.clock()
    text = {
        "body": "over",
        "is_resolution": True,
        "after_action_at": at.replace(day=24),
        "visibility": Visibility.PUBLIC,
    }
    updates.publish_milestone(incident, actor=cast.maya, now=at, **text)
    phase.change_status(incident, IncidentStatus.RESOLVED, actor=cast.maya, now=at)
    names = {name for name in form_of(ada.get(edit)) if name.startswith("was_")}
    inside = {"was_title", "was_resolved_at", "was_exec_summary"}
    assert names == {"was_public_title", "was_affected_systems", "was_is_public"} | inside
    ada.post(edit, data=opened | {"description": "rewritten"})
    db.session.expire_all()
    assert incident.description != "rewritten"


def test_what_verbs_own_cannot_be_forged(ada, incident, edit):
    forged = {
        "phase": "8",
        "status": "resolved",
        "severity": "low",
        "alarm_level": "0",
        "version": "99",
        "id": "77",
        "opened_at": "2020-01-01 00:00:00",
        "opened_by_name": "x",
        "resolved_at": "2020-01-01 00:00:00",
        "was_phase": "1",
        "command_mim": "x",
        "command.mim": "x",
        "is_drill": "yes",
        "phase_note": "x",
    }
    before = len(entries(incident.id))
    save(ada, edit, **forged)
    db.session.expire_all()
    assert (incident.phase, incident.status, incident.severity) == (
        Phase.ALERT,
        IncidentStatus.ACTIVE,
        Severity.CRITICAL,
    )
    assert (incident.is_drill, incident.resolved_at, incident.opened_by_name) == (False, None, "Maya Okafor")
    assert len(entries(incident.id)) == before


@every_table
def test_what_is_read_only_takes_no_post(ada, fill, name):
    fill(1)

    def everything():
        db.session.rollback()
        db.session.expire_all()
        tables = db.metadata.sorted_tables
        return {
            t.name: sorted(map(str, db.session.execute(select(t)).all()))
            for t in tables
            if t.name != "user_session"
        }

    before = everything()
    forged = {
        "id": "1",
        "title": "x",
        "body": "x",
        "visibility": "public",
        "rowid": "1",
        "action": "delete",
        "list_form_pk": "1",
    }
    for path in (
        "new/",
        "edit/?id=1",
        "delete/",
        "delete/?id=1",
        "action/",
        "ajax/update/",
        "ajax/lookup/?name=incident",
    ):
        if path.split("/")[0] in WRITABLE.get(name, ()):
            continue
        for answer in (
            ada.post(f"/admin/data/{name}/{path}", data=forged),
            ada.get(f"/admin/data/{name}/{path}"),
        ):
            assert answer.status_code in (404, 405), path
    assert everything() == before


# One person a test: the fixture's app context keeps who signed in first.
@pytest.mark.parametrize("nick", ["maya", "rita", None])
def test_others_cannot_write_either(sign_in, client, edit, incident, nick):
    code = 403 if nick else 401
    browser = sign_in(nick) if nick else client
    assert browser.post(edit, data={"title": "x", "was_title": incident.title}).status_code == code
    new = {"email": "x@y.zz", "name": "x", "role": "admin"}
    assert browser.post("/admin/data/users/new/", data=new).status_code == code
    assert (
        browser.post("/admin/data/timeline/visibility/?id=1", data={"visibility": "internal"}).status_code
        == code
    )
    db.session.expire_all()
    assert db.session.scalar(select(User).filter_by(email="x@y.zz")) is None
    assert incident.title == "prod-payments-api not responding"


def test_forms_need_their_token(app, ada, edit):
    app.config["WTF_CSRF_ENABLED"] = True
    assert ada.post(edit, data={"title": "x"}).status_code == 400
    assert ada.post(edit, data=form_of(ada.get(edit)) | {"title": "x"}).status_code == 303


def test_visibility_of_an_entry_is_changed_by_its_verb(ada, cast, incident):
    entry = timeline.add_note(incident, "heard", actor=cast.maya, now=cast.clock())
    address = f"/admin/data/timeline/visibility/?id={entry.id}"
    page = ada.get(f"/admin/data/timeline/details/?id={entry.id}").text
    assert "Anyone with the URL reads it." in page
    for visibility in (Visibility.PUBLIC, Visibility.INTERNAL):
        assert ada.post(address, data={"visibility": visibility.value}).status_code == 303
        assert entries(incident.id)[entry.seq - 1].visibility is visibility
        assert entries(incident.id)[-1].kind == "visibility.changed"
    assert ada.post(address, data={"visibility": "sideways"}).status_code == 400
    assert ada.get(address).status_code == 405


def test_after_saving_the_way_leads_back_to_the_list_but_nowhere_else(ada, incident, edit):
    back = "/admin/data/incidents/?search=prod"
    answer = save(ada, f"{edit}&url={back}", title="a")
    assert answer.headers["Location"].endswith(back)
    answer = save(ada, f"{edit}&url=https://evil.example/", title="b")
    assert "evil" not in answer.headers["Location"]


@pytest.mark.parametrize("name", TABLES)
def test_the_words_are_ours(ada, fill, name):
    fill(1)
    texts = [ada.get(f"/admin/data/{name}/").text, ada.get("/admin/").text]
    if name in WRITABLE:
        texts.append(ada.get(f"/admin/data/{name}/edit/?id=1").text)
    for text in texts:
        assert not re.search(r"\b(ticket|please|oops|successfully)\b", text, re.I)


def test_incidents_are_opened_at_intake_not_here(ada, cast):
    assert 'href="/new"' in ada.get("/admin/data/incidents/").text
    assert ada.post("/admin/data/incidents/new/", data={"title": "x"}).status_code == 404
    assert db.session.scalar(select(Incident.id)) is None
