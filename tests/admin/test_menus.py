"""How admins find their way: groups of tables, lists by address, several rows at once,
all rows of an incident.
"""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from majorops.admin import GROUPS, forms
from majorops.admin.base import Table
from majorops.admin.tables import IncidentTable
from majorops.db import Base, db
from majorops.domain.enums import CommandRole, DeliveryState, Severity, Visibility
from majorops.models import AuditEntry, Delivery, Incident, TimelineEvent, User
from majorops.operations import timeline
from majorops.operations.command import assign_role
from majorops.operations.edit import edit_field
from majorops.operations.fields import FIELDS

# Rows of an incident that other tables or the fireground show.
SHOWN_OTHERWISE = {
    # at Alerts, one press from the incident's page
    "alert",
    "alert_group",
    # answers of the API that are kept for a day
    "kept_answer",
    # numbers made of its record, at /admin/measures
    "down_time",
    "measured_incident",
    # on the page of the review and the list of actions, one press from the incident's page
    "action_item",
    "review",
    "review_attendee",
    "review_guest",
    "review_mark",
    "review_person",
    "review_question",
    "review_text",
    "affected_system",
    "checklist_tick",
    "phase_note",
    "nudge_mark",
    "run_card_use",
    "run_card_tick",
    "brief_link",
    "brief_reader",
    "publication",
    "subscriber_incident",
    "system_state",
}


def tables(app) -> list[Table]:
    return [view for view in app.extensions["admin"][0]._views if isinstance(view, Table)]


def test_every_table_is_in_one_group_of_the_menu(app, ada, fill):
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(table.name for table in tables(app))
    assert list(GROUPS) == ["Incidents", "Response", "People", "Public", "Alerts", "Delivery", "System"]
    page = ada.get("/admin/data/deliveries/").text
    menu = page.split('aria-label="Tables"')[1].split("</nav>")[0]
    assert re.findall(r'aria-current="(\w+)">([^<]+)', menu) == [("true", "Delivery"), ("page", "Deliveries")]
    assert menu.count("<li>") == 1 + len(GROUPS) + len(GROUPS["Delivery"])
    start = ada.get("/admin/").text
    assert re.findall(r'id="group-\d">([^<]+)', start) == list(GROUPS)


def test_every_preset_is_a_list_by_address_that_holds(app, ada, fill):
    fill(1)
    seen = 0
    for table in tables(app):
        known = {f"flt_{filter.arg}": filter for filter in table._filters or ()}
        for name, args in table.presets:
            assert set(args) <= set(known), (table.name, name)
            assert all(known[key].validate(str(value)) for key, value in args.items()), (table.name, name)
        for name, address, _ in preset_links(app, table):
            page = ada.get(address).text
            assert re.search(rf'aria-current="page">{re.escape(name)}<', page), address
            assert "bookmark it" in page
            seen += 1
    assert seen >= 20


def preset_links(app, table):
    with app.test_request_context("/"):
        return table.preset_links()


def test_failed_deliveries_are_sent_again_in_one_press_each_with_its_event(ada, cast):
    cast.open(severity=Severity.CRITICAL)
    rows = db.session.scalars(select(Delivery)).all()
    for row in rows:
        row.state = DeliveryState.FAILED
    db.session.commit()
    ids = [row.id for row in rows]
    assert len(ids) >= 2
    failed = "/admin/data/deliveries/?flt_state=failed"
    ticked = ada.get(f"{failed}&select=all").text
    assert ticked.count('form="several" checked') == len(ids)
    before = audits()
    answer = ada.post(
        "/admin/data/deliveries/several/", query_string={"url": failed}, data={"act": "again", "row": ids}
    )
    assert (answer.status_code, answer.location) == (303, failed)
    assert f"Sent again: {len(ids)} of {len(ids)}." in ada.get(failed).text
    db.session.expire_all()
    assert set(db.session.scalars(select(Delivery.state))) == {DeliveryState.PENDING}
    assert audits() - before == len(ids)


def audits() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(AuditEntry.id))) + db.session.scalar(
        select(func.count(TimelineEvent.id))
    )


