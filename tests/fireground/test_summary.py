"""The exec summary never stays false: what it was written from, what moved on since,
and what becomes of it at the close.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.ai import build_context, rules
from majorops.ai.context import Helper
from majorops.db import db
from majorops.domain.briefs import Basis, SummaryAtClose, moved_on, written_words
from majorops.domain.enums import CommandRole, IncidentStatus, Phase, RiskLevel, Severity
from majorops.domain.errors import Conflict, GateClosed
from majorops.models import Draft, Incident, TimelineEvent
from majorops.operations import command, edit, incident, phase, stand_down, summary, updates
from majorops.projections.brief import brief_incident

HERE = "/admin/incidents/1"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def case(cast, clock) -> Incident:
    """In phase 4, with a summary that says so."""
    case = cast.open()
    cast.bring_to(case, Phase.INITIAL)
    edit.edit_field(case, "exec_summary", "Active, phase 4, next phase 5.", actor=cast.maya, now=clock())
    clock.tick(minutes=41)
    return case


def page(cast, nick: str = "maya") -> str:
    return cast.browser(nick).get(HERE).text


def words(shown: str) -> str:
    """What somebody reads of a page, on one line; an age is a word like others."""
    return " ".join(re.sub(r"</?time[^>]*>", "", shown).split())


def exec_page(cast) -> str:
    return cast.browser("xin").get("/incidents/1/exec").text


def test_a_summary_is_current_until_phase_status_severity_or_customers_move_on(cast, clock, case):
    assert "Exec summary is older" not in page(cast)
    assert "Written in phase" not in exec_page(cast)
    who = {"actor": cast.maya, "now": clock()}
    edit.edit_field(case, "alert.customer_count", "~1240", **who)
    incident.change_severity(case, Severity.HIGH, **who)
    phase.advance_phase(case, **who)
    shown = page(cast)
    assert "Written in phase 4 Initial, 41 min ago. Since then:" in words(shown)
    assert "phase 5 Isolation, severity High, customers approximately 1,240." in words(shown)
    assert 'id="brief-offer"' in shown  # offered anew
    says = "Written in phase 4 Initial, 41 min ago; since then: phase 5 Isolation"
    assert says in exec_page(cast)
    assert says in build_context(Helper.BRIEF, 1, now=clock()).text


@pytest.mark.parametrize(
    ("basis", "moved"),
    [
        (Basis(1, None, Phase.INITIAL), ("status Resolved", "phase 8 Resolution")),  # of before the migration
        (
            Basis(1, None, Phase.INITIAL, IncidentStatus.ACTIVE, Severity.HIGH, ""),
            ("status Resolved", "phase 8 Resolution", "severity Critical", "customers 12"),
        ),
        (Basis(1, None, Phase.RESOLUTION, IncidentStatus.RESOLVED, Severity.CRITICAL, "12"), ()),
    ],
)
def test_what_moved_on(basis, moved):
    now = Basis(9, None, Phase.RESOLUTION, IncidentStatus.RESOLVED, Severity.CRITICAL, "12")
    assert moved_on(basis, now) == moved
    assert Basis.of(None) is None


def test_confirmed_it_is_current_again_and_the_text_must_be_the_one_that_was_read(cast, clock, case):
    phase.advance_phase(case, actor=cast.maya, now=clock())
    maya = cast.browser("maya")
    stale = maya.post(f"{HERE}/summary", data={"act": "holds", "was": "another text"})
    assert stale.status_code == 409
    assert "The exec summary was changed meanwhile." in stale.text
    maya.post(f"{HERE}/summary", data={"act": "holds", "was": case.exec_summary})
    assert "Exec summary is older" not in page(cast)
    assert "Written in phase" not in exec_page(cast)
    assert db.session.scalar(select(TimelineEvent).filter_by(kind="summary.confirmed"))
    clock.tick(minutes=1)
    phase.advance_phase(case, actor=cast.maya, now=clock())
    maya.post(f"{HERE}/summary", data={"act": "clear", "was": case.exec_summary})
    db.session.refresh(case)
    assert case.exec_summary == ""
    entry = db.session.scalars(select(TimelineEvent).filter_by(field="exec_summary")).all()[-1]
    assert (entry.title, entry.detail) == ("Exec summary cleared", "Active, phase 4, next phase 5.")
    assert maya.post(f"{HERE}/summary", data={"act": "other"}).status_code == 422


def close(cast, case, **given) -> None:
    cast.validate(case)
    who = {"actor": cast.maya, "now": cast.clock()}
    incident.change_severity(case, Severity.LOW, **who)
    phase.advance_phase(case, **who)
    phase.change_status(case, IncidentStatus.RESOLVED, **given, **who)


def test_the_close_asks_what_becomes_of_the_summary(cast, clock, case):
    with pytest.raises(GateClosed, match="Say what becomes of the exec summary"):
        close(cast, case)
    phase.change_status(case, IncidentStatus.MONITORING, actor=cast.maya, now=clock())
    asked = page(cast)
    assert 'id="status-summary"' in asked
    assert "written in phase 4 Initial, 54 min ago" in words(asked)
    maya = cast.browser("maya")
    refused = maya.post(f"{HERE}/status", data={"to": "resolved"})
    assert refused.status_code == 409
    maya.post(f"{HERE}/status", data={"to": "resolved", "summary": "clear"})
    db.session.refresh(case)
    assert (case.status, case.exec_summary) == (IncidentStatus.RESOLVED, "")


def test_a_summary_that_holds_is_confirmed_with_the_close(cast, case):
    close(cast, case, summary=SummaryAtClose.HOLDS)
    assert "not confirmed since" not in page(cast) + exec_page(cast)


def test_an_override_closes_at_once_and_the_brief_says_that_nobody_confirmed_it(cast, clock, case):
    cast.resolve(case)
    assert "Exec summary not confirmed since the close" in page(cast)
    says = "Written before the close, in phase 4 Initial, 41 min before it; not confirmed since."
    assert f'<summary>{says}</summary><p class="text">Active, phase 4' in exec_page(cast)  # folded
    assert "it was Critical, Box 3, and is resolved after" in exec_page(cast)
    for key in ("summary-holds", "summary-clear", "brief-offer"):
        assert f'id="{key}"' in page(cast)
    assert 'id="summary-holds"' not in page(cast, "rita")
    maya = cast.browser("maya")
    maya.post(f"{HERE}/summary", data={"act": "holds", "was": case.exec_summary})
    assert "not confirmed since" not in page(cast) + exec_page(cast)


def test_the_exec_summary_is_rewritten_after_the_close(cast, clock, case):
    """By hand and by the helper; everything else stays closed."""
    cast.resolve(case)
    clock.tick(minutes=5)
    maya = cast.browser("maya")
    assert 'id="brief-key"' in page(cast)
    drafted = maya.post(f"{HERE}/drafts/brief")
    assert drafted.status_code == 303
    draft = db.session.scalar(select(Draft))
    assert "Take as exec summary" in page(cast)
    for false in ("active", "phase 4", "Next phase", "phase 8"):
        assert false not in draft.text
    maya.post(f"{HERE}/drafts/{draft.id}/taken", data={"value": draft.text, "was": case.exec_summary})
    db.session.refresh(case)
    assert case.exec_summary == draft.text
    assert "not confirmed since" not in page(cast) + exec_page(cast)
    edit.edit_field(case, "exec_summary", "In my words.", actor=cast.maya, now=clock())
    assert "In my words." in exec_page(cast)
    with pytest.raises(Conflict):
        edit.edit_field(case, "description", "x", actor=cast.maya, now=clock())
    assert maya.post(f"{HERE}/drafts/update", data={"body": ""}).status_code == 409


def test_a_draft_that_lay_there_carries_what_it_was_written_from(cast, clock, case):
    maya = cast.browser("maya")
    maya.post(f"{HERE}/drafts/brief")
    draft = db.session.scalar(select(Draft))
    clock.tick(minutes=3)
    phase.advance_phase(case, actor=cast.maya, now=clock())
    maya.post(f"{HERE}/drafts/{draft.id}/taken", data={"value": draft.text, "was": case.exec_summary})
    assert "Written in phase 4 Initial, 3 min ago" in words(page(cast))


def test_the_age_of_a_summary_ticks(cast, clock, case):
    """Its number is the script's, from when it was written; how long before the close it was is a fact."""
    clock.tick(minutes=3)
    phase.advance_phase(case, actor=cast.maya, now=clock())
    written_at = case.exec_summary_from["at"][:19]
    ticks = rf'Written in phase 4 Initial, <time [^>]*data-since="{written_at}[^>]*>44 min</time> ago'
    assert re.search(ticks, " ".join(page(cast).split()))
    cast.resolve(case)
    assert "Written before the close, in phase 4 Initial, 44 min before it" in page(cast)
    assert not re.search(r"Written before[^<]*<time", page(cast))


