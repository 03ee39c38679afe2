"""Command on the fireground: taken, handed over, stood down, the exposure line; over HTTP, without script."""

import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, AlarmLevel, CheckState, CommandRole, Phase, Severity
from majorops.fireground import reads
from majorops.fireground.palette import sections
from majorops.fireground.regions import panel
from majorops.models import CommandAssignment, Handover, TimelineEvent
from majorops.operations import accounts, phase, validation
from majorops.operations.command import assign_role, holder, release_responder
from majorops.operations.handover import accept_handover, offer_handover
from majorops.operations.incident import open_incident
from tests.counting import queries
from tests.web.page import check

HERE = "/admin/incidents/1"
SCRIPT = {"HX-Request": "true", "X-Version": "1"}


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


@pytest.fixture
def omar(cast):
    return cast.browser("omar")


@pytest.fixture
def vacant(cast, clock):
    return open_incident(title="t", severity=Severity.CRITICAL, systems=["a"], actor=SYSTEM, now=clock())


def page(browser, path: str = HERE) -> str:
    answer = browser.get(path)
    check(answer)
    return " ".join(answer.text.split())


def region(text: str, name: str) -> str:
    """From the root of a region on."""
    return text.split(f'id="{name}"', 1)[1]


def commands(cast, nick: str, number: int = 1) -> dict[str, str]:
    """Label → why it is locked."""
    return {c.label: c.locked for _, part in sections(cast.fireground(number, nick)) for c in part}


def test_one_press_has_command(cast, vacant, maya, omar):
    assert 'id="take-command"' in page(maya)
    assert 'id="take-command"' not in page(cast.browser("rita"))
    assert commands(cast, "maya")["I have command"] == ""
    assert "accounts may not" in commands(cast, "rita")["I have command"]
    assert maya.post(f"{HERE}/command").status_code == 303
    assert "Maya Okafor <span" in region(page(maya), "team")
    late = omar.post(f"{HERE}/command")
    assert late.status_code == 409
    assert "Maya Okafor has command since 14:00:00." in late.text
    assert "Maya Okafor has command" in commands(cast, "omar")["I have command"]


def test_on_a_phone_the_key_stays_when_the_nudge_is_set_aside(cast, vacant, maya):
    top = region(page(maya), "handover").split('id="header"')[0]
    assert "handover__take" not in top  # the nudge above carries the key
    key = reads.standing_nudges(cast.fireground(1))[0].key
    maya.post(f"{HERE}/nudges", data={"key": key})
    assert "handover__take" in region(page(maya), "handover").split('id="header"')[0]


def test_hand_over_between_two_browsers(cast, maya, omar):
    cast.open()
    before = page(maya)
    assert "Omar Haddad, omar@example.org" in before
    assert "Rita Moreau, rita" not in before
    assert "Maya Okafor, maya" not in before
    assert maya.post(f"{HERE}/handovers", data={"to": cast.omar.user_id}).status_code == 303
    for browser, keys in ((maya, ["Withdraw"]), (omar, ["Accept command", "Decline"])):
        notice = region(page(browser), "handover-offer").split("</section>")[0]
        assert re.findall(r">([\w ]+)</button>", notice) == keys
        assert len(re.findall("<dt>", notice)) == 6
    other = region(page(cast.browser("rita")), "handover-offer").split("</section>")[0]
    assert "Command: Maya Okafor › Omar Haddad</b>, offered" in other
    assert "<dt>" not in other
    assert "<button" not in other
    go = f"{HERE}/handovers/1/answer"
    wrong = cast.browser("ada").post(go, data={"answer": "accept"})
    assert (wrong.status_code, "offered to Omar Haddad: only they answer" in wrong.text) == (403, True)
    assert cast.browser("rita").post(go, data={"answer": "accept"}).status_code == 403
    assert omar.post(go, data={"answer": "perhaps"}).status_code == 422
    assert omar.post(go, data={"answer": "accept"}).status_code == 303
    assert "Omar Haddad <span" in region(page(omar), "team")
    again = omar.post(go, data={"answer": "accept"})
    assert again.status_code == 409
    assert "was accepted at 14:00:00" in again.text
    assert 'id="handover-offer"' not in page(maya)


def test_what_cannot_be_offered_is_told_at_its_field(cast, maya):
    cast.open()
    for typed in ("", "x", "99999999999", "-1", cast.rita.user_id, "<script>"):
        answer = maya.post(f"{HERE}/handovers", data={"to": typed})
        assert answer.status_code == 422
        assert 'aria-invalid="true" aria-describedby="handover-why"' in answer.text
        assert re.search('id="handover-more" *open', answer.text)
    assert maya.post(f"{HERE}/handovers/7/answer", data={"answer": "accept"}).status_code == 422


