"""Run cards: versions, what lies on a fireground, steps, reviews; nothing in a card is HTML."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import AlarmLevel, CardTier, IncidentStatus, Severity
from majorops.domain.errors import Conflict, Invalid
from majorops.fireground.regions import runcard
from majorops.models import RunCard, RunCardTick, RunCardVersion, TimelineEvent
from majorops.operations import incident as incidents
from majorops.operations import phase, runcards
from majorops.operations.edit import edit_field
from majorops.web.markdown import markdown
from tests.counting import queries

HEADINGS = ("Owner", "Health checks", "Runbook", "Vendor contacts", "RTO and RPO", "Release criteria")
BODY = "# Steps\n- freeze\n- roll back\n" + "".join(f"# {name}\nx\n" for name in HEADINGS)


@pytest.fixture
def card(cast, clock):
    given = {"tier": CardTier.SPECIFIC, "name": "payments", "systems": "payments-api", "body": BODY}
    return runcards.add_card(**given, actor=cast.ada, now=clock())


def here(cast, number: int = 1) -> runcard.Card | None:
    shown = runcard.build(cast.fireground(number))
    return shown.card if shown else None


def test_box_3_brings_the_card_and_lower_ones_do_not(cast, clock, card):
    cast.open(severity=Severity.HIGH)
    assert here(cast) is None
    case = db.session.get(type(cast.fireground(1).incident), 1)
    incidents.set_alarm_level(case, AlarmLevel.BOX_3, actor=cast.maya, now=clock())
    assert here(cast).title == "payments, v1"
    assert (
        db.session.scalar(select(TimelineEvent.title).filter_by(kind="runcard.put"))
        == "Run card: payments, v1"
    )


def test_a_system_named_later_brings_its_card(cast, clock, card):
    case = cast.open(systems=["checkout-web"])
    assert here(cast) is None
    edit_field(case, "affected_systems", "checkout-web, payments-api", actor=cast.maya, now=clock())
    assert here(cast).title == "payments, v1"


def test_other_cards_are_read_for_who_may_choose_alone(cast, clock, card):
    given = {"tier": CardTier.SPECIFIC, "name": "second", "systems": "payments-api", "body": BODY}
    runcards.add_card(**given, actor=cast.ada, now=clock())
    cast.open()
    for nick, names in (("maya", ["second"]), ("rita", [])):
        view = cast.fireground(1, nick)
        assert view.incident.system_names
        with queries() as sent:
            shown = runcard.build(view)
        assert [other.name for other in shown.others] == names
        assert len(sent) == 2 + len(names)  # what lies here, its ticks, and all cards


def test_a_new_version_leaves_the_fireground_its_own(cast, clock, card):
    cast.open()
    given = {"name": "payments", "systems": "payments-api", "is_active": True}
    runcards.save_card(card, **given, body=BODY + "# More\ny\n", actor=cast.ada, now=clock())
    assert here(cast).title == "payments, v1"
    assert db.session.scalars(select(RunCardVersion.number)).all() == [1, 2]
    runcards.save_card(card, **given, body=BODY + "# More\ny\n", actor=cast.ada, now=clock())
    assert db.session.scalar(select(func.count(RunCardVersion.id))) == 2  # nothing changed, nothing saved


def test_steps_are_ticked_by_whoever_did_them(cast, clock, card):
    case = cast.open()
    use = here(cast).use
    runcards.tick_step(case, use, 1, True, actor=cast.rita, now=clock())
    before = case.version
    runcards.tick_step(case, use, 1, True, actor=cast.maya, now=clock())  # it is done already
    assert (case.version, here(cast).done, here(cast).steps[1].by) == (before, 1, "Rita Moreau")
    runcards.tick_step(case, use, 1, False, actor=cast.maya, now=clock())
    assert db.session.scalar(select(func.count(RunCardTick.id))) == 0
    for odd in (-1, 2):
        with pytest.raises(Invalid, match="no such step"):
            runcards.tick_step(case, use, odd, True, actor=cast.maya, now=clock())
    with pytest.raises(Invalid, match="does not lie here"):
        runcards.tick_step(cast.open(title="other"), use, 0, True, actor=cast.maya, now=clock())


def test_after_a_critical_incident_the_card_is_looked_at_again(cast, clock, card):
    case = cast.open()
    phase.change_status(case, IncidentStatus.RESOLVED, override="false alarm", actor=cast.maya, now=clock())
    card = db.session.get(RunCard, card.id)
    assert card.review_incident_id == 1
    with pytest.raises(Conflict, match="is resolved"):
        runcards.choose_card(case, card.id, actor=cast.maya, now=clock())
    runcards.mark_reviewed(card, actor=cast.ada, now=clock())
    assert card.review_wanted_at is None


def test_a_card_without_its_headings_is_refused_at_its_text(cast, clock):
    with pytest.raises(Invalid) as caught:
        runcards.add_card(
            tier=CardTier.SPECIFIC, name="", systems="", body="# Steps\n- x", actor=cast.ada, now=clock()
        )
    assert set(caught.value.errors) == {"name", "systems", "body"}
    assert "The heading Owner is missing or empty." in caught.value.errors["body"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,1)",
        "![x](https://tracker.example/p.png)",
        '<img src=x onerror="alert(1)">',
        "**[unclosed](",
        "|a|b\n|-",
    ],
)
def test_nothing_in_a_card_is_code(text):
    html = str(markdown(text)).lower()
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html


def test_links_open_a_tab_of_their_own():
    assert str(markdown("[x](https://a.example)")) == (
        '<p><a href="https://a.example" rel="noopener noreferrer" target="_blank">x</a></p>\n'
    )
