"""The page of a review, as people read and write it, with and without script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from majorops.db import db
from majorops.domain.enums import ActionState
from majorops.domain.review import REVIEW_FIELDS
from majorops.models import Incident
from majorops.operations import after_action, reviews
from majorops.operations.actions import add_action, end_action
from majorops.operations.curation import merge_incident
from majorops.operations.timeline import add_note
from majorops.replay import read, run
from tests.counting import queries
from tests.operations.afterwards import draft_sent, held, planned, published, resolve
from tests.recordings import recording
from tests.web.page import Page

HERE = "/admin/incidents/1/review"
PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def incident(cast):
    return cast.open()


def test_a_recording_has_its_numbers_charts_and_findings(cast, maya):
    run(read(recording("cloudflare-2022-06-21")), is_drill=False, speed=None)
    page = maya.get(HERE).text
    for words in (
        "01:28:00",
        "06:32:00 to 08:00:00",
        "2/3",
        "worst 12:00 late",
        "6 Mitigation: longest, 49%",
    ):
        assert words in page
    for words in ("Update promised for 07:46 was late", "Service Manager role vacant", "longest lag 16:00"):
        assert words in page
    assert "Critical always asks for a review." in page
    assert "Resolution 07:58, 12:00 late" in page
    assert page.count("<caption") == 4  # each chart has its data as a table
    assert "Revert the policy change on every spine" in page


def test_it_is_built_from_the_record_at_every_look(incident, maya, who, cast):
    assert "running: built from the record so far" in maya.get(HERE).text
    note = add_note(incident, "pool at 100%", **who)
    assert "pool at 100%" in maya.get(HERE).text
    reviews.mark_entry(incident, note.seq, True, **who)
    assert "Marked for the review: 1" in maya.get(HERE).text


def test_a_text_is_edited_in_place(incident, maya, who):
    editor = maya.get(f"{HERE}/texts/summary", headers=PARTIAL).text
    assert 'name="value"' in editor
    answer = maya.post(f"{HERE}/texts/summary", data={"value": "One.\nTwo.", "was": ""}, headers=PARTIAL)
    assert answer.status_code == 200
    assert "Saved" in answer.text
    assert "One.\nTwo." in answer.text
    assert answer.headers["X-Version"] == str(db.session.get(Incident, 1).version)
    rest = maya.get(f"{HERE}/texts/summary?rest=1", headers=PARTIAL).text
    assert "One.\nTwo." in rest
    assert maya.get(f"{HERE}/texts/blame").status_code == 404
    assert maya.post(f"{HERE}/texts/blame").status_code == 404


def test_a_text_that_waited_for_the_connection_is_written_once(incident, maya, cast):
    kept = maya.get(f"{HERE}/editors", headers=PARTIAL).text
    assert kept.count("data-queue") == len(REVIEW_FIELDS)
    assert f'data-editors="{HERE}/editors"' in maya.get(HERE).text
    form = {"value": "It waited.", "was": "", "request_key": "k" * 32, "made_at": "1795442400000"}
    for _ in range(2):
        answer = maya.post(f"{HERE}/texts/summary", data=form, headers=PARTIAL)
        assert answer.status_code == 200
    assert reviews.texts_of(incident)["summary"].version == 1
    omar = cast.browser("omar")
    stale = {**form, "value": "Another one.", "request_key": "m" * 32}
    assert omar.post(f"{HERE}/texts/summary", data=stale, headers=PARTIAL).status_code == 409
    assert maya.post(f"{HERE}/texts/summary", data=form | {"person": "999"}).status_code == 401


def test_without_script_the_editor_is_a_small_page(incident, maya):
    page = maya.get(f"{HERE}/texts/root_cause").text
    assert "<h1>Root cause</h1>" in page
    answer = maya.post(f"{HERE}/texts/root_cause", data={"value": "No cap.", "was": ""})
    assert answer.location.endswith("/admin/incidents/1/review#text-root-cause")


def test_two_write_one_text_and_neither_is_lost(incident, maya, cast, who):
    omar = cast.browser("omar")
    omar.post(f"{HERE}/texts/summary", data={"value": "Omar's.", "was": ""})
    answer = maya.post(f"{HERE}/texts/summary", data={"value": "Maya's.", "was": ""}, headers=PARTIAL)
    assert answer.status_code == 409
    assert "Changed by Omar Haddad" in answer.text
    assert "Keep mine" in answer.text
    form = {"value": "Maya's.", "was": "Omar's.", "take": "theirs"}
    assert maya.post(f"{HERE}/texts/summary", data=form, headers=PARTIAL).status_code == 200
    assert reviews.text_now(incident, "summary") == "Omar's."
    assert "not taken, the other text stands" in maya.get("/admin/incidents/1").text


def test_a_name_is_asked_about_once_and_what_was_typed_is_kept(incident, maya):
    form = {"value": "Maya Okafor deployed.", "was": ""}
    answer = maya.post(f"{HERE}/texts/root_cause", data=form, headers=PARTIAL)
    assert answer.status_code == 422
    assert "Say what the system allowed" in answer.text
    assert "Maya Okafor deployed.</textarea>" in answer.text
    answer = maya.post(f"{HERE}/texts/root_cause", data=form | {"sure": "y"}, headers=PARTIAL)
    assert answer.status_code == 200


def test_what_others_wrote_comes_to_an_open_page(incident, maya, cast, who):
    seen = str(incident.version)
    assert maya.get(f"{HERE}/changes", headers=PARTIAL | {"X-Version": seen}).status_code == 204
    reviews.write_text(incident, "summary", "Retries had no cap.", actor=cast.omar, now=who["now"])
    answer = maya.get(f"{HERE}/changes", headers=PARTIAL | {"X-Version": seen})
    assert 'hx-target="#text-summary"' in answer.text
    assert "Retries had no cap." in answer.text
    editing = PARTIAL | {"X-Version": seen, "X-Editing": "summary"}
    answer = maya.get(f"{HERE}/changes", headers=editing)
    assert 'hx-target="#text-summary"' not in answer.text
    assert "Changed by Omar Haddad" in answer.text


def test_versions_of_before_are_read_and_not_written(incident, maya, who):
    for text in ("One.", "Two."):
        reviews.write_text(incident, "summary", text, **who)
    page = maya.get(f"{HERE}?version=1").text
    assert "Texts of version 1" in page
    assert "One." in page
    assert "Two." not in page
    assert "data-edit" not in page
    assert "Two." in maya.get(f"{HERE}?version=99").text


def test_each_step_has_its_form_and_says_why_not_yet(incident, maya, who):
    resolve(incident, who)
    assert "Hold the meeting first: this review is required." in maya.get(HERE).text
    answer = maya.post(f"{HERE}/publication", data={"seen": "0"})
    assert answer.status_code == 409
    assert "Hold the meeting first" in answer.text
    maya.post(f"{HERE}/draft")
    answer = maya.post(f"{HERE}/meeting", data={"attended": "Maya Okafor: one\nMaya Okafor: two"})
    assert answer.status_code == 422
    assert "stands there twice" in answer.text
    assert "Maya Okafor: two</textarea>" in answer.text
    maya.post(f"{HERE}/meeting", data={"attended": "Maya Okafor: The alert came late"})
    assert "The alert came late" in maya.get(HERE).text


def test_of_two_who_publish_the_second_is_told_who_did(incident, maya, cast, who):
    held(incident, who)
    seen = {"seen": "2"}
    assert maya.post(f"{HERE}/publication", data=seen).status_code == 303
    answer = cast.browser("omar").post(f"{HERE}/publication", data=seen, headers=PARTIAL)
    assert answer.status_code == 409
    assert "Maya Okafor published this review at 2026-11-23 14:00 UTC." in answer.text


def test_who_reads_the_draft_is_kept(incident, cast, who, maya):
    after_action.invite(incident, ["rita@example.org"], **who)
    draft_sent(incident, who)
    assert "Rita Moreau" in maya.get(HERE).text
    assert "not read" in maya.get(HERE).text
    cast.browser("rita").get(HERE)
    assert "not read" not in maya.get(HERE).text


def test_whom_the_draft_and_the_appointment_really_reached_is_said(app, incident, maya, who, clock):
    app.config["SMTP_URL"] = None
    after_action.invite(incident, ["rita@example.org", "vic@partner.example"], **who)
    after_action.set_after_action(incident, clock() + timedelta(hours=20), **who)
    draft_sent(incident, who)
    words = " ".join(maya.get(HERE).text.split())
    assert "Invited: 3" in words
    assert "draft has no channel" in words  # Rita's; who sent it has read it
    assert words.count("read the draft") == 1
    assert words.count("appointment: has no channel") == 3
    assert "Take vic@partner.example off the After Action" in words
    assert "reads “prod-payments-api not responding”, INC-001 and the time." in words


def test_publishing_has_its_time_after_the_meeting(incident, maya, who, clock):
    held(incident, who)
    assert "Publish by" in maya.get(HERE).text
    assert "Overdue" not in maya.get(HERE).text
    clock.tick(hours=49)
    assert "Overdue" in maya.get(HERE).text


def test_the_appointment_is_set_moved_and_downloaded(incident, maya, clock, who):
    assert maya.get(f"{HERE}/after-action.ics").status_code == 404
    answer = maya.post(f"{HERE}/after-action", data={"after_action": "tomorrow", "was": ""})
    assert answer.status_code == 422
    assert "use a time in UTC such as" in answer.text
    assert 'value="tomorrow"' in answer.text
    assert maya.post(f"{HERE}/after-action", data={"after_action": "", "was": ""}).status_code == 422
    later = f"{clock() + timedelta(hours=20):%Y-%m-%d %H:%M}"
    assert maya.post(f"{HERE}/after-action", data={"after_action": later, "was": ""}).status_code == 303
    file = maya.get(f"{HERE}/after-action.ics")
    assert file.mimetype == "text/calendar"
    assert Calendar.from_ical(file.data).walk("VEVENT")[0]["dtstart"].dt == clock() + timedelta(hours=20)
    assert "Passed without a review" not in maya.get(HERE).text
    resolve(incident, who)
    clock.tick(hours=21)
    assert "Passed without a review" in maya.get(HERE).text


def test_a_question_at_an_entry_is_asked_from_its_row(incident, maya, who):
    from majorops.operations.asks import log_decision

    decision = log_decision(incident, proposal="roll back", objections="Database: data loss", **who)
    page = maya.get(f"{HERE}?about={decision.seq}").text
    assert "Objections: Database: data loss." in page
    assert f'value="{decision.seq}"' in page
    maya.post(f"{HERE}/questions", data={"question": "Why then?", "seq": str(decision.seq)})
    page = maya.get(HERE).text
    assert "Why then?" in page
    assert "Questions: 1, 1 open" in page
    assert maya.post(f"{HERE}/questions", data={"question": "", "seq": ""}).status_code == 422


def test_a_duplicate_leads_to_the_review_of_the_one_that_is_kept(cast, maya, who):
    kept, duplicate = cast.open(), cast.open()
    note = add_note(duplicate, "seen here first", **who)
    reviews.mark_entry(duplicate, note.seq, True, **who)
    add_action(duplicate, planned(who["now"]), **who)
    merge_incident(duplicate, kept, **who)
    assert maya.get("/admin/incidents/2/review").location == HERE
    page = maya.get(HERE).text
    assert "seen here first (INC-002)" in page
    assert "Add a retry cap" in page
    assert "Holds" in page


def test_drills_and_private_ones_say_what_they_are(cast, maya, who):
    cast.open(is_drill=True)
    cast.open(is_public=False)
    assert "stay in practice" in maya.get(HERE).text
    assert "Who may not see the incident does not see this." in maya.get("/admin/incidents/2/review").text
    assert cast.browser("xin").get("/admin/incidents/2/review").status_code == 403


def test_responders_write_and_do_not_take_it_on(incident, cast, who):
    resolve(incident, who)
    page = cast.browser("rita").get(HERE).text
    assert "data-edit" in page
    assert "Send draft" not in page
    assert "A MIM takes it on." in page


def test_bad_words_are_shown_as_words(incident, maya, who):
    nasty = '<script>alert(1)</script>\u202e =HYPERLINK("x") \x00'
    maya.post(f"{HERE}/texts/contributing", data={"value": nasty, "was": ""})
    page = maya.get(HERE).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x00" not in page


def test_queries_do_not_grow_with_the_record(incident, maya, who, cast):
    resolve(incident, who)
    with queries() as few:
        maya.get(HERE)
    for number in range(40):
        note = add_note(incident, f"note {number}", **who)
        reviews.mark_entry(incident, note.seq, True, **who)
        reviews.ask_review(incident, f"why {number}?", seq=note.seq, **who)
        add_action(incident, planned(who["now"]), **who)
    with queries() as many:
        maya.get(HERE)
    assert len(many) == len(few) <= 37


def test_the_end_of_it_all(incident, maya, who):
    published(incident, who)
    assert "Actions looked at" in maya.get(HERE).text
    maya.post(f"{HERE}/end")
    assert "It was looked at once more." in maya.get(HERE).text


def test_the_fireground_leads_to_the_review(incident, maya, who, cast):
    note = add_note(incident, "pool at 100%", **who)
    maya.post(f"/admin/incidents/1/entries/{note.seq}/mark", data={"marked": "y"})
    assert 'aria-pressed="true"' in maya.get("/admin/incidents/1").text
    maya.post(f"/admin/incidents/1/entries/{note.seq}/mark", data={"marked": "n"})
    assert 'aria-pressed="true"' not in maya.get("/admin/incidents/1").text
    resolve(incident, who)
    assert "Learning Review, collecting" in maya.get("/admin/incidents/1").text
    assert f'href="{HERE}"' in cast.browser("ada").get("/admin/data/incidents/details/?id=1").text
    add_action(incident, planned(who["now"]), **who)
    cast.open()
    page = maya.get("/admin/incidents/2").text
    assert "INC-001 left 1 action open, first due 7 Dec" in page
    end_action(incident, 1, ActionState.DONE, "x", **who)
    assert "left 1 action open" not in maya.get("/admin/incidents/2").text


def test_headings_and_names_of_the_page(incident, maya, who):
    resolve(incident, who)
    page = Page(maya.get(HERE).text)
    assert len(page.ids) == len(set(page.ids))


def test_a_text_begins_with_what_the_record_says_by_a_press_alone(incident, maya, who):
    resolve(incident, who)
    page = maya.get(HERE).text
    assert "From the record, by rule" in page
    assert "prod-payments-api not responding: Critical, Box 3" in page
    assert reviews.text_now(incident, "summary") == ""
    seen = {"X-Version": str(incident.version)}
    form = {"value": "Payments failed.", "was": ""}
    answer = maya.post(f"{HERE}/texts/summary", data=form, headers=PARTIAL | seen).text
    draft = answer[answer.index('hx-target="#draft-text-summary"') :].split("</hx-partial>")[0]
    assert "From the record" not in draft