def test_it_refreshes_by_itself(cast, clock, maya):
    incident = cast.open()
    offer_handover(incident, cast.omar.user_id, actor=cast.maya, now=clock())
    answer = maya.get(
        f"{HERE}/changes?region=handover", headers=SCRIPT | {"X-Version": str(incident.version)}
    )
    assert "Accept" not in answer.text
    assert "INC-001 Critical, Box 3" in answer.text


def test_names_are_suggested_and_accounts_linked(cast, clock, maya):
    accounts.add_user(
        email="s@example.org", name="Sam Stake", role=AccountRole.STAKEHOLDER, actor=cast.ada, now=clock()
    )
    cast.open()
    editor = maya.get(f"{HERE}/fields/command.sre").text
    assert 'list="f-command-sre-list"' in editor
    assert '<option value="Rita Moreau">' in editor
    assert "Sam Stake" not in editor
    maya.post(f"{HERE}/fields/command.sre", data={"value": "Rita Moreau", "was": ""})
    row = db.session.scalar(select(CommandAssignment).filter_by(role=CommandRole.SRE))
    assert row.user_id == cast.rita.user_id


@pytest.mark.parametrize(
    ("name", "is_said"), [("Rita Moreau", True), ("Somebody Else", False), ("Maya Okafor", False)]
)
def test_the_saved_note_of_a_role_says_that_nobody_was_told(cast, maya, name, is_said):
    cast.open()
    form = {"value": name, "was": ""}
    answer = maya.post(f"{HERE}/fields/command.sre", data=form, headers=SCRIPT)
    assert "SRE saved" in answer.text
    assert ("Nobody was told." in answer.text) is is_said


def test_a_vacant_role_says_who_acts(cast, maya):
    incident = cast.open()
    text = page(maya)
    for sentence in (
        "Maya Okafor, MIM, names an acting one.",
        "The MIM&#39;s manager acts from phase 3 on.",
        "Acting: Maya Okafor, MIM",
        "Leads the technical work",
    ):
        assert sentence in text, sentence
    cast.bring_to(incident, Phase.ASSESS)
    assert "Acting: the manager of Maya Okafor" in page(maya)


def test_history_is_bounded(cast, clock, maya):
    incident = cast.open()
    for n in range(30):
        assign_role(incident, CommandRole.SRE, f"Person {n}", actor=cast.maya, now=clock.tick(minutes=1))
    text = region(page(maya), "team-more").split("</details>")[0]
    assert len(re.findall("<li>", text)) == 20
    assert "Person 29" in text
    assert "Person 9<" not in text
    assert "11 earlier" in text


def test_stand_down(cast, clock, maya):
    incident = cast.open()
    assert "stand-down" not in page(maya)
    early = maya.post(f"{HERE}/stand-down")
    assert (early.status_code, "INC-001 is not resolved" in early.text) == (409, True)
    cast.bring_to(incident, Phase.VALIDATION)
    cast.resolve(incident)
    assert 'id="stand-down"' in page(maya)
    assert "VACANT" not in page(maya)  # over is over, stood down or not
    assert 'id="stand-down"' not in page(cast.browser("rita"))
    assert maya.post(f"{HERE}/stand-down").status_code == 303
    text = page(maya)
    assert "Maya Okafor, released" in text
    assert "Not held" in text
    assert "VACANT" not in text
    again = cast.browser("omar").post(f"{HERE}/stand-down")
    assert again.status_code == 409
    assert f"Stood down {clock():%H:%M:%S} by Maya Okafor." in again.text
    continued = maya.post(f"{HERE}/continuation")
    assert continued.location == "/admin/incidents/2"


def line_of(cast, key: str):
    return next(line for line in panel.build(cast.fireground(1)).checklist if line.key == key)


def test_the_checklist_knows_of_the_release(cast, maya):
    incident = cast.open(severity=Severity.LOW)
    cast.bring_to(incident, Phase.RESOLUTION)
    cast.resolve(incident)
    assert not line_of(cast, "released").is_done
    maya.post(f"{HERE}/stand-down")
    assert line_of(cast, "released").is_done


def test_exposure_line_on_the_fireground_and_nowhere_public(cast, clock, maya, client):
    incident = cast.open()
    maya.post(f"{HERE}/fields/exposure_confidence", data={"value": "low", "was": "unstated"})
    maya.post(f"{HERE}/fields/exposure_path", data={"value": "partial", "was": "unstated"})
    assert maya.post(f"{HERE}/exposure").status_code == 303
    text = page(maya)
    assert "E3T0C(L)R(P)" in text
    assert "Box 3, 0 teams, recovery confidence low, path partial" in text
    assert "team__published" not in text  # the same as the live one
    maya.post(f"{HERE}/tracks", data={"team": "App", "owner": "R", "goal": "g", "minutes": "5"})
    text = page(maya)
    assert "E3T1C(L)R(P)" in text
    assert re.search("team__published.*14:00.*E3T0C", text)
    for path in ("/", "/incidents/1"):
        public = client.get(path).text
        assert "E3T" not in public
        assert "confidence" not in public.lower()
    assert cast.browser("rita").post(f"{HERE}/exposure").status_code == 403
    assert incident.alarm_level is AlarmLevel.BOX_3


