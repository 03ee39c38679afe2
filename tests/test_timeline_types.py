"""Timeline types as in the guide: *command* is for the command team, severity, status and overrides;
edits are *action*.
"""

from __future__ import annotations

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from majorops import create_app
from majorops.db import db
from majorops.operations.edit import edit_field
from majorops.operations.fields import FIELDS
from tests.conftest import SECRET, autocommit, named_database
from tests.operations.test_every_operation import wrong_types

STAY = {
    "command.changed": "command",
    "handover.offered": "command",
    "severity.changed": "command",
    "status.changed": "command",
    "gate.overridden": "command",
    "response.stood_down": "command",
    "note.logged": "action",
    "track.opened": "action",
    "phase.advanced": "phase",
    "update.published": "update",
    "alert.fired": "alert",
}
MOVE = (
    "field.changed",
    "note.written",
    "alarm.changed",
    "alarm.raised",
    "reason.given",
    "visibility.changed",
)
MOVE += ("draft.used", "link.made", "system.status", "exposure.published", "edit.yielded")


def test_an_edited_field_is_an_action_and_a_new_severity_is_command(cast, clock):
    incident = cast.open()
    for name, typed in (
        ("title", "checkout times out"),
        ("business_impact", "orders lost"),
        ("phase_note", "Lena is on her way"),
        ("severity", "high"),
        ("alarm_level", "3"),
        ("command.sre", "Lena"),
    ):
        edit_field(incident, name, typed, actor=cast.maya, now=clock())
        assert FIELDS[name]
    page = cast.browser("maya").get("/admin/incidents/1").text
    rows = {part.split("<b>")[1].split("</b>")[0]: part for part in page.split('class="timeline__row')[1:]}
    types = {title: part.split('data-event-type="')[1].split('"')[0] for title, part in rows.items()}
    assert types["Title: prod-payments-api not responding › checkout times out"] == "action"
    assert types["Business: (empty) › orders lost"] == "action"
    assert types["Phase note, 1 Alert"] == "action"
    assert types["Alarm level Box 2 › Box 3"] == "action"
    assert types["Severity Critical › High, Box 3 › Box 2"] == "command"
    assert types["SRE: Lena"] == "command"
    assert wrong_types() == set()


@pytest.fixture(params=["sqlite", "postgres"])
def old_database(request, tmp_path):
    """A database of the version before, with entries of every kind that matters;
    inside its application's context.
    """
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        with autocommit(server) as connection:
            connection.execute(text(f"CREATE DATABASE {request.function.__name__}"))
        url = named_database(server, request.function.__name__)
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        upgrade(revision="0013")
        yield app
        db.session.remove()
        db.engine.dispose()


def write(kinds: dict[str, str], start: int) -> None:
    at = {"at": "2026-01-01 00:00:00+00:00"}
    if start == 1:
        columns = (
            "title, description, severity, alarm_level, status, phase, "
            "phase_entered_at, detected_at, opened_at"
        )
        db.session.execute(
            text(
                f"INSERT INTO incident (version, {columns}, business_impact, customer_impact_summary, "
                "exec_summary, audience_notes, who_affected, what_to_do, exposure_confidence, "
                "exposure_path, exposure_line, bridge_is_public, is_public, is_drill, window_resets, "
                "customer_count_is_approximate, external_impact, opened_by_name, intake_source) "
                "VALUES (0, 't', '', 'low', 0, 'active', 1, :at, :at, :at, '', '', '', '', '', '', "
                "'unstated', 'unstated', '', false, true, false, 0, false, 'unknown', 'm', 'web')"
            ),
            at,
        )
    for seq, (kind, type_) in enumerate(kinds.items(), start):
        db.session.execute(
            text(
                "INSERT INTO timeline_event (incident_id, seq, type, kind, title, detail, visibility, "
                "actor_name, at) "
                "VALUES (1, :seq, :type, :kind, 't', '', 'internal', 'm', :at)"
            ),
            {"seq": seq, "type": type_, "kind": kind, **at},
        )
    db.session.commit()


def types() -> dict[str, str]:
    found = dict(db.session.execute(text("SELECT kind, type FROM timeline_event")).all())
    db.session.rollback()
    return found


def test_stored_entries_get_the_guides_types_and_back(old_database):
    before = STAY | dict.fromkeys(MOVE, "command")
    write(before, 1)
    upgrade(revision="0014")
    assert types() == STAY | dict.fromkeys(MOVE, "action")
    write({"link.opened": "command"}, 100)  # by a process of the version before: still valid
    assert types()["link.opened"] == "command"
    downgrade(revision="0013")
    assert types() == before | {"link.opened": "command"}


def test_edits_that_were_discarded_are_called_so_and_back(old_database):
    write({"edit.yielded": "command", "note.logged": "action"}, 1)
    upgrade(revision="0021")
    assert types() == {"edit.discarded": "action", "note.logged": "action"}
    downgrade(revision="0020")
    assert types() == {"edit.yielded": "action", "note.logged": "action"}
