"""What the fireground answers for live screens: versions, meanwhile, since you last looked, topics."""

from __future__ import annotations

from datetime import timedelta

import pytest

from majorops.domain.enums import ActionState, CommandRole, Phase, Severity
from majorops.domain.events import Region, Signal
from majorops.operations import Recorded
from majorops.operations.actions import add_action, end_action
from majorops.operations.command import assign_role
from majorops.operations.edit import edit_field
from majorops.operations.incident import change_severity
from majorops.operations.timeline import add_note
from majorops.operations.tracks import open_track
from majorops.realtime.invalidation import changes, may_end_sessions
from tests.counting import queries
from tests.operations.afterwards import planned


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def incident(cast):
    return cast.open()


def look(browser, version: int, at) -> str:
    browser.set_cookie("looked", f"{version}.{int(at.timestamp())}", path="/admin/incidents/1")
    return browser.get("/admin/incidents/1/changes?region=since", headers={"HX-Request": "true"}).text


def test_since_you_last_looked_is_built_from_the_record(incident, cast, clock):
    seen, at = incident.version, clock()
    cast.bring_to(incident, Phase.ASSESS)
    who = {"actor": cast.omar, "now": clock.tick(minutes=5)}
    change_severity(incident, Severity.HIGH, **who)
    assign_role(incident, CommandRole.SRE, "Rita Moreau", **who)
    open_track(incident, team="App", owner="Rita", goal="roll back", minutes=10, **who)
    add_note(incident, "a secret of the bridge", **who)
    page = look(cast.browser("rita"), seen, at)
    for words in (
        "Since you last looked",
        "Phase 1 Alert › 3 Assess",
        "Critical › High",
        "SRE: Rita Moreau",
        "1 track opened",
        f"{incident.version - seen} new entries",
    ):
        assert words in page, words
    assert "secret" not in page.split('id="since"')[1].split("hx-partial")[0]


def test_what_a_person_did_is_no_news_to_them(incident, cast, clock):
    seen, at = incident.version, clock()
    change_severity(incident, Severity.HIGH, actor=cast.maya, now=clock.tick(minutes=6))
    assert "Since you" not in look(cast.browser("maya"), seen, at)
    add_note(incident, "one", actor=cast.omar, now=clock())
    page = look(cast.browser("maya"), seen, at)
    line = page[page.index("Since you") : page.index("1 new entry")]
    assert "Severity" not in line