def test_names_from_outside_stay_text(cast, clock, maya):
    incident = cast.open(title="<b>bold</b> & <script>alert(1)</script>")
    assign_role(incident, CommandRole.SRE, "<img src=x onerror=alert(1)>", actor=cast.maya, now=clock())
    offer_handover(incident, cast.omar.user_id, actor=cast.maya, now=clock())
    text = page(maya)
    assert "<img src=x" not in text
    assert "<script>alert" not in text


def test_the_brief_can_be_read_later(cast, clock):
    incident = cast.open()
    handover = offer_handover(incident, cast.omar.user_id, actor=cast.maya, now=clock())
    accept_handover(incident, handover.id, actor=cast.omar, now=clock())
    assert holder(incident, CommandRole.MIM).name == "Omar Haddad"
    listed = cast.browser("ada").get("/admin/data/hand-overs/")
    assert listed.status_code == 200
    assert "Omar Haddad" in listed.text
    assert "Incident: INC-001" in cast.browser("ada").get("/admin/data/hand-overs/details/?id=1").text
    assert db.session.get(Handover, 1).brief.startswith("Incident: INC-001")


def test_history_and_offers_cost_no_query_each(cast, clock, maya):
    incident = cast.open()
    with queries() as few:
        maya.get(HERE)
    for n in range(40):
        assign_role(incident, CommandRole.SRE, f"Person {n}", actor=cast.maya, now=clock())
        accounts.add_user(
            email=f"m{n}@example.org", name=f"M {n}", role=AccountRole.MIM, actor=cast.ada, now=clock()
        )
    with queries() as many:
        maya.get(HERE)
    assert len(many) == len(few)


def test_a_seat_let_go_in_phase_8_is_not_vacant(cast, clock, maya):
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    for role, name in zip(CommandRole, "abcde", strict=True):
        if role is not CommandRole.MIM:
            assign_role(incident, role, f"Person {name}", **who)
    cast.validate(incident)
    phase.advance_phase(incident, actor=cast.maya, now=clock())
    release_responder(incident, "Person a", actor=cast.maya, now=clock.tick(minutes=1))
    clock.tick(minutes=11)
    shown = region(page(maya), "team").split("</section>")[0]
    assert "Person a, released" in shown
    for false in ("VACANT", "team__row--vacant", " vacant<", "tag--amber", "names an acting one"):
        assert false not in shown, false
    assert ">4/4<" in shown
    nudges = reads.standing_nudges(cast.fireground(1))
    assert [nudge.what for nudge in nudges if "vacant" in nudge.what] == []
    titles = db.session.scalars(select(TimelineEvent.title).filter_by(kind="command.changed")).all()
    assert "SRE: Person a released" in titles


def test_after_the_close_the_notice_says_what_is_still_open_and_a_release_ends_with_the_stand_down(
    cast, clock, maya
):
    incident = cast.open()
    cast.bring_to(incident, Phase.VALIDATION)
    cast.resolve(incident)
    shown = page(maya)
    assert "Still open: notes, corrections, the exec summary, releases." in shown
    assert 'id="release-name"' in shown
    maya.post(f"{HERE}/stand-down")
    shown = page(maya)
    assert "Still open: notes, corrections, the exec summary." in shown
    assert 'id="release-name"' not in shown
    assert "Release from the bridge" not in commands(cast, "maya")
    refused = maya.post(f"{HERE}/releases", data={"name": "Rita Moreau"})
    assert refused.status_code == 409
    assert f"Everybody was released at {clock():%H:%M:%S}." in refused.text


def test_the_window_opens_at_the_earliest_while_a_system_is_not_confirmed(cast, clock, maya):
    incident = cast.open()
    cast.bring_to(incident, Phase.VALIDATION)
    assert "UTC at the earliest" in page(maya)
    for name in incident.system_names:
        validation.set_check(incident, name, CheckState.CONFIRMED, actor=cast.maya, now=clock())
    shown = page(maya)
    assert "of 10:00 clean left" in shown
    assert "at the earliest" not in shown


def test_the_words_of_a_phase_are_its_goal(cast, maya):
    incident = cast.open()
    cast.bring_to(incident, Phase.ISOLATION)
    assert "<b>Goal</b> Root cause confirmed." in page(maya)
