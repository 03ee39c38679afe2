"""The commands of the fireground as a list, as a page without script, and the timeline's filter."""

import re

import pytest

from majorops.domain.access import Permission
from majorops.domain.enums import Phase, Severity
from majorops.domain.measured import MEASURES
from majorops.fireground.palette import keyed, sections
from majorops.fireground.palette.command import Command
from majorops.fireground.palette.keys import KEYS
from majorops.models import Incident
from majorops.operations.timeline import add_note
from majorops.operations.updates import publish_update
from tests.counting import queries
from tests.web.page import check

SCRIPT = {"HX-Request": "true"}
HERE = "/admin/incidents/1"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


def commands(f) -> dict[str, Command]:
    """Label → command; no label stands twice."""
    listed = [command for _, part in sections(f) for command in part]
    assert len({command.label for command in listed}) == len(listed)
    return {command.label: command for command in listed}


# The list


def test_the_list_in_words(cast):
    cast.full_house()
    labels = commands(cast.fireground(1))
    for label in (
        "Advance to 8 Resolution",
        "Override, advance to 8 Resolution",
        "Set Monitoring",
        "Symptoms returned",
        "Confirm payments-api",
        "Check: Synthetic monitoring green",
        "Severity High, Box 2",
        "Alarm level Box 2",
        "Assign Service Manager",
        "Change MIM, Maya Okafor",
        "Extend roll back +5",
        "Track succeeded: roll back",
        "Close timebox conditions",
        "Post holding update, public: “Recovery track in progress. Next update in 15 minutes.”",
        "Log a note",
        "Edit Title",
        "Join bridge",
        "Public page",
        "Filter timeline",
        "Incidents",
        "Key list",
        "Sign out",
    ):
        assert label in labels, label
    assert KEYS["D"].place == "draft-key"


def test_gates_lock_with_their_own_words(cast):
    cast.full_house()
    labels = commands(cast.fireground(1))
    assert labels["Advance to 8 Resolution"].locked == "Critical needs 10:00 clean. 0/2 systems confirmed."
    assert "Resolved needs phase 8." in labels["Set Resolved"].locked
    assert labels["Alarm level Box 2"].locked == "Critical gives Box 3; it can only be raised."
    assert labels["Confirm payments-api"].locked == ""
    cast.open(title="another")
    labels = commands(cast.fireground(3))
    assert "phase 7 or 8" in labels["Symptoms returned"].locked
    assert labels["Confirm payments-api"].locked == "Systems are confirmed in phase 7 and 8."
    assert labels["Check: On-call SRE paged"].locked == ""
    assert "Check failed: payments-api" not in labels  # one line says why
    assert labels["Edit Resolved"].locked == "The incident is not resolved. Set the status to Resolved."


def test_a_responder_reads_why(cast):
    cast.full_house()
    labels = commands(cast.fireground(1, "rita"))
    no = "Responder accounts may not do this."
    for label in ("Advance to 8 Resolution", "Edit Title", "Write milestone", "Severity High, Box 2"):
        assert labels[label].locked == no, label
    assert (
        labels["Confirm payments-api"].locked == "payments-api is not yours to confirm. Say it on the bridge."
    )
    assert labels["Log a note"].locked == ""
    assert labels["Track succeeded: roll back"].locked == ""  # her own
    assert labels["Log a public note"].locked == no
    assert labels["Open incident"].locked == no
    note = next(label for label in labels if label.startswith("Correct entry"))
    assert labels[note].locked == "This is somebody else's note. Log your own."


def test_a_resolved_incident_is_closed(cast):
    cast.full_house()
    labels = commands(cast.fireground(2))
    closed = "INC-002 is resolved. Continue it as a new incident."
    for label in ("Advance", "Edit Description", "Write update", "Open track", "Assign SRE", "Log a CAN"):
        if label == "Advance":
            label = "Advance to 2 Gather"  # noqa: PLW2901
        assert labels[label].locked == closed, label
    assert labels["Continue as new incident"].locked == ""
    for label in ("Edit Resolved", "Edit Title", "Edit Systems", "Edit On public page"):
        assert labels[label].locked == "", label
    assert labels["Log a note"].locked == ""


def test_locked_ones_stand_last_in_their_section(cast):
    cast.full_house()
    for _, part in sections(cast.fireground(1)):
        assert [bool(c.locked) for c in part] == sorted(bool(c.locked) for c in part)


def test_go_to_other_running_incidents(cast):
    cast.full_house()
    cast.open(title="edge down", severity=Severity.HIGH)
    labels = commands(cast.fireground(1))
    assert "Go to INC-003, edge down" in labels
    assert not any("INC-002" in label or "INC-001" in label for label in labels if label.startswith("Go to"))


def test_every_measure_is_there_by_its_name(cast, maya):
    cast.open()
    page = maya.get(f"{HERE}/commands").text
    for measure in MEASURES.values():
        address = f"/admin/measures/{measure.name}"
        assert re.search(rf'<a[^>]* href="{address}"[^>]*>.*?Measure: {measure.label}', page, re.S)
        assert maya.get(address).status_code == 200


