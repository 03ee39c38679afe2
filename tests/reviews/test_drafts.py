"""The helper that drafts a review: asked for, begun with text by text, marked until somebody read it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from majorops.ai import build_context
from majorops.asgi.routing import DRAFT
from majorops.db import db
from majorops.domain.enums import DraftState, Helper
from majorops.domain.errors import Asked, Conflict
from majorops.models import Draft, TimelineEvent
from majorops.operations import reviews
from majorops.operations.timeline import add_note
from tests.ai.model_server import settings_for

HERE = "/admin/incidents/1/review"
LINES = {"Accept": "application/x-ndjson", "HX-Request": "true"}
PARTIAL = {"HX-Request": "true"}
SUMMARY = "payments-api did not respond."


@pytest.fixture
def settings(settings, model):
    return settings | settings_for(model)


@pytest.fixture
def maya(cast, incident):
    return cast.browser("maya")


def ask(browser) -> list[dict]:
    answer = browser.post(f"{HERE}/ai-draft", headers=LINES)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines() if line]


def newest() -> Draft:
    db.session.rollback()
    return db.session.scalar(select(Draft).order_by(Draft.id.desc()))


def used() -> list[tuple[str, str]]:
    rows = select(TimelineEvent.title, TimelineEvent.detail).filter_by(kind="draft.used")
    return [tuple(row) for row in db.session.execute(rows.order_by(TimelineEvent.seq))]


def test_it_comes_line_by_line_and_lies_at_each_text(maya, incident, model):
    told = ask(maya)
    assert told[0]["about"].startswith("Reading ")
    assert told[-1]["done"]
    page = maya.get(HERE).text
    assert "AI draft, by m-1" in page
    assert SUMMARY in page
    assert "Retries had no cap.\nThe pool had no alert." in page
    assert "Not reviewed" in page
    assert reviews.texts_of(incident) == {}  # nothing is in the review by itself
    assert "Learning Review" in model.asked[0]["messages"][0]["content"]
    drawn = maya.get(f"{HERE}/changes?region=ai_draft", headers=PARTIAL | {"X-Version": "9999"})
    assert "AI draft, by m-1" in drawn.text


def test_the_server_sends_it_while_it_is_made():
    assert DRAFT.fullmatch(f"{HERE}/ai-draft")
    assert DRAFT.fullmatch("/admin/incidents/1/drafts/update")
    assert not DRAFT.fullmatch(f"{HERE}/draft")


def test_only_the_record_is_sent_and_secrets_are_masked(maya, incident, model, who):
    add_note(incident, "pool at 100 %, token=sk-abcdefghijklmnopqrstuvwxyz123456", **who)
    ask(maya)
    seen = model.asked[0]["messages"][1]["content"]
    for words in ("Title: ", "Duration: ", "Time in phase", "Lost time, by the record", "pool at 100 %"):
        assert words in seen
    assert "sk-abcdefghijklmnopqrstuvwxyz" not in seen
    assert "maya@example.org" not in seen
    assert newest().seen in seen


def test_a_text_that_begins_with_it_is_marked_until_somebody_reads_it(maya, incident, cast):
    ask(maya)
    maya.post(f"{HERE}/texts/summary", data={"value": SUMMARY, "was": ""}, headers=PARTIAL)
    assert used() == [("Review, summary: AI review draft used, unchanged", "Written by m-1")]
    row = reviews.texts_of(incident)["summary"]
    assert (row.drafted_by, row.is_unread_draft) == ("m-1", True)
    page = maya.get(HERE).text
    assert "As the draft came, written by m-1." in page
    assert "Mark reviewed" in page
    assert "The pool had no alert." in page  # the other parts lie there still
    assert newest().state is DraftState.USED
    rita = cast.browser("rita")
    assert rita.post(f"{HERE}/texts/summary/read", data={"was": "another"}).status_code == 409
    assert rita.post(f"{HERE}/texts/summary/read", data={"was": SUMMARY}).status_code == 303
    assert rita.post(f"{HERE}/texts/summary/read", data={"was": SUMMARY}).status_code == 303
    assert rita.post(f"{HERE}/texts/blame/read", data={"was": ""}).status_code == 404
    page = maya.get(HERE).text
    assert "Mark reviewed" not in page
    assert "Draft written by m-1, reviewed by Rita Moreau." in page
    assert len(used()) == 1


def test_edited_it_counts_as_reviewed_and_the_share_is_told(maya, incident):
    ask(maya)
    data = {"value": "Retries had no cap.\nThe pool had none.", "was": ""}
    maya.post(f"{HERE}/texts/contributing", data=data)
    ((title, _),) = used()
    assert title.startswith("Review, contributing: AI review draft used, ")
    assert title.endswith("% changed")
    assert not reviews.texts_of(incident)["contributing"].is_unread_draft
    data = {"value": "Retries had no cap at all.\nThe pool had none.", "was": data["value"]}
    assert maya.post(f"{HERE}/texts/contributing", data=data).status_code == 303
    assert len(used()) == 1


def test_own_words_are_no_draft(maya, incident):
    ask(maya)
    maya.post(f"{HERE}/texts/summary", data={"value": "The certificate of the bank expired.", "was": ""})
    assert used() == []
    assert reviews.texts_of(incident)["summary"].drafted_by == ""


def test_pasted_by_another_it_is_known_and_publishing_asks(maya, incident, cast, who):
    ask(maya)
    omar = {"actor": cast.omar, "now": who["now"]}
    reviews.send_draft(incident, **who)
    reviews.hold_review(incident, "Maya Okafor", **who)
    reviews.write_text(incident, "root_cause", "Retries had no cap. The pool had no alert.", **omar)
    reviews.write_text(incident, "summary", "Nobody could pay.", **omar)
    with pytest.raises(Asked, match=r"not reviewed: Root cause \(m-1\)\. Read it, then publish\."):
        reviews.publish_review(incident, **who)
    reviews.publish_review(incident, is_sure=True, **who)
    assert reviews.texts_of(incident)["root_cause"].reviewed_by == "Maya Okafor"


def test_what_is_invented_is_marked(maya, model, cast):
    model.says = (
        "Summary: 5,000 orders waited for Stripe.\nRoot cause: not known\nContributing: not known\n"
        "Went well: not known\nLost time: not known"
    )
    ask(maya)
    page = maya.get(HERE).text
    assert "<mark>5,000</mark>" in page
    assert "<mark>Stripe</mark> this name is not in the record" in page
    maya.post(f"{HERE}/texts/summary", data={"value": "5,000 orders waited for Stripe.", "was": ""})
    page = cast.browser("rita").get(HERE).text  # whoever reads it is told what to check
    assert "<mark>5,000</mark>" in page
    maya.post(f"{HERE}/texts/summary/read", data={"was": "5,000 orders waited for Stripe."})
    assert "<mark>" not in cast.browser("rita").get(HERE).text


@pytest.mark.parametrize(
    ("mode", "note"),
    [
        ("quota", "The model's quota is used up. Template loaded instead."),
        ("filter", "The model declined. Template loaded instead."),
        ("wrong_key", "The model's key is not accepted. Template loaded instead."),
        ("html", "The answer broke off. Template loaded instead."),
    ],
)
def test_a_failing_model_is_replaced_by_the_rule_and_says_so(maya, model, mode, note):
    model.mode = mode
    told = ask(maya)
    assert told[-1]["note"] == note
    assert told[-1]["text"].startswith("Summary: prod-payments-api not responding")
    assert note.replace("'", "&#39;") in maya.get(HERE).text
    assert newest().model == ""


def test_a_model_that_is_late_is_replaced_too(app, maya, model):
    model.mode = "hang"
    app.config["AI_TIMEOUT"] = 0.3
    assert ask(maya)[-1]["note"] == "No answer in 0.3 s. Template loaded instead."


def test_it_is_discarded_and_asked_for_without_script(maya, cast):
    assert maya.post(f"{HERE}/ai-draft").location.endswith("/review#ai_draft")
    number = newest().id
    omar = cast.browser("omar")
    assert omar.post(f"{HERE}/ai-draft/{number}/discarded").status_code == 409
    assert "AI draft, by m-1" not in omar.get(HERE).text
    assert maya.post(f"{HERE}/ai-draft/{number}/discarded").status_code == 303
    assert "AI draft, by m-1" not in maya.get(HERE).text
    assert "From the record, by rule" in maya.get(HERE).text


def test_it_never_replaces_what_people_wrote(maya, incident, who):
    for name in ("summary", "root_cause", "contributing", "went_well", "lost_time"):
        reviews.write_text(incident, name, "By people.", **who)
    answer = maya.post(f"{HERE}/ai-draft", headers=LINES)
    assert answer.status_code == 409
    assert "Every text that a draft begins is written." in answer.text
    reviews.write_text(incident, "summary", "", **who)
    ask(maya)
    assert reviews.text_now(incident, "root_cause") == "By people."


def test_only_who_commands_asks(maya, cast):
    rita = cast.browser("rita")
    assert rita.post(f"{HERE}/ai-draft", headers=LINES).status_code == 403
    assert 'data-helper="review"' not in rita.get(HERE).text
    assert 'data-helper="review"' in maya.get(HERE).text


def test_hostile_text_is_text(maya, model):
    model.says = (
        "Summary: <script>alert(1)</script> was seen\nRoot cause: <img src=x onerror=1>\nContributing: a\n"
        "Went well: &lt;b&gt;\nLost time: b"
    )
    ask(maya)
    page = maya.get(HERE).text
    assert "<script>alert" not in page
    assert "<img" not in page


def test_a_text_that_nobody_wrote_is_not_read(incident, who):
    with pytest.raises(Conflict, match="Read it once more"):
        reviews.mark_text_read(incident, "summary", was="x", **who)


def test_what_was_seen_is_kept(maya, incident, clock):
    context = build_context(Helper.REVIEW, incident.id, now=clock())
    ask(maya)
    assert (newest().seen, newest().prompt) == (context.text, "review 1")


def test_files_of_a_review_say_what_nobody_read(incident, who, maya):
    reviews.write_text(incident, "learned", "One cap.", by_rule=True, **who)
    assert "Draft by rule, not reviewed" in maya.get(f"{HERE}/export/md").text
    assert "Draft by rule, not reviewed" in maya.get(f"{HERE}/export/html").text
    assert maya.get(f"{HERE}/export/json").json["not_reviewed"] == ["learned"]


class TestWithoutAModel:
    @pytest.fixture
    def settings(self, settings):
        return settings | {"AI_BASE_URL": None, "AI_MODEL": None}

    def test_it_comes_by_rule_and_says_so(self, maya, model):
        told = ask(maya)
        assert told[-1]["note"] == "AI is off. Written by rule, from the record."
        assert model.asked == []
        assert "AI is off. Written by rule, from the record." in maya.get(HERE).text

    def test_begun_by_rule_it_is_marked_too(self, maya):
        maya.post(f"{HERE}/texts/summary", data={"value": "As by rule.", "was": "", "by_rule": "y"})
        assert "As the draft came, written by rule." in maya.get(HERE).text
