"""The Learning Review: whether it is needed, how it moves on, and what people write in it (domain §10).

The question is what was learned and what changes. What the record holds is read by `domain/review_record.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain.after_action import LASTS, WITHIN
from majorops.domain.enums import ReviewNeed, ReviewState, Severity
from majorops.domain.measures import words

HIGH_FROM = timedelta(hours=2)  # a High incident that took longer asks for a review
PUBLISH_WITHIN = timedelta(hours=48)  # after the meeting
REVIEW_AFTER = timedelta(days=30)  # after publishing: what became of the actions
TEXT_LONGEST = 10_000  # characters
LINE_LONGEST = 300  # characters that one attendee leaves
ATTENDEES_MOST = 60
NAME_LEAST = 3  # letters of a part of a name that is looked for
_PERSON = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){1,2}")


@dataclass(frozen=True)
class ReviewField:
    """A text of the review that people write, edited in place.

    `hint`: what an empty one says; `has_lines`: each line is one point of a list; `is_about_systems`:
    naming a person of the command team there is asked about; `is_required`: the review is not published
    without it.
    """

    name: str
    label: str
    hint: str
    has_lines: bool = False
    is_about_systems: bool = False
    is_required: bool = False
    input: str = "text"
    # As the editor of every field wants it.
    display: str = "plain"
    may_wait: bool = True  # without a connection: it is saved later
    choices: tuple[tuple[str, str], ...] = ()
    suggests: str = ""

    def show(self, text: str) -> str:
        """What a person reads of it: as it was written."""
        return text

    @property
    def mark(self) -> str:
        """How the timeline names it, as its field."""
        return f"review.{self.name}"


REVIEW_FIELDS: dict[str, ReviewField] = {
    field.name: field
    for field in (
        ReviewField("summary", "Summary", "What happened, in three sentences.", is_required=True),
        ReviewField(
            "root_cause",
            "Root cause",
            "What the system allowed. No names.",
            is_about_systems=True,
            is_required=True,
        ),
        ReviewField(
            "contributing",
            "Contributing",
            "One factor a line. Systems, not names.",
            has_lines=True,
            is_about_systems=True,
        ),
        ReviewField("went_well", "Went well", "One a line: what to keep.", has_lines=True),
        ReviewField("lost_time", "Lost time, by people", "One a line: where time went.", has_lines=True),
        ReviewField("surprised", "What surprised us", "One a line.", has_lines=True),
        ReviewField("learned", "Learning statements", "One a line: we learned that …", has_lines=True),
        ReviewField(
            "repeat_of",
            "Repeat of",
            "An earlier incident with the same root cause, such as INC-031.",
            input="line",
        ),
    )
}


def text_id(name: str) -> str:
    """The id of a text's element on the page of the review."""
    return f"text-{name.replace('_', '-')}"


@dataclass(frozen=True)
class Need:
    """Whether a review is asked for, and why, as a sentence."""

    need: ReviewNeed
    reason: str

    @property
    def is_required(self) -> bool:
        """There is no way round it."""
        return self.need is ReviewNeed.REQUIRED


def need_of(severity: Severity, duration: timedelta, *, has_customer_impact: bool, repeats: str = "") -> Need:
    """Required, recommended or not needed (domain §10).

    `duration`: total, until now while it runs; `repeats`: the earlier incident with the same root cause,
    empty for none.
    """
    if severity is Severity.CRITICAL:
        return Need(ReviewNeed.REQUIRED, "Critical always asks for a review.")
    if severity is Severity.HIGH and duration > HIGH_FROM:
        return Need(ReviewNeed.REQUIRED, f"High, and it took {words(duration)}, more than 2 h.")
    if repeats:
        return Need(ReviewNeed.REQUIRED, f"It repeats the root cause of {repeats}.")
    if severity is Severity.HIGH and has_customer_impact:
        return Need(ReviewNeed.RECOMMENDED, f"High, customers felt it, and it took {words(duration)}.")
    if severity is Severity.HIGH:
        return Need(ReviewNeed.NOT_NEEDED, "High within 2 h, and no customer impact is recorded.")
    return Need(ReviewNeed.NOT_NEEDED, f"{severity.label}, and no repeat of a known root cause.")