def test_the_list_is_bounded_and_so_are_its_queries(cast, maya):
    incident = cast.full_house()
    maya.get(f"{HERE}/commands")  # after minutes the first use of a session is kept; what follows is not
    with queries() as few:
        maya.get(f"{HERE}/commands")
    before = len(commands(cast.fireground(1)))
    for n in range(200):
        add_note(incident, f"note {n}", actor=cast.maya, now=cast.clock())
    for n in range(30):
        publish_update(incident, f"update {n}", actor=cast.maya, now=cast.clock())
    with queries() as many:
        maya.get(f"{HERE}/commands")
    assert len(many) == len(few) <= 28
    assert len(commands(cast.fireground(1))) <= before + 30


# Keys


@pytest.mark.parametrize("nick", ["maya", "rita"])
def test_every_key_has_its_line_on_the_page(cast, nick):
    cast.full_house()
    text = cast.browser(nick).get(HERE).text
    for key in KEYS:
        assert f'<a data-key="{key}"' in text
    assert ("Responder accounts may not do this." in text) == (nick == "rita")


def test_what_a_key_leads_to_is_on_the_page(cast, maya):
    cast.full_house()
    text = maya.get(HERE).text
    for command in keyed(cast.fireground(1)):
        places = command.place.split()
        assert not places or any(f'id="{place}"' in text for place in places), command
        for chosen in command.choose.split():
            assert f'id="{chosen}"' in text, chosen


def test_what_the_palette_leads_to_is_on_the_page(cast, maya):
    """A line that is not locked never leads to a place that is not there."""
    cast.full_house()
    cast.open(title="another")
    for number in (1, 2, 3):
        text = maya.get(f"/admin/incidents/{number}").text
        for command in commands(cast.fireground(number)).values():
            places = command.place.split()
            there = not places or any(f'id="{place}"' in text for place in places)
            assert command.locked or there, command


def test_the_key_list_without_script(maya):
    answer = maya.get("/admin/incidents/keys")
    check(answer)
    for key in KEYS.values():
        assert key.does in answer.text
    assert "<html" not in maya.get("/admin/incidents/keys", headers=SCRIPT).text


# The page without script


@pytest.mark.parametrize("nick", ["maya", "rita", "ada"])
@pytest.mark.parametrize("number", [1, 2])
def test_the_page(cast, nick, number):
    cast.full_house()
    answer = cast.browser(nick).get(f"/admin/incidents/{number}/commands")
    assert answer.status_code == 200
    check(answer)
    locked = re.findall(r'aria-disabled="true" data-why="([^"]+)"', answer.text)
    assert locked
    for why in locked:
        assert f'<span class="commands__why">{why}</span>' in answer.text


def test_the_page_is_for_who_may_read(cast, client):
    cast.open()
    assert cast.browser("xin").get(f"{HERE}/commands").status_code == 403
    assert client.get(f"{HERE}/commands").status_code == 303
    assert cast.browser("maya").get("/admin/incidents/99/commands").status_code == 404


def test_the_partial_is_the_same_list(cast, maya):
    cast.full_house()
    page, part = maya.get(f"{HERE}/commands").text, maya.get(f"{HERE}/commands", headers=SCRIPT).text
    assert "<html" not in part
    names = re.compile(r'<span class="commands__name">([^<]+)</span>')
    assert names.findall(page) == names.findall(part)


def test_hostile_text_stays_text(cast, maya):
    cast.open(title="<b>&\"'x")
    cast.open(title="<script>alert(1)</script>")
    text = maya.get(f"{HERE}/commands").text
    assert "<script>alert" not in text
    assert "Go to INC-002, &lt;script&gt;" in text


