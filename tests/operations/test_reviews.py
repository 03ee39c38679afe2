"""Operations on the review: texts that nobody loses, marks, questions, and the steps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import ReviewState, Severity
from majorops.domain.errors import Asked, Conflict, Invalid, NotFound
from majorops.models import (
    Delivery,
    Review,
    ReviewMark,
    ReviewPerson,
    ReviewQuestion,
    ReviewText,
    TimelineEvent,
)
from majorops.operations import reviews
from majorops.operations.after_action import invite, review_of
from majorops.operations.curation import merge_incident
from majorops.operations.timeline import add_note
from tests.operations.afterwards import ATTENDED, draft_sent, held, planned, published, resolve


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def incident(cast):
    return cast.open()


def kinds(start: str = "review.") -> list[str]:
    rows = select(TimelineEvent.kind).where(TimelineEvent.kind.startswith(start))
    return db.session.scalars(rows.order_by(TimelineEvent.seq)).all()


def test_at_the_close_the_review_lies_there(incident, who):
    assert review_of(incident) is None
    resolve(incident, who)
    review = review_of(incident)
    assert (review.state, review.version) == (ReviewState.COLLECTING, 0)
    assert kinds() == []  # it is no event by itself: the close is


def test_every_version_of_a_text_stays(incident, who, cast):
    assert reviews.write_text(incident, "summary", "One.", was="", **who)
    assert reviews.write_text(incident, "summary", "Two.", was="One.", **who)
    assert not reviews.write_text(incident, "summary", " Two. ", was="One.", **who)  # both wrote the same
    assert [row.text for row in db.session.scalars(select(ReviewText).order_by(ReviewText.version))] == [
        "One.",
        "Two.",
    ]
    assert reviews.texts_of(incident)["summary"].text == "Two."
    assert reviews.texts_of(incident, 1)["summary"].text == "One."
    assert kinds() == ["review.written", "review.written"]
    assert reviews.write_text(incident, "summary", "", was="Two.", **who)
    titles = select(TimelineEvent.title).where(TimelineEvent.kind == "review.written")
    assert db.session.scalars(titles.order_by(TimelineEvent.seq)).all() == [
        "Review, summary written",
        "Review, summary changed",
        "Review, summary emptied",
    ]


def test_of_two_who_write_one_text_the_second_reads_both(incident, who, cast):
    reviews.write_text(incident, "summary", "Mine.", was="", **who)
    second = {"actor": cast.omar, "now": who["now"]}
    with pytest.raises(Conflict) as problem:
        reviews.write_text(incident, "summary", "Yours.", was="", **second)
    assert (problem.value.theirs, problem.value.by) == ("Mine.", "Maya Okafor")
    reviews.discard_text(incident, "summary", "Yours.", **second)
    reviews.discard_text(incident, "summary", "Mine.", **second)  # it stands: nothing was lost
    kept = db.session.scalars(select(TimelineEvent).filter_by(kind="edit.discarded")).all()
    assert [(one.detail, one.actor_name) for one in kept] == [("Yours.", "Omar Haddad")]


def test_a_name_where_systems_are_meant_is_asked_about_once(incident, who):
    with pytest.raises(Asked, match=r"This names Maya Okafor\. Say what the system allowed\."):
        reviews.write_text(incident, "root_cause", "Okafor deployed too early", **who)
    assert reviews.write_text(incident, "root_cause", "Okafor deployed too early", is_sure=True, **who)
    assert reviews.write_text(incident, "summary", "Maya Okafor had command.", **who)  # there a name is none


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("summary", "x" * 10_001, "at most 10,000 characters; this has 10,001"),
        ("repeat_of", "the one in spring", "Name the earlier incident, such as INC-042."),
        ("repeat_of", "INC-999", "There is no INC-999."),
    ],
)
def test_texts_that_are_not_taken(incident, who, name, typed, says):
    with pytest.raises(Invalid, match=says):
        reviews.write_text(incident, name, typed, **who)


def test_there_is_no_such_text(incident, who):
    with pytest.raises(NotFound, match="no field blame"):
        reviews.write_text(incident, "blame", "x", **who)
    with pytest.raises(Invalid, match="At most 10,000"):
        reviews.discard_text(incident, "summary", "x" * 10_001, **who)


def test_a_repeat_makes_the_review_required(cast, who):
    earlier, incident = cast.open(), cast.open(severity=Severity.LOW)
    assert not reviews.need_now(incident, who["now"]).is_required
    reviews.write_text(incident, "repeat_of", f" {earlier.id} ", **who)
    assert reviews.text_now(incident, "repeat_of") == earlier.reference
    assert reviews.need_now(incident, who["now"]).is_required
    reviews.write_text(incident, "repeat_of", "", **who)
    assert not reviews.need_now(incident, who["now"]).is_required


def test_an_entry_is_marked_once_and_unmarked(incident, who):
    note = add_note(incident, "pool at 100%", **who)
    for _ in range(2):
        reviews.mark_entry(incident, note.seq, True, **who)
    assert db.session.scalar(select(func.count(ReviewMark.id))) == 1
    assert reviews.marks_among([note.id, 0]) == {note.id}
    reviews.mark_entry(incident, note.seq, False, **who)
    assert reviews.marks_among([note.id]) == set()
    assert reviews.marks_among([]) == set()
    assert kinds("entry.") == ["entry.marked", "entry.unmarked"]


def test_questions_are_asked_at_an_entry_and_answered_once(incident, who, cast):
    note = add_note(incident, "pool at 100%", **who)
    question = reviews.ask_review(incident, "Who saw it?", seq=note.seq, **who)
    reviews.answer_review(incident, question.id, "Nobody: no alert.", **who)
    row = db.session.get(ReviewQuestion, question.id)
    assert (row.entry_id, row.answer, row.answered_by) == (note.id, "Nobody: no alert.", "Maya Okafor")
    with pytest.raises(Conflict, match="Maya Okafor answered at 14:00: Nobody"):
        reviews.answer_review(incident, question.id, "Me.", **who)
    other = cast.open()
    with pytest.raises(Invalid, match="no such question"):
        reviews.answer_review(other, question.id, "Me.", **who)


@pytest.mark.parametrize(
    ("text", "says"), [("", "Write the question"), ("x" * 1_001, "At most 1,000 characters")]
)
def test_questions_that_are_not_taken(incident, who, text, says):
    with pytest.raises(Invalid, match=says):
        reviews.ask_review(incident, text, **who)


def test_answers_that_are_not_taken(incident, who):
    number = reviews.ask_review(incident, "Why?", **who).id
    for text, says in (("", "Write the answer"), ("x" * 10_001, "At most 10,000")):
        with pytest.raises(Invalid, match=says):
            reviews.answer_review(incident, number, text, **who)


def test_too_many_questions(incident, who):
    given = {"incident_id": incident.id, "text": "?", "asked_by": "Maya", "asked_at": who["now"]}
    db.session.add_all(ReviewQuestion(**given) for _ in range(200))
    db.session.commit()
    with pytest.raises(Conflict, match="200 questions are asked already"):
        reviews.ask_review(incident, "One more?", **who)


def test_from_the_draft_to_the_end(incident, who, cast, clock):
    resolve(incident, who)
    invite(incident, ["rita@example.org"], **who)
    assert reviews.send_draft(incident, **who) == 2
    assert not reviews.has_unread_draft(incident, cast.maya)  # who sends it has read it
    assert reviews.has_unread_draft(incident, cast.rita)
    for _ in range(2):
        reviews.read_draft(incident, actor=cast.rita, now=who["now"])
    assert not reviews.has_unread_draft(incident, cast.rita)
    assert set(db.session.scalars(select(ReviewPerson.read_at))) == {who["now"]}
    reviews.hold_review(incident, ATTENDED, **who)
    for name in ("summary", "root_cause"):
        reviews.write_text(incident, name, "Retries had no cap.", **who)
    reviews.publish_review(incident, seen=2, **who)
    review = review_of(incident)
    assert (review.state, review.published_version) == (ReviewState.PUBLISHED, 2)
    who["now"] = clock.tick(days=30)
    reviews.close_review(incident, **who)
    assert review_of(incident).state is ReviewState.REVIEWED
    assert [kind for kind in kinds() if kind != "review.written"] == [
        "review.sent",
        "review.read",
        "review.held",
        "review.published",
        "review.closed",
    ]


def test_a_draft_is_sent_again_to_who_joined_since(incident, who, cast):
    draft_sent(incident, who)
    with pytest.raises(Conflict, match="Everybody who is invited has the draft already"):
        reviews.send_draft(incident, **who)
    invite(incident, ["rita@example.org"], **who)
    assert reviews.send_draft(incident, **who) == 1
    drafts = select(Delivery.recipient).where(Delivery.act == f"review_draft:{incident.id}")
    assert set(db.session.scalars(drafts)) == {"Maya Okafor", "Rita Moreau"}


def test_steps_are_not_skipped(incident, who):
    with pytest.raises(Conflict, match="The incident runs"):
        reviews.send_draft(incident, **who)
    resolve(incident, who)
    with pytest.raises(Conflict, match="Send the draft first"):
        reviews.hold_review(incident, ATTENDED, **who)
    with pytest.raises(Conflict, match="Hold the meeting first"):
        reviews.publish_review(incident, **who)
    with pytest.raises(Conflict, match="Publish it first"):
        reviews.close_review(incident, **who)
    reviews.send_draft(incident, **who)
    with pytest.raises(Invalid, match="Name who attended"):
        reviews.hold_review(incident, " ", **who)


def test_of_two_who_publish_the_second_is_told_who_did(incident, who, cast):
    published(incident, who)
    with pytest.raises(Conflict, match="Maya Okafor published this review at 2026-11-23 14:00 UTC"):
        reviews.publish_review(incident, actor=cast.omar, now=who["now"])


def test_what_changed_after_it_was_read_is_not_published_unread(incident, who, cast):
    held(incident, who)
    seen = review_of(incident).version
    reviews.write_text(incident, "summary", "Another one.", actor=cast.omar, now=who["now"])
    with pytest.raises(Conflict, match="Omar Haddad changed it at 14:00:00 after you read it"):
        reviews.publish_review(incident, seen=seen, **who)
    reviews.publish_review(incident, seen=seen + 1, **who)


def test_a_text_that_stands_as_the_draft_by_rule_wrote_it_is_asked_about_once(incident, who):
    from majorops.operations.review_record import draft_by_rule, read_record

    held(incident, who)
    draft = draft_by_rule(incident, read_record(incident, who["now"]).facts)
    reviews.write_text(incident, "summary", draft["summary"], **who)
    with pytest.raises(Asked, match=r"As the draft wrote it, not reviewed: Summary \(by rule\)\."):
        reviews.publish_review(incident, **who)
    reviews.publish_review(incident, is_sure=True, **who)
    row = reviews.texts_of(incident)["summary"]
    assert (row.drafted_by, row.reviewed_by, row.is_unread_draft) == ("by rule", "Maya Okafor", False)


def test_changes_are_published_again_as_another_version(incident, who):
    published(incident, who)
    reviews.write_text(incident, "learned", "One cap.", **who)
    reviews.publish_review(incident, **who)
    review = review_of(incident)
    assert review.published_version == review.version == 3


def test_a_review_that_is_not_required_needs_no_meeting(cast, who):
    incident = cast.open(severity=Severity.LOW)
    resolve(incident, who)
    for name in ("summary", "root_cause"):
        reviews.write_text(incident, name, "Disk was full.", **who)
    reviews.publish_review(incident, **who)
    assert review_of(incident).state is ReviewState.PUBLISHED


def test_while_actions_are_open_the_review_ends_after_30_days(incident, who, clock):
    from majorops.operations.actions import add_action

    published(incident, who)
    add_action(incident, planned(who["now"]), **who)
    with pytest.raises(Conflict, match="On 2026-12-23, 30 days after publishing"):
        reviews.close_review(incident, **who)
    who["now"] = clock.tick(days=30)
    reviews.close_review(incident, **who)


def test_a_drill_tells_nobody_and_a_private_one_only_who_may_know(cast, who):
    from majorops.operations.after_action import invite

    drill = cast.open(is_drill=True)
    draft_sent(drill, who)
    states = select(Delivery.state).where(Delivery.incident_id == drill.id)
    assert {state.value for state in db.session.scalars(states)} == {"quiet"}
    private = cast.open(is_public=False)
    invite(private, ["xin@example.org"], **who)
    draft_sent(private, who)
    told = select(Delivery.recipient).where(Delivery.act == f"review_draft:{private.id}")
    assert db.session.scalars(told).all() == ["Maya Okafor"]  # Xin was not added to its briefs


def test_the_review_of_a_duplicate_goes_with_the_one_that_is_kept(cast, who):
    kept, duplicate = cast.open(), cast.open()
    merge_incident(duplicate, kept, **who)
    with pytest.raises(Conflict, match="was merged into"):
        reviews.write_text(duplicate, "summary", "x", **who)


def test_responders_write_and_only_who_commands_takes_it_on(incident, who, cast):
    from majorops.domain.errors import Forbidden

    rita = {"actor": cast.rita, "now": who["now"]}
    assert reviews.write_text(incident, "surprised", "The pool had no alert.", **rita)
    with pytest.raises(Forbidden):
        reviews.send_draft(incident, **rita)
    with pytest.raises(Forbidden):
        reviews.write_text(incident, "surprised", "x", actor=cast.xin, now=who["now"])


def test_one_review_an_incident(incident, who):
    resolve(incident, who)
    reviews.write_text(incident, "summary", "x", **who)
    assert db.session.scalar(select(func.count(Review.id))) == 1
    assert who["now"] - review_of(incident).begun_at < timedelta(seconds=1)
