"""The checklist, the bridge and the command team, as the page shows them at each Box."""

import re

import pytest

from majorops.domain.enums import CommandRole, Phase, Severity
from majorops.operations.command import assign_role

HERE = "/admin/incidents/1"


@pytest.fixture
def settings(settings):
    return {**settings, "WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


def region(text: str, name: str) -> str:
    return re.search(rf'<section[^>]* id="{name}".*?</section>', text, re.DOTALL)[0]


@pytest.mark.parametrize(
    ("severity", "amber", "calm"),
    [
        (Severity.CRITICAL, 4, 0),
        (Severity.HIGH, 2, 2),
        (Severity.MEDIUM, 1, 3),
        (Severity.LOW, 0, 4),
    ],
)
def test_roles_that_a_box_does_not_ask_for_are_not_amber(cast, maya, severity, amber, calm):
    cast.open(severity=severity)
    team = region(maya.get(HERE).text, "team")
    assert team.count("team__row--vacant") == amber
    assert team.count("VACANT") == 2 * amber  # to be seen, and in the name of the link
    assert team.count("Not asked for at Box") == 2 * calm
    assert (f"{amber} vacant" in team) is (amber > 0)
    assert f">{1}/{1 + amber}<" in team


def test_a_role_nobody_asked_for_can_be_held(cast, clock, maya):
    incident = cast.open(severity=Severity.LOW)
    assign_role(incident, CommandRole.LEADER, "Tom Berg", actor=cast.maya, now=clock())
    assert "Tom Berg" in region(maya.get(HERE).text, "team")


@pytest.mark.parametrize(("severity", "asks"), [(Severity.LOW, False), (Severity.MEDIUM, True)])
def test_box_0_shows_no_word_that_asks_for_a_bridge(cast, maya, severity, asks):
    cast.open(severity=severity)
    text = maya.get(HERE).text
    assert ("Bridge open, link pasted" in text) is asks
    assert ("Open the bridge" in text) is asks
    assert ("header__bridge" in text) is asks
    assert ("Not asked for at Box 0" in text) is not asks


def test_a_line_of_the_record_leads_to_where_it_is_settled(cast, maya):
    incident = cast.open()
    cast.bring_to(incident, Phase.ASSESS)
    panel = region(maya.get(HERE).text, "panel")
    link = re.search(r'<a class="check__key" id="tick-customers"[^>]*>', panel)[0]
    assert 'href="#f-alert-customer-count-value"' in link
    assert 'data-press="y"' in link
    press = re.search(r'<button class="check__key" id="tick-severity"[^>]*>.*?</button>', panel, re.DOTALL)[0]
    assert "Press if it stays." in press
    answer = maya.post(f"{HERE}/ticks", data={"phase": "3", "item": "customers", "ticked": "y"})
    assert answer.status_code == 422
    assert "No count yet. A guess is kept as approximate." in answer.text


def test_every_place_of_the_checklist_is_on_the_page(cast, maya):
    from majorops.fireground.regions.panel import PLACES

    incident = cast.open()
    for phase in Phase:
        if phase > incident.phase:
            maya.post(f"{HERE}/phase", data={"expected": str(incident.phase.value), "override": "table"})
        text = maya.get(HERE).text
        for (of, key), place in PLACES.items():
            if of is phase:
                assert f'id="{place.split(" ")[0]}"' in text, (phase, key)