def test_what_a_row_refuses_is_told_and_the_others_are_done(ada, cast):
    cast.open(severity=Severity.CRITICAL)
    rows = db.session.scalars(select(Delivery)).all()
    rows[0].state, rows[1].state = DeliveryState.SENT, DeliveryState.FAILED
    db.session.commit()
    data = {"act": "again", "row": [rows[0].id, rows[1].id]}
    page = ada.post("/admin/data/deliveries/several/", data=data, follow_redirects=True).text
    assert "Sent again: 1 of 2." in page
    assert 'class="notice notice--error"' in page
    assert (
        "Tick the rows first."
        in ada.post("/admin/data/deliveries/several/", data={"act": "again"}, follow_redirects=True).text
    )
    assert ada.post("/admin/data/deliveries/several/", data={"act": "erase", "row": [1]}).status_code == 404
    assert ada.post("/admin/data/deliveries/several/", data={"act": "again", "row": ["x"]}).status_code == 404


@pytest.mark.parametrize("nick", ["maya", "rita"])
def test_others_do_nothing_to_several_rows(sign_in, cast, nick):
    cast.open()
    for name in ("deliveries", "timeline", "users", "systems"):
        answer = sign_in(nick).post(f"/admin/data/{name}/several/", data={"act": "internal", "row": [1]})
        assert answer.status_code == 403


def test_entries_are_made_internal_together(ada, cast):
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": cast.clock()}
    seqs = [timeline.add_note(incident, text, visibility=Visibility.PUBLIC, **who).id for text in "ab"]
    ada.post("/admin/data/timeline/several/", data={"act": "internal", "row": seqs})
    db.session.expire_all()
    assert {db.session.get(TimelineEvent, id).visibility for id in seqs} == {Visibility.INTERNAL}
    changed = select(func.count()).select_from(TimelineEvent).filter_by(kind="visibility.changed")
    assert db.session.scalar(changed) == 2


def test_every_act_on_several_rows_works(app, ada, cast, fill):
    """No button that does nothing: each leaves an event for a row that may take it."""
    fill(1)
    for table in tables(app):
        for name, act in table.acts.items():
            assert act.label
            row = db.session.scalar(select(table.model.id).limit(1))
            if row is None:
                continue
            asked = {"how": "add", "systems": "vault", "group_name": "Money", "owner": cast.rita.email}
            data = {"act": name, "row": [row], "sure": "yes"} | asked
            answer = ada.post(f"{table.url}/several/", data=data, follow_redirects=True)
            assert answer.status_code == 200, (table.name, name)
            assert 'class="notice' in answer.text


def test_an_incidents_page_links_all_its_rows(app, ada, cast):
    cast.full_house()
    page = ada.get("/admin/data/incidents/details/?id=1").text
    rows = page.split("Rows of this incident")[1].split("</ul>")[0]
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>\s*<span class="mono">([\d,]+)', rows)
    linked = {name for _, name, _ in links}
    models = {mapper.local_table.name for mapper in Base.registry.mappers if "incident_id" in mapper.columns}
    shown = {table.model.__mapper__.local_table.name for table in tables(app) if table.name in linked}
    assert models - shown - SHOWN_OTHERWISE == set()
    assert {"Timeline", "Updates", "Tracks", "CAN reports", "Asks", "Deliveries", "Announcements"} <= linked
    for address, name, number in links:
        listed = ada.get(address.replace("&amp;", "&")).text
        assert f'data-head__count">{number}</span>' in listed, name


def test_the_admin_shows_every_field_of_the_registry(ada, cast):
    """Each field of the registry stands on the incident's page with its value, wherever it is kept."""
    incident = cast.open(severity=Severity.LOW)
    who, written = {"actor": cast.maya, "now": cast.clock()}, {}
    for name, field in FIELDS.items():
        if field.choices or field.input in ("time", "count", "systems", "people") or name == "bridge_url":
            continue
        if name.startswith("command."):
            assign_role(incident, CommandRole(name.removeprefix("command.")), f"Holds {name}", **who)
        else:
            edit_field(incident, name, f"Text of {name}", **who)
        written[name] = f"Holds {name}" if name.startswith("command.") else f"Text of {name}"
    details = ada.get("/admin/data/incidents/details/?id=1").text.split('<dl class="data-details">')[1]
    assert [name for name, text in written.items() if text not in details] == []
    columns = set(IncidentTable.column_details_list)
    assert [name for name in FIELDS if not set(FIELDS[name].columns or [forms.key(name)]) <= columns] == []


def test_a_preset_of_drills_leaves_incidents_out(ada, cast):
    cast.open()
    cast.open(title="cable test", is_drill=True)
    page = ada.get("/admin/data/incidents/?flt_drill=yes").text
    assert "cable test" in page
    assert "prod-payments-api" not in page
    assert db.session.scalar(select(func.count(Incident.id))) == 2
    assert db.session.scalar(select(func.count(User.id))) == 5
