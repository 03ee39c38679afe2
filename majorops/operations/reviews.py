"""Operations on the Learning Review.

Its texts, marks, questions, and the steps from collecting to reviewed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import ActionState, Notice, ReviewState
from majorops.domain.errors import Asked, Conflict, Invalid, NotFound
from majorops.domain.events import EventKind
from majorops.domain.review import (
    REVIEW_FIELDS,
    TEXT_LONGEST,
    Attended,
    ReviewField,
    attendance,
    missing_texts,
    names_in,
    names_question,
    step_refusal,
)
from majorops.domain.text import clean_line, clean_text, count
from majorops.models import (
    ActionItem,
    CommandAssignment,
    Incident,
    Review,
    ReviewAttendee,
    ReviewMark,
    ReviewPerson,
    ReviewQuestion,
    ReviewText,
)
from majorops.operations import operation, record
from majorops.operations.after_action import DRAFT, invited, need_now, plan_nudge, the_review
from majorops.operations.curation import named_incident
from majorops.operations.drafts import BY_RULE, drafted_part, use_drafted
from majorops.operations.edit import DISCARDED_AT_MOST, last_edit
from majorops.operations.outbox import notify
from majorops.operations.review_record import draft_by_rule, read_record
from majorops.operations.timeline import find_entry

QUESTION_LONGEST = 1_000
QUESTIONS_MOST = 200

# Texts


def texts_of(incident: Incident, version: int | None = None) -> dict[str, ReviewText]:
    """The text of each field that stands, by its name; with a `version` those that stood then. One query."""
    newest = select(func.max(ReviewText.version)).where(ReviewText.incident_id == incident.id)
    if version is not None:
        newest = newest.where(ReviewText.version <= version)
    rows = select(ReviewText).where(
        ReviewText.incident_id == incident.id,
        ReviewText.version.in_(newest.group_by(ReviewText.name)),
    )
    return {row.name: row for row in db.session.scalars(rows)}


def text_now(incident: Incident, name: str) -> str:
    """The text of one field, empty where nobody wrote it."""
    rows = select(ReviewText.text).filter_by(incident_id=incident.id, name=name)
    return db.session.scalar(rows.order_by(ReviewText.version.desc()).limit(1)) or ""


@operation(needs=Permission.TIMELINE_NOTE)
def write_text(
    incident: Incident,
    name: str,
    typed: str,
    *,
    actor: Actor,
    now: datetime,
    was: str | None = None,
    is_sure: bool = False,
    by_rule: bool = False,
) -> bool:
    """Write one text of the review; every version stays. Returns whether anything changed.

    `was`: the text that the person saw, None to compare with nothing. `is_sure`: they were asked about a
    name in it. `by_rule`: it is the draft that the record has by rule, as it came. A text that a helper's
    draft wrote is known by its words, wherever it was pasted, and counts as a draft until it is edited or
    somebody says that they read it (guide, "Do not publish AI output without review").

    Raises NotFound (no such field), Invalid, Asked, Conflict (changed meanwhile: both texts are in it).
    """
    field = _field(name)
    text = _accepted(field, typed)
    stored = text_now(incident, name)
    if text == stored:
        return False
    if was is not None and was != stored:
        by, at = last_edit(incident, field.mark)
        raise Conflict(f"{field.label} was changed meanwhile.", theirs=stored, by=by, at=at)
    if field.is_about_systems and not is_sure and (named := names_in(text, _team(incident))):
        raise Asked(names_question(named))
    review = the_review(incident, now)
    review.version += 1
    given = {"version": review.version, "name": name, "text": text}
    by_whom = {"by_name": actor.name, "by_id": actor.user_id, "at": now}
    row = ReviewText(incident_id=incident.id, **given, **by_whom, drafted_by=BY_RULE if by_rule else "")
    db.session.add(row)
    db.session.flush()
    plan_nudge(incident, review, now)
    what = "written" if text and not stored else "changed" if text else "emptied"
    title = f"Review, {field.label.lower()} {what}"
    record(incident, EventKind.REVIEW_WRITTEN, title, field=field.mark, actor=actor, now=now)
    if text and (found := drafted_part(incident, text)):
        draft, share = found
        row.drafted_by = draft.writer[:120] if not share else ""
        if not (stored and (before := drafted_part(incident, stored)) and before[0] is draft):
            use_drafted(incident, draft, share, f"Review, {field.label.lower()}", actor=actor, now=now)
    return True


@operation(needs=Permission.TIMELINE_NOTE)
def mark_text_read(incident: Incident, name: str, *, was: str, actor: Actor, now: datetime) -> None:
    """Say that somebody read a text that stands as a draft wrote it; said twice it is said once.

    `was`: the text that they read. Raises NotFound, Conflict (it was changed meanwhile).
    """
    field = _field(name)
    row = texts_of(incident).get(name)
    if row is None or row.text != was:
        raise Conflict(f"{field.label} was changed meanwhile. Read it once more.")
    if row.is_unread_draft:
        _mark_read(incident, field, row, actor=actor, now=now)


def _mark_read(
    incident: Incident, field: ReviewField, row: ReviewText, *, actor: Actor, now: datetime
) -> None:
    row.reviewed_by, row.reviewed_at = actor.name, now
    title = f"Review, {field.label.lower()}: the draft was read, it stands as it came"
    record(incident, EventKind.REVIEW_WRITTEN, title, field=field.mark, actor=actor, now=now)


def _field(name: str) -> ReviewField:
    field = REVIEW_FIELDS.get(name)
    if field is None:
        raise NotFound(f"The review has no field {name}.")
    return field


def _accepted(field: ReviewField, typed: str) -> str:
    if field.name == "repeat_of":
        line = clean_line(typed)
        return named_repeat(line) if line else ""
    text = clean_text(typed)
    if len(text) > TEXT_LONGEST:
        raise Invalid(
            {field.name: f"{field.label}: at most {TEXT_LONGEST:,} characters; this has {len(text):,}."}
        )
    return text


def named_repeat(line: str) -> str:
    """The reference of the earlier incident that somebody named. Raises Invalid at `repeat_of`."""
    try:
        return named_incident(line).reference
    except Invalid as problem:
        sentence = str(problem).replace("the incident that is kept", "the earlier incident")
        raise Invalid({"repeat_of": sentence}) from None


def _team(incident: Incident) -> list[str]:
    rows = select(CommandAssignment.name).where(CommandAssignment.incident_id == incident.id).distinct()
    return list(db.session.scalars(rows))


@operation(needs=Permission.TIMELINE_NOTE)
def discard_text(incident: Incident, name: str, typed: str, *, actor: Actor, now: datetime) -> None:
    """Keep what one person typed where two wrote one text and the other's was taken: an internal entry.

    Raises NotFound, Invalid.
    """
    field, text = _field(name), clean_text(typed)
    if len(text) > DISCARDED_AT_MOST:
        raise Invalid({name: f"At most {DISCARDED_AT_MOST:,} characters; this has {len(text):,}."})
    if text and text != text_now(incident, name):
        title = f"Review, {field.label.lower()}: not taken, the other text stands"
        record(incident, EventKind.EDIT_DISCARDED, title, detail=text, actor=actor, now=now)


# Marks and questions


@operation(needs=Permission.TIMELINE_NOTE)
def mark_entry(incident: Incident, seq: int, is_marked: bool, *, actor: Actor, now: datetime) -> None:
    """Mark an entry for the review, or take the mark off; pressed twice it is done once. Raises Invalid."""
    entry = find_entry(incident, seq)
    mark = db.session.scalar(select(ReviewMark).filter_by(entry_id=entry.id))
    if bool(mark) is is_marked:
        return
    if mark:
        db.session.delete(mark)
        kind, what = EventKind.ENTRY_UNMARKED, "no longer for the review"
    else:
        given = {"entry_id": entry.id, "by_name": actor.name, "at": now}
        db.session.add(ReviewMark(incident_id=incident.id, **given))
        kind, what = EventKind.ENTRY_MARKED, "for the review"
    record(incident, kind, f"Entry {entry.seq} {what}: {entry.title}", actor=actor, now=now)


def marks_among(entries: Iterable[int]) -> set[int]:
    """Those of these entries, by id, that are marked for the review. One query, none for no entry."""
    wanted = list(entries)
    rows = select(ReviewMark.entry_id).where(ReviewMark.entry_id.in_(wanted))
    return set(db.session.scalars(rows)) if wanted else set()


@operation(needs=Permission.TIMELINE_NOTE)
def ask_review(
    incident: Incident, text: str, *, actor: Actor, now: datetime, seq: int | None = None
) -> ReviewQuestion:
    """Ask before the meeting, about entry `seq` or about all of it. Raises Invalid, Conflict."""
    if not text:
        raise Invalid({"question": "Write the question."})
    if len(text) > QUESTION_LONGEST:
        raise Invalid({"question": f"At most {QUESTION_LONGEST:,} characters; this has {len(text):,}."})
    asked = select(func.count(ReviewQuestion.id)).filter_by(incident_id=incident.id)
    if (db.session.scalar(asked) or 0) >= QUESTIONS_MOST:
        raise Conflict(f"{QUESTIONS_MOST} questions are asked already. Answer some at the meeting.")
    entry = find_entry(incident, seq) if seq else None
    the_review(incident, now)
    question = ReviewQuestion(
        incident_id=incident.id,
        entry_id=entry.id if entry else None,
        text=text,
        asked_by=actor.name,
        asked_at=now,
    )
    db.session.add(question)
    db.session.flush()
    about = f" about entry {entry.seq}" if entry else ""
    title = f"Question for the review{about}: {text}"
    record(incident, EventKind.REVIEW_ASKED, title, actor=actor, now=now)
    return question


@operation(needs=Permission.TIMELINE_NOTE)
def answer_review(incident: Incident, question_id: int, text: str, *, actor: Actor, now: datetime) -> None:
    """Answer a question of the review. Raises Invalid, Conflict."""
    row = db.session.get(ReviewQuestion, question_id)
    if row is None or row.incident_id != incident.id:
        raise Invalid({"answer": "There is no such question."})
    if row.answered_at:
        raise Conflict(f"{row.answered_by} answered at {row.answered_at:%H:%M}: {row.answer[:200]}")
    if not text:
        raise Invalid({"answer": "Write the answer."})
    if len(text) > TEXT_LONGEST:
        raise Invalid({"answer": f"At most {TEXT_LONGEST:,} characters; this has {len(text):,}."})
    row.answer, row.answered_by, row.answered_at = text, actor.name, now
    title = f"Answered: {row.text}"
    record(incident, EventKind.REVIEW_ANSWERED, title, detail=text, actor=actor, now=now)


# The steps


def why_not_step(incident: Incident, review: Review | None, to: ReviewState, now: datetime) -> str:
    """Why the review does not go on to `to` now; empty when it does. Three queries at most."""
    texts = {name: row.text for name, row in texts_of(incident).items()}
    return step_refusal(
        review.state if review else ReviewState.COLLECTING,
        to,
        is_resolved=incident.is_resolved,
        is_required=need_now(incident, now).is_required,
        missing=missing_texts(texts) if to is ReviewState.PUBLISHED else (),
        published_at=review.published_at if review else None,
        open_actions=_open_actions(incident) if to is ReviewState.REVIEWED else 0,
        now=now,
    )


def _open_actions(incident: Incident) -> int:
    rows = select(func.count(ActionItem.id)).filter_by(incident_id=incident.id, state=ActionState.OPEN)
    return db.session.scalar(rows) or 0


@operation(needs=Permission.INCIDENT_COMMAND)
def send_draft(incident: Incident, *, actor: Actor, now: datetime) -> int:
    """Send the draft to everybody who is invited; who reads it is kept. Returns how many they are.

    Sent again, it goes to those who joined since, and the review stays where it is. Raises Conflict.
    """
    review = the_review(incident, now)
    is_again = review.state is ReviewState.DRAFT_SENT
    if not is_again and (refusal := why_not_step(incident, review, ReviewState.DRAFT_SENT, now)):
        raise Conflict(refusal)
    people = invited(incident)
    rows = select(ReviewPerson).filter_by(incident_id=incident.id, sent_at=None)
    fresh = {row.user_id: row for row in db.session.scalars(rows)}
    to = [user for user in people if user.id in fresh]
    if is_again and not to:
        raise Conflict("Everybody who is invited has the draft already.")
    for user in to:
        fresh[user.id].sent_at = now
        if user.id == actor.user_id:
            fresh[user.id].read_at = now  # who sends it has read it
    if not is_again:
        review.state, review.sent_at, review.sent_by = ReviewState.DRAFT_SENT, now, actor.name
    names = ", ".join(user.name for user in to) or "nobody with an account"
    title = f"Draft of the review sent to {count(len(to), 'person').replace('persons', 'people')}"
    record(incident, EventKind.REVIEW_SENT, title, detail=names, actor=actor, now=now)
    at = review.after_action_at if review.after_action_off_at is None else None
    when = f" before the After Action, {at:%-d %b %H:%M} UTC" if at and at > now else ""
    subject = f"{incident.reference} Draft of the Learning Review"
    body = f"{incident.title}\n\nRead the draft{when}. Correct it in place, and ask at any entry."
    act = f"{DRAFT}{incident.id}"
    notify(incident, Notice.REVIEW, act, to, subject=subject, body=body, now=now)
    return len(to)


def has_unread_draft(incident: Incident, actor: Actor) -> bool:
    """Whether this person was sent the draft and did not read it yet. One query."""
    mine = select(ReviewPerson.id).where(
        ReviewPerson.incident_id == incident.id,
        ReviewPerson.user_id == actor.user_id,
        ReviewPerson.sent_at.is_not(None),
        ReviewPerson.read_at.is_(None),
    )
    return actor.user_id is not None and db.session.scalar(mine) is not None


@operation(needs=Permission.INCIDENT_READ)
def read_draft(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Keep that somebody read the draft that they were sent, once."""
    if not has_unread_draft(incident, actor):
        return
    mine = update(ReviewPerson).filter_by(incident_id=incident.id, user_id=actor.user_id)
    db.session.execute(mine.values(read_at=now))
    title = f"{actor.name} read the draft of the review"
    record(incident, EventKind.REVIEW_READ, title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def hold_review(incident: Incident, attended: str, *, actor: Actor, now: datetime) -> None:
    """The meeting was held: who attended, one a line, each with at most one line of theirs.

    Raises Invalid, Conflict.
    """
    review = the_review(incident, now)
    if refusal := why_not_step(incident, review, ReviewState.HELD, now):
        raise Conflict(refusal)
    people = _attendance(attended)
    review.state, review.held_at, review.held_by = ReviewState.HELD, now, actor.name
    plan_nudge(incident, review, now)
    rows = (ReviewAttendee(incident_id=incident.id, name=one.name, line=one.line) for one in people)
    db.session.add_all(rows)
    title = f"Learning Review held, {len(people)} attended"
    detail = "\n".join(f"{one.name}: {one.line}" if one.line else one.name for one in people)
    record(incident, EventKind.REVIEW_HELD, title, detail=detail, actor=actor, now=now)


def _attendance(text: str) -> list[Attended]:
    try:
        return attendance(clean_text(text))
    except ValueError as problem:
        raise Invalid({"attended": str(problem)}) from None


@operation(needs=Permission.INCIDENT_COMMAND)
def publish_review(
    incident: Incident, *, actor: Actor, now: datetime, seen: int | None = None, is_sure: bool = False
) -> None:
    """Publish the review inside: the version that stands is the published one. Again after changes.

    `seen`: the version that the person read; None skips the comparison. `is_sure`: they were asked about
    texts that stand as the draft by rule wrote them. Of two who publish the second is told who did. Raises
    Conflict, Asked.
    """
    review = the_review(incident, now)
    is_again = review.published_at is not None
    if refusal := _why_not_publish(incident, review, seen, now):
        raise Conflict(refusal)
    unread = _unread(incident, now)
    if unread and not is_sure:
        named = ", ".join(f"{REVIEW_FIELDS[row.name].label} ({writer})" for row, writer in unread)
        raise Asked(f"As the draft wrote it, not reviewed: {named}. Read it, then publish.")
    for row, writer in unread:
        row.drafted_by = row.drafted_by or writer
        _mark_read(incident, REVIEW_FIELDS[row.name], row, actor=actor, now=now)
    if not is_again:
        review.state = ReviewState.PUBLISHED
        plan_nudge(incident, review, now)
    review.published_at, review.published_by = review.published_at or now, actor.name
    review.published_version = review.version
    title = f"Learning Review published, version {review.version}"
    record(incident, EventKind.REVIEW_PUBLISHED, title, actor=actor, now=now)
    subject = f"{incident.reference} Learning Review published"
    body = f"{incident.title}\n\n{text_now(incident, 'summary')}"
    act = f"review_published:{incident.id}:{review.version}"
    people = [user for user in invited(incident) if user.id != actor.user_id]
    notify(incident, Notice.REVIEW, act, people, subject=subject, body=body, now=now)


def _why_not_publish(incident: Incident, review: Review, seen: int | None, now: datetime) -> str:
    if review.published_at and review.published_version == review.version:
        return f"{review.published_by} published this review at {review.published_at:%Y-%m-%d %H:%M} UTC."
    if not review.published_at and (refusal := why_not_step(incident, review, ReviewState.PUBLISHED, now)):
        return refusal
    if seen is None or seen == review.version:
        return ""
    rows = select(ReviewText).filter_by(incident_id=incident.id, version=review.version)
    last = db.session.scalars(rows).one()
    who = f"{last.by_name} changed it at {last.at:%H:%M:%S}"
    return f"Not published: {who} after you read it. Read it once more."


def _unread(incident: Incident, now: datetime) -> list[tuple[ReviewText, str]]:
    """The texts that stand as a draft wrote them and that nobody read since, each with the draft's writer."""
    drafts = draft_by_rule(incident, read_record(incident, now).facts)
    texts = texts_of(incident)
    rows = [texts[name] for name in REVIEW_FIELDS if name in texts and not texts[name].reviewed_by]
    told = [(row, row.drafted_by or (BY_RULE if row.text == drafts.get(row.name) else "")) for row in rows]
    return [(row, writer) for row, writer in told if writer and row.text]


@operation(needs=Permission.INCIDENT_COMMAND)
def close_review(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """After 30 days, or once every action ended.

    What became of the actions was looked at. Raises Conflict.
    """
    review = the_review(incident, now)
    if refusal := why_not_step(incident, review, ReviewState.REVIEWED, now):
        raise Conflict(refusal)
    review.state, review.closed_at, review.closed_by = ReviewState.REVIEWED, now, actor.name
    left = _open_actions(incident)
    title = f"Learning Review reviewed, {count(left, 'action')} still open"
    record(incident, EventKind.REVIEW_CLOSED, title, actor=actor, now=now)