@pytest.mark.parametrize(
    "cookie", ["", "x", "1", ".", "1.", "-1.5", "1.99999999999999", "٣.٤", "1.1e9", "9" * 40 + ".1", "<b>.1"]
)
def test_a_cookie_that_is_not_what_it_says_is_no_look(incident, cast, clock, cookie):
    browser = cast.browser("maya")
    browser.set_cookie("looked", cookie, path="/admin/incidents/1")
    clock.tick(hours=1)
    answer = browser.get("/admin/incidents/1/changes?region=since", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Since you last looked" not in answer.text


def test_a_short_absence_and_a_quiet_one_say_nothing(incident, cast, clock):
    browser, seen, at = cast.browser("maya"), incident.version, clock()
    clock.tick(minutes=6)
    assert "Since you" not in look(browser, seen, at)
    add_note(incident, "one", actor=cast.omar, now=clock())
    assert "1 new entry" in look(browser, seen, at)
    assert "Since you" not in look(browser, seen, clock() - timedelta(minutes=4))


def test_the_page_remembers_what_it_showed(incident, cast, clock):
    browser = cast.browser("maya")
    cookie = browser.get("/admin/incidents/1").headers.getlist("Set-Cookie")
    assert any(f"looked={incident.version}." in one and "Path=/admin/incidents/1" in one for one in cookie)


def test_the_cost_of_coming_back_does_not_grow_with_the_absence(incident, cast, clock):
    seen, at = incident.version, clock()
    for n in range(300):
        add_note(incident, f"note {n}", actor=cast.omar, now=clock())
    clock.tick(minutes=10)
    browser = cast.browser("maya")
    look(browser, seen, at)
    with queries() as many:
        look(browser, seen, at)
    with queries() as few:
        look(browser, incident.version - 1, at)
    assert len(many) <= len(few)


def test_who_edits_a_field_hears_who_changed_it(incident, cast, clock):
    browser = cast.browser("maya")
    headers = {"HX-Request": "true", "X-Version": str(incident.version), "X-Editing": "title"}
    edit_field(incident, "description", "elsewhere", was="", actor=cast.omar, now=clock())
    assert "f-title-meanwhile" not in browser.get("/admin/incidents/1/changes", headers=headers).text
    edit_field(incident, "title", "new", was=incident.title, actor=cast.omar, now=clock())
    page = browser.get("/admin/incidents/1/changes", headers=headers).text
    assert "Changed by Omar Haddad" in page.split("f-title-meanwhile")[1]
    headers["X-Editing"] = "<script>"
    assert browser.get("/admin/incidents/1/changes", headers=headers).status_code == 200


def test_an_answer_says_which_version_it_was_drawn_from(incident, cast):
    answer = cast.browser("maya").get(
        "/admin/incidents/1/changes", headers={"HX-Request": "true", "X-Version": "0"}
    )
    assert answer.headers["X-Version"] == str(incident.version)


def test_without_the_front_door_there_is_no_ticket_and_screens_ask(incident, cast):
    browser = cast.browser("maya")
    assert 'data-ticket=""' in browser.get("/admin/incidents/1").text
    assert browser.get("/admin/incidents/1/changes").headers["X-Ticket"] == ""


def test_a_field_that_only_another_version_knows_breaks_no_page(incident, cast, app):
    presence = app.extensions["live"].presence
    presence.set_elsewhere(
        "other", "1", ((cast.omar.user_id, "Omar Haddad"), (cast.maya.user_id, "Maya Okafor"))
    )
    presence.set_editing("1", cast.omar.user_id, "a_field_of_tomorrow")
    page = cast.browser("maya").get("/admin/incidents/1")
    assert page.status_code == 200
    assert 'title="Omar Haddad"' in page.text
    assert "data-on" not in page.text


def test_who_edits_what_is_not_kept_for_incidents_that_are_not_there(incident, cast, app):
    browser, number = cast.browser("maya"), "9" * 4_000
    assert browser.post(f"/admin/incidents/{number}/presence", data={"field": "title"}).status_code == 404
    assert browser.post("/admin/incidents/1/presence", data={"field": "title"}).status_code == 204


@pytest.mark.parametrize("region", ["team", "<script>", "../x", "header", ""])
def test_only_regions_that_go_stale_by_themselves_are_given_by_name(incident, cast, region):
    headers = {"HX-Request": "true", "X-Version": str(incident.version)}
    path = f"/admin/incidents/1/changes?region={region}"
    assert cast.browser("maya").get(path, headers=headers).status_code == 204


def test_editors_for_a_lost_line_hold_no_value_and_not_what_may_not_wait(incident, cast, clock):
    edit_field(incident, "description", "a value", was="", actor=cast.maya, now=clock())
    page = cast.browser("maya").get("/admin/incidents/1/editors", headers={"HX-Request": "true"}).text
    assert page.count("<form") == page.count("data-queue") > 20
    assert "a value" not in page
    for name in ("status", "is_public", "bridge_is_public"):
        assert f'data-field="{name}"' not in page
    assert cast.browser("rita").get("/admin/incidents/1/editors").status_code == 403


def test_the_key_of_somebody_elses_act_takes_nothing_away(incident, cast):
    other = cast.open(systems=["checkout-web"])
    given = {"kind": "note", "request_key": "0123456789abcdef"}
    for nick, number in (("maya", incident.id), ("omar", incident.id), ("maya", other.id)):
        for _ in range(2):
            cast.browser(nick).post(f"/admin/incidents/{number}/notes", data={**given, "text": f"by {nick}"})
    for number, names in ((incident.id, ("maya", "omar")), (other.id, ("maya",))):
        page = cast.browser("maya").get(f"/admin/incidents/{number}").text
        for nick in names:
            assert page.count(f">by {nick}<") == 1, (number, nick)


@pytest.mark.parametrize("age", ["", "x", "-1", "9" * 30, "1.5"])
def test_a_queue_that_claims_odd_times_or_keys_is_still_logged(incident, cast, age):
    browser = cast.browser("maya")
    given = {"kind": "note", "text": "heard", "made_at": age}
    for key in ("", "short", "k" * 65, "<b>" * 10, "0123456789abcdef"):
        answer = browser.post("/admin/incidents/1/notes", data={**given, "request_key": key})
        assert answer.status_code == 303
    assert browser.get("/admin/incidents/1").text.count("<b>heard</b>") == 5


# Which topic hears what


def recorded(kind: str, field: str | None = None, number: int = 42, seq: int = 7) -> Recorded:
    return Recorded(number, seq, kind, field)


def test_an_entry_is_the_version_of_its_incident():
    assert changes([recorded("note.logged")]) == [("42", 7, ())]


def test_a_status_turns_every_top_bar_and_the_list():
    found = changes([recorded("status.changed", "status")])
    assert ("*", 0, (Signal.POSTURE,)) in found
    assert ("list", 0, ()) in found


@pytest.mark.parametrize("what", ["added", "changed", "done", "dropped"])
def test_an_action_of_any_incident_draws_again_what_later_ones_say_of_it(what):
    assert ("*", 0, (Signal.ACTIONS,)) in changes([recorded(f"action_item.{what}")])
    assert Signal.ACTIONS.stale == {Region.SIMILAR}


def test_what_an_earlier_incident_left_is_drawn_by_a_signal_and_at_midnight(cast, clock):
    earlier, who = cast.open(), {"actor": cast.maya, "now": clock()}
    add_action(earlier, planned(clock(), due_on=clock().date()), **who)
    later = cast.open()
    maya = cast.browser("maya")
    page = maya.get(f"/admin/incidents/{later.id}").text
    assert "INC-001 left 1 action open, first due 23 Nov" in page
    assert 'data-turns="2026-11-24T00:00:00' in page
    seen = {"HX-Request": "true", "X-Version": str(later.version)}
    end_action(earlier, 1, ActionState.DONE, "Release 4.19", **who)
    address = f"/admin/incidents/{later.id}/changes"
    drawn = maya.get(f"{address}?signal=actions", headers=seen).text
    assert 'hx-target="#similar"' in drawn
    assert "left 1 action open" not in drawn
    assert 'hx-target="#similar"' in maya.get(f"{address}?region=similar", headers=seen).text


def test_an_operation_on_two_incidents_is_a_version_of_both():
    found = changes([recorded("incident.continued", number=41), recorded("incident.opened", seq=1)])
    assert found[:2] == [("41", 7, ()), ("42", 1, ())]


@pytest.mark.parametrize("kind", ["system.retired", "maintenance.planned"])
def test_what_the_audit_says_of_public_things_reaches_the_public_pages(kind):
    assert changes([Recorded(None, 0, kind, None)]) == [("public", 0, ())]


def test_what_only_a_newer_version_knows_of_the_audit_is_taken_for_the_most():
    entry = Recorded(None, 0, "widget.invented", None)
    assert changes([entry]) == [("public", 0, ())]
    assert may_end_sessions([entry])


@pytest.mark.parametrize(
    ("signal", "region"), [("messages", "ledger"), ("people", "presence"), ("server", "notices")]
)
def test_a_signal_brings_its_regions_and_one_that_is_unknown_nothing(incident, cast, signal, region):
    browser, headers = cast.browser("maya"), {"HX-Request": "true", "X-Version": str(incident.version)}
    asked = "/admin/incidents/1/changes?signal="
    assert f'hx-target="#{region}"' in browser.get(asked + signal, headers=headers).text
    assert browser.get(asked + "gossip", headers=headers).status_code == 204


def test_an_account_that_changed_may_have_ended_sessions():
    assert may_end_sessions([Recorded(None, 0, "user.switched_off", None)])
    assert not may_end_sessions([Recorded(None, 0, "session.started", None), recorded("note.logged")])


def test_the_list_comes_again_with_its_posture_and_a_ticket(incident, cast):
    browser = cast.browser("maya")
    page = browser.get("/admin/incidents").text
    assert 'data-changes="/admin/incidents/changes"' in page
    answer = browser.get("/admin/incidents/changes", headers={"HX-Request": "true"})
    assert incident.title in answer.text
    assert "WARTIME" in answer.text
    assert answer.headers["X-Ticket"] == ""
    assert cast.browser("xin").get("/admin/incidents/changes").status_code == 403