@pytest.mark.parametrize("released", [False, True])
def test_a_resolved_brief_speaks_in_the_past(cast, clock, case, released):
    who = {"actor": cast.maya, "now": clock()}
    command.assign_role(case, CommandRole.SRE, "Rita Moreau", **who)
    edit.edit_field(case, "risk_level", RiskLevel.HIGH.value, **who)
    summary.clear_summary(case, **who)
    cast.resolve(case)
    if released:
        stand_down.stand_down(case, **who)
    for page in ("exec", "brief"):
        shown = cast.browser("xin").get(f"/incidents/1/{page}").text
        assert "Over" in shown
        for false in ("4 Initial", "vacant", "Next phase", "yet.", "are current", "status Active", "expired"):
            assert false not in shown, (page, false)
    shown = exec_page(cast)
    assert "Command at the close: SRE Rita Moreau. MIM Maya Okafor." in shown
    found = brief_incident(1, None)
    text = " ".join(rules.brief(found, clock()).values())
    assert "is resolved after" in text
    assert "Risk was high. No milestone was cut." in text
    seen = build_context(Helper.BRIEF, 1, now=clock()).text
    assert "Phase: over, closed in 4 Initial" in seen
    assert "Next phase" not in seen


def test_written_words(clock):
    basis = Basis(1, clock(), Phase.INITIAL)
    later = clock.tick(minutes=41)
    assert written_words(basis, later, None) == "Written in phase 4 Initial, 41 min ago"
    assert written_words(basis, clock.tick(minutes=5), basis.at) == "Written after the close, 46 min ago"