def test_every_form_of_the_page_is_taken(cast, maya):
    """Each line that is sent is a request the operation accepts: nothing in the list leads to an error."""
    cast.full_house()
    text = maya.get(f"{HERE}/commands").text
    forms = re.findall(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', text, re.S)
    assert len(forms) > 20
    for address, inside in forms:
        values = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', inside))
        values.pop("csrf_token", None)
        if not address.startswith(HERE) or values.get("state") == "failed":
            continue
        answer = maya.post(address, data=values)
        # A value that an earlier line changed is a conflict; a track that ended is one too.
        assert answer.status_code in (303, 409), (address, values, answer.text[:300])
    names = maya.get(HERE).text
    assert "Milestone" in names


def test_severity_from_the_page(cast, maya):
    cast.open()
    text = maya.get(f"{HERE}/commands").text
    form = re.search(r'<form method="post"[^>]*>(?:(?!</form>).)*Severity High, Box 2', text, re.S).group()
    values = dict(re.findall(r'name="(value|was)" value="([^"]*)"', form))
    assert values == {"value": "high", "was": "critical"}
    assert maya.post(f"{HERE}/fields/severity", data=values).status_code == 303
    assert "Severity High" not in maya.get(f"{HERE}/commands").text


def test_links_without_script_open_editors_and_places(cast, maya):
    cast.open()
    text = maya.get(f"{HERE}/commands").text
    assert f'href="{HERE}/fields/title"' in text
    assert f'href="{HERE}#advance-key"' in text
    assert f'href="{HERE}#composer-body"' in text


# The timeline's filter


@pytest.fixture
def notes(cast):
    incident = cast.open()
    for text in ("Rollback at 50%", "rollback_2 done", "Queue drained\nall ROLLBACK pods up", "other"):
        add_note(incident, text, actor=cast.maya, now=cast.clock())
    return incident


def shown(text: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'id="entry-(\d+)" tabindex', text)]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("rollback", 3),
        ("ROLLBACK", 3),
        ("  rollback  ", 3),
        ("drained", 1),
        ("50%", 1),
        ("%", 1),
        ("_", 1),
        ("rollback_2", 1),
        ("/", 0),
        ("\\", 0),
        ("'; DROP TABLE incident; --", 0),
        ("<script>", 0),
        ("\x00", 0),
        ("\ud83d\ude00", 0),
        ("x" * 5000, 0),
    ],
)
def test_filter(maya, notes, q, found):
    answer = maya.get(HERE, query_string={"q": q.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 200
    check(answer)
    assert len(shown(answer.text)) == found
    assert ("0 entries with" in answer.text) == (found == 0)
    assert "<script>" not in answer.text


def test_filter_with_public_and_pages(cast, maya, notes):
    for n in range(130):
        add_note(notes, f"wave {n}", actor=cast.maya, now=cast.clock())
    first = maya.get(f"{HERE}?q=wave").text
    assert len(shown(first)) == 100
    older = re.search(r'href="([^"]+)">Load earlier', first).group(1).replace("&amp;", "&")
    assert "q=wave" in older
    second = maya.get(older.split("#")[0]).text
    assert len(shown(second)) == 30
    assert shown(maya.get(f"{HERE}?q=wave&only=public").text) == []
    assert shown(maya.get(f"{HERE}?q=opened&only=public").text) == [1]
    kept = re.search(r'href="([^"]+)"[^>]*>Public only', first).group(1)
    assert "q=wave" in kept


@pytest.mark.parametrize("query", ["only=public", "q=rollback", "before=3", "q=rollback&only=public"])
def test_a_redraw_keeps_what_is_shown(maya, notes, query):
    """Poll and operations ask by other addresses; the page's own comes along."""
    before = shown(maya.get(f"{HERE}?{query}").text)
    header = {"HX-Current-URL": f"http://localhost{HERE}?{query}#timeline", "X-Version": "1"}
    polled = maya.get(f"{HERE}/changes?region=timeline", headers=SCRIPT | header)
    assert shown(polled.text) == before
    answer = maya.post(f"{HERE}/notes", data={"kind": "note", "text": "zebra"}, headers=SCRIPT | header)
    assert 'hx-target="#timeline"' in answer.text
    assert shown(answer.text) == before
    assert f"{HERE}/entries" in answer.text or not before


@pytest.mark.parametrize(
    "address",
    [
        "",
        "not an address",
        "http://[::1",
        "http://x/?" + "&".join(f"q{n}=1" for n in range(500)),
        "http://x/?q=" + "y" * 100_000,
        "http://x/?before=99999999999999999999",
        "http://x/?before=-1",
        "http://x/?before=%D9%A3",
        "http://x/?q=%00%ff%ed%a0%80",
        "javascript:alert(1)?only=everything",
    ],
)
def test_a_hostile_header_is_no_more_than_input(maya, notes, address):
    answer = maya.get(f"{HERE}/changes?region=timeline", headers=SCRIPT | {"HX-Current-URL": address})
    assert answer.status_code == 200
    assert len(answer.text) < 200_000


def test_before_as_input(maya, notes):
    for before in ("99999999999999999999999", "-5", "x", "0"):
        assert maya.get(f"{HERE}?before={before}").status_code == 200


def test_commands_do_not_depend_on_the_filter(cast, maya):
    incident: Incident = cast.full_house()
    header = SCRIPT | {"HX-Current-URL": f"http://localhost{HERE}?q=nothing"}
    assert "Make public, entry" in maya.get(f"{HERE}/commands", headers=header).text
    assert incident.phase is Phase.VALIDATION


@pytest.mark.parametrize("nick", ["rita", "xin"])
def test_what_the_route_refuses_is_locked_in_the_list(cast, app, nick):
    """The permission stands once, at the operation: route and line both ask it."""
    cast.full_house()
    view = cast.fireground(1, nick)
    for _, part in sections(view):
        for command in part:
            access = getattr(app.view_functions.get(command.endpoint), "access", None)
            if isinstance(access, Permission) and not view.actor.can(access):
                assert command.locked, command.label
