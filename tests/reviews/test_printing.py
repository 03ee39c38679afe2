"""A review on paper: what stands there, what is left out, and that this is said."""

from __future__ import annotations

from majorops.operations import reviews
from majorops.operations.asks import log_decision
from majorops.operations.curation import merge_incident
from majorops.operations.timeline import add_note
from majorops.replay import read, run
from majorops.reviews.printing import ROWS_MOST
from tests.operations.afterwards import resolve
from tests.recordings import recording

HERE = "/admin/incidents/1/review"


def test_the_review_leads_to_its_paper_by_a_link(cast, maya):
    cast.open()
    assert f'href="{HERE}/print"' in maya.get(HERE).text
    assert f'href="{HERE}"' in maya.get(f"{HERE}/print").text


def test_a_recording_on_paper(maya, who):
    incident = run(read(recording("cloudflare-2022-06-21")), is_drill=False, speed=None)
    reviews.write_text(incident, "contributing", "One.\nTwo.", **who)
    page = maya.get(f"{HERE}/print").text
    for words in (
        "01:28:00",
        "worst 12:00 late",
        "longest, 49%",
        "12:00 late",
        "Service Manager role vacant",
    ):
        assert words in page
    assert "Revert the policy change on every spine, succeeded." in page
    assert "<li>One.</li>" in page
    assert "Not written yet: Summary, Root cause." in page
    assert "more entries on the screen." in page
    assert "Nobody wrote it." not in page


def test_what_is_cut_is_counted(cast, maya, who, clock):
    incident = cast.open()
    for number in range(ROWS_MOST + 5):
        log_decision(incident, proposal=f"proposal {number}", objections="", actor=cast.maya, now=clock())
    note = add_note(incident, "a note that decides nothing", **who)
    marked = add_note(incident, "pool at 100%", **who)
    reviews.mark_entry(incident, marked.seq, True, **who)
    page = maya.get(f"{HERE}/print").text
    assert page.count('<td class="mono">') // 2 == ROWS_MOST
    assert note.title not in page
    assert "8 more entries on the screen." in page


def test_a_draft_that_nobody_read_says_so(cast, maya, who):
    incident = cast.open()
    reviews.write_text(incident, "summary", "As it came.", by_rule=True, **who)
    page = maya.get(f"{HERE}/print").text
    assert "Not reviewed, as a draft wrote it: Summary." in page
    assert "Draft by rule, not reviewed." in page
    reviews.mark_text_read(incident, "summary", was="As it came.", **who)
    assert "Draft by rule, reviewed by Maya Okafor." in maya.get(f"{HERE}/print").text


def test_of_a_duplicate_the_kept_one_is_printed(cast, maya, who):
    kept, duplicate = cast.open(), cast.open()
    merge_incident(duplicate, kept, **who)
    assert maya.get("/admin/incidents/2/review/print").location == f"{HERE}/print"


def test_who_may_not_read_it_does_not_print_it(cast):
    cast.open(is_public=False)
    assert cast.browser("xin").get(f"{HERE}/print").status_code == 403


def test_hostile_words_are_words(cast, maya, who):
    incident = cast.open(title="<script>alert(1)</script>\u202e")
    resolve(incident, who)
    reviews.write_text(incident, "summary", "<img src=x onerror=alert(1)>", **who)
    page = maya.get(f"{HERE}/print").text
    assert "<script>alert" not in page
    assert "<img" not in page