def test_a_confirmed_summary_says_when_it_was_written_and_when_confirmed(cast, clock, case):
    phase.advance_phase(case, actor=cast.maya, now=clock())
    summary.confirm_summary(case, actor=cast.maya, now=clock())
    clock.tick(minutes=3)
    phase.advance_phase(case, actor=cast.maya, now=clock())
    says = "Written 14:03 UTC in phase 4 Initial, confirmed in phase 5 Isolation, 3 min ago"
    assert f"{says}. Since then: phase 6 Mitigation." in words(page(cast))
    assert f"{says}; since then: phase 6 Mitigation" in exec_page(cast)
    summary.confirm_summary(case, actor=cast.maya, now=clock())
    basis = Basis.of(case.exec_summary_from)
    assert (basis.written_in, basis.phase) == (Phase.INITIAL, Phase.MITIGATION)
    unknown = Basis(1, clock(), Phase.INITIAL, is_confirmed=True)
    assert written_words(unknown, clock(), None) == "Confirmed in phase 4 Initial, 0 min ago"
    tomorrow = clock.tick(hours=20)
    assert written_words(basis, tomorrow, None).startswith(
        "Written 23 Nov 14:03 UTC in phase 4 Initial, confirmed"
    )


def test_the_brief_by_rule_says_nothing_that_moves_while_it_stands(cast, clock, case):
    eta = clock() + timedelta(minutes=20)
    updates.publish_milestone(case, "Payments fail.", next_update_eta=eta, actor=cast.maya, now=clock())
    before = rules.brief(brief_incident(1, None), clock())
    case.next_update_eta += timedelta(minutes=10)
    db.session.commit()
    assert rules.brief(brief_incident(1, None), clock.tick(minutes=7)) == before
