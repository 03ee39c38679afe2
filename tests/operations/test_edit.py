"""Click-to-edit: what a field refuses, what an edit brings with it, and several fields or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.enums import CommandRole, Severity
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.models import TimelineEvent
from majorops.operations import command
from majorops.operations.edit import edit_field, edit_fields
from majorops.operations.fields import FIELDS

TITLE = "prod-payments-api not responding"


@pytest.fixture
def incident(cast):
    return cast.open(severity=Severity.LOW)


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def titles(kind: str) -> list[str]:
    return list(db.session.scalars(select(TimelineEvent.title).filter_by(kind=kind)))


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("title", "x" * 201, "Title: at most 200 characters; this has 201."),
        ("description", "x" * 10_001, "Description: at most 10,000 characters; this has 10,001."),
        ("title", " ", "Title: needs a text."),
        ("resolved_at", "2026-11-23 13:00", "The incident is not resolved. Set the status to Resolved."),
    ],
)
def test_a_field_refuses_in_its_own_name(incident, who, name, typed, says):
    before = incident.version
    with pytest.raises(Invalid) as refused:
        edit_field(incident, name, typed, **who)
    assert refused.value.errors == {name: says}
    db.session.rollback()
    assert incident.version == before


def test_a_field_may_ask_for_more_than_command(cast, incident, who, monkeypatch):
    monkeypatch.setitem(FIELDS, "title", replace(FIELDS["title"], needs=Permission.DATA_MANAGE))
    with pytest.raises(Forbidden, match="MIM accounts may not do this"):
        edit_field(incident, "title", "new", **who)
    assert edit_field(incident, "title", "new", **who | {"actor": cast.ada})


def test_the_same_text_is_no_edit_and_none_at_all_conflicts_with_any(incident, who):
    before = incident.version
    assert not edit_field(incident, "title", f" {TITLE} ", was=TITLE, **who)
    assert incident.version == before
    seen = "2026-11-23 13:59:00"  # of a close that was taken back meanwhile
    with pytest.raises(Conflict, match="Resolved was changed meanwhile") as refused:
        edit_field(incident, "resolved_at", "2026-11-23 13:58", was=seen, **who)
    assert refused.value.theirs == ""


def test_a_role_and_a_phase_note_are_fields_too(cast, incident, who):
    assert edit_field(incident, "command.sre", "Rita Moreau", was="", **who)
    assert command.holder(incident, CommandRole.SRE).user_id == cast.rita.user_id
    assert edit_field(incident, "phase_note", "bridge is open", was="", **who)
    assert FIELDS["phase_note"].read(incident) == "bridge is open"
    assert titles("note.written") == ["Phase note, 1 Alert"]


def test_when_the_alert_fired_and_cleared_is_an_entry_and_that_it_is_unknown_is_none(incident, who, clock):
    fired, cleared = (f"{clock() - timedelta(minutes=n):%Y-%m-%d %H:%M}" for n in (9, 2))
    edit_field(incident, "alert.issue_time", fired, **who)
    edit_field(incident, "alert.resolve_time", cleared, **who)
    for name in ("alert.issue_time", "alert.resolve_time"):
        edit_field(incident, name, "", **who)
    assert titles("alert.fired") == ["Alert fired 2026-11-23 13:51:00 UTC"]
    assert titles("alert.cleared") == ["Alert cleared 2026-11-23 13:58:00 UTC"]
    assert (incident.issue_time, incident.resolve_time) == (None, None)


def test_several_fields_or_none_and_every_refusal_at_its_field(cast, incident, who):
    given = {
        "description": ("pool is empty", ""),
        "title": ("mine", TITLE),
        "bridge_url": ("no address", ""),
        "detected_at": ("", "2026-11-23 14:00:00"),
    }
    edit_field(incident, "title", "theirs", **who | {"actor": cast.omar})
    with pytest.raises(Invalid) as refused:
        edit_fields(incident, given, rename={"detected_at": "began_at"}, **who)
    assert refused.value.errors == {
        "title": "Title was changed meanwhile. It says now: theirs",
        "bridge_url": "Bridge: use a web address, such as meet.google.com/abc-defg-hij.",
        "began_at": "Problem began: needs a time in UTC such as 2026-11-23 14:01.",
    }
    assert (incident.description, incident.title) == ("", "theirs")
    cast.resolve(incident)
    with pytest.raises(Invalid) as refused:
        edit_fields(incident, {"description": ("mine", "")}, rename={}, **who)
    assert refused.value.errors == {"description": "INC-001 is resolved. Continue it as a new incident."}
