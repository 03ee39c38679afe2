"""The rule of domain/after_close.py holds for every operation that there is."""

from __future__ import annotations

import inspect

import pytest

from majorops.db import db
from majorops.domain.after_close import ANSWERS_BY_ITSELF, NOT_WHEN_MERGED, OPEN
from majorops.domain.briefs import SummaryAtClose
from majorops.domain.enums import IncidentStatus
from majorops.domain.errors import Conflict, Refused
from majorops.operations.fields import FIELDS
from majorops.operations.redaction import look
from tests.operations.loaded import OPERATIONS
from tests.operations.test_every_operation import arranged

OF_INCIDENTS = sorted(
    name for name, one in OPERATIONS.items() if next(iter(inspect.signature(one).parameters)) == "incident"
)
IN_THE_AUDIT = {"drafts.discard_draft", "actions.remind_of_action", "after_action.nudge_mim"}
WITHOUT_AN_ENTRY = {"paging.close_pager"}  # the delivery says it: tests/paging/test_pagers.py
STAYS_OPEN = {"title", "public_title", "affected_systems", "is_public", "exec_summary", "resolved_at"}


def test_the_rule_names_operations_that_there_are():
    assert OPEN.keys() | ANSWERS_BY_ITSELF.keys() | NOT_WHEN_MERGED <= set(OF_INCIDENTS)


@pytest.mark.parametrize("name", OF_INCIDENTS)
def test_at_a_resolved_incident(cast, clock, name):
    """Open ones do what they do, all others are refused: no phase, no alarm, no role, no track."""
    (incident, *_), given, keywords, who = arranged(name, cast, clock)
    if not incident.is_resolved:
        given_up = {"override": "test", "summary": SummaryAtClose.HOLDS if incident.exec_summary else None}
        by_person = {"actor": cast.ada, "now": who["now"]}  # a token may do less
        OPERATIONS["phase.change_status"](incident, IncidentStatus.RESOLVED, **given_up, **by_person)
    if "seal" in keywords:  # the close told people, in the words of the title
        keywords["seal"] = look(incident, *given, keywords["reason"], who["now"]).seal
    before = incident.version
    try:
        OPERATIONS[name](incident, *given, **keywords, **who)
        answer = ""
    except Refused as problem:
        answer = str(problem)
    db.session.refresh(incident)
    has_changed = incident.version > before
    if name in OPEN:
        assert answer == ""
        assert has_changed or name in IN_THE_AUDIT | WITHOUT_AN_ENTRY
    else:
        assert not has_changed
        closed = f"{incident.reference} is resolved. Continue it as a new incident."
        assert answer == closed or name in ANSWERS_BY_ITSELF


def test_the_fields_that_stay_open_are_these():
    assert {name for name, field in FIELDS.items() if not field.frozen_when_resolved} == STAYS_OPEN


@pytest.mark.parametrize("name", sorted(NOT_WHEN_MERGED))
def test_at_a_duplicate(cast, clock, name):
    _, given, keywords, who = arranged(name, cast, clock)
    kept, duplicate = cast.open(), cast.open()
    OPERATIONS["curation.merge_incident"](duplicate, kept, **who)
    with pytest.raises(Conflict, match="was merged into"):
        OPERATIONS[name](duplicate, *given, **keywords, **who)