def step_refusal(
    state: ReviewState,
    to: ReviewState,
    *,
    is_resolved: bool,
    is_required: bool,
    missing: Sequence[str] = (),
    published_at: datetime | None = None,
    open_actions: int = 0,
    now: datetime,
) -> str:
    """Why the review does not go on to `to`; empty when it does.

    One step after the other; a review that is not required may be published without a meeting. `missing`: the
    labels of required texts that are empty. `published_at`: None before that.
    """
    if not is_resolved:
        return "The incident runs. Its review goes on once it is resolved."
    order = list(ReviewState)
    if order.index(to) <= order.index(state):
        return f"The review is {state.label.lower()} already."
    if to is ReviewState.HELD and state is ReviewState.COLLECTING:
        return "Send the draft first: people correct it before they meet."
    if to is ReviewState.PUBLISHED:
        return _publishing_refusal(state, is_required, missing)
    return _closing_refusal(published_at, open_actions, now) if to is ReviewState.REVIEWED else ""


def _publishing_refusal(state: ReviewState, is_required: bool, missing: Sequence[str]) -> str:
    if is_required and state is not ReviewState.HELD:
        return "Hold the meeting first: this review is required."
    return f"Write first: {', '.join(missing)}." if missing else ""


def _closing_refusal(published_at: datetime | None, open_actions: int, now: datetime) -> str:
    if published_at is None:
        return "Publish it first."
    due = published_at + REVIEW_AFTER
    if now < due and open_actions:
        return f"On {due:%Y-%m-%d}, 30 days after publishing, or when every action has ended."
    return ""


def due_next(
    state: ReviewState,
    *,
    is_required: bool,
    resolved_at: datetime | None,
    scheduled_at: datetime | None,
    held_at: datetime | None,
    published_at: datetime | None,
) -> tuple[str, datetime] | None:
    """What is next for a review and until when (guide, phase 8; domain §10); None where nothing is due.

    The After Action at its time, or within 72 h of a close that requires one; the text 48 h after it; what
    became of the actions 30 days after publishing.
    """
    if resolved_at is None or state is ReviewState.REVIEWED:
        return None
    if published_at:
        return "Look again", published_at + REVIEW_AFTER
    if held_at:
        return "Publish", held_at + PUBLISH_WITHIN
    if scheduled_at:
        return "After Action", scheduled_at + LASTS
    return ("After Action", resolved_at + WITHIN) if is_required else None


def missing_texts(texts: dict[str, str]) -> list[str]:
    """The labels of the required texts that nobody wrote. `texts`: by the field's name."""
    return [
        field.label for field in REVIEW_FIELDS.values() if field.is_required and not texts.get(field.name)
    ]


def points(text: str) -> list[str]:
    """The lines of a text as the points of a list, without bullets of their own."""
    bare = (re.sub(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", "", line).strip() for line in text.splitlines())
    return [line for line in bare if line]


def names_in(text: str, people: Iterable[str]) -> list[str]:
    """Those of `people` whom a text names, in their order.

    By the whole name; of what is a name of a person, and no name of a team, also by a part of it.
    """
    found = []
    for name in dict.fromkeys(people):
        parts = [name]
        if _PERSON.fullmatch(name) and all(part[0].isupper() for part in name.split()):
            parts += [part for part in name.split() if len(part) >= NAME_LEAST]
        if any(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE) for part in parts):
            found.append(name)
    return found


def names_question(named: Sequence[str]) -> str:
    """What is asked once of who names people where systems are meant."""
    return f"This names {', '.join(named)}. Say what the system allowed."


@dataclass(frozen=True)
class Attended:
    """Who was there, and the line that they left, empty for none."""

    name: str
    line: str


def attendance(text: str) -> list[Attended]:
    """Who attended: one person a line, after a colon at most one line of theirs.

    Raises ValueError with a sentence.
    """
    rows = [line.strip() for line in text.splitlines() if line.strip()]
    if not rows:
        raise ValueError("Name who attended, one person a line.")
    if len(rows) > ATTENDEES_MOST:
        raise ValueError(f"At most {ATTENDEES_MOST} people; this names {len(rows)}.")
    people: dict[str, Attended] = {}
    for row in rows:
        name, _, line = (part.strip() for part in row.partition(":"))
        if not name or len(name) > 120:
            raise ValueError(f"Begin each line with a name: {row[:60]}")
        if len(line) > LINE_LONGEST:
            raise ValueError(f"{name}: at most {LINE_LONGEST} characters; this has {len(line)}.")
        if name.lower() in people:
            raise ValueError(f"{name} stands there twice: one line each.")
        people[name.lower()] = Attended(name, line)
    return list(people.values())
