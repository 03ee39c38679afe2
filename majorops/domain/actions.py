"""Actions: what an incident leaves to be changed, so that each of them ends (domain §10; `learning.md`).

One named owner, a verb that can be verified, a date, and an end that is done with evidence or dropped with a
reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from majorops.domain.enums import ActionState
from majorops.domain.text import count, listed

TEXT_LONGEST = 300  # characters
OUTCOME_LONGEST = 5_000
FARTHEST = timedelta(days=730)
BEFORE = timedelta(days=7)
WEEK = timedelta(days=7)
SOON = timedelta(days=7)
MORNING = time(8, tzinfo=UTC)  # when a reminder goes
# What nobody can see the end of; the sentence names what can be seen instead.
VAGUE = frozenset(
    listed(
        "investigate consider improve review look discuss think explore monitor ensure evaluate understand "
        "examine check analyse analyze follow revisit remember try aim be keep watch"
    )
)


def vague_verb(text: str) -> str:
    """What is asked once of an action whose verb cannot be verified; empty for one that can be."""
    first = text.split(maxsplit=1)[0].strip(".,:;").lower() if text.split() else ""
    if first not in VAGUE:
        return ""
    wanted = "Say what will be there: Add, Remove, Alert on."
    return f"“{first.capitalize()}” has no end that can be seen. {wanted}"


def due_refusal(due_on: date, today: date) -> str:
    """Why an action is not due then; empty when it can be."""
    if due_on < today:
        return f"The due date lies in the past: {due_on:%Y-%m-%d}. Choose today or later."
    if due_on > today + FARTHEST:
        return f"Within two years: by {today + FARTHEST:%Y-%m-%d}."
    return ""


def next_reminder(due_on: date, now: datetime) -> datetime:
    """When owner and leader are reminded next: 7 days before, on the day, then each week.

    Each at 08:00 UTC; what is past at `now` is left out.
    """
    due = datetime.combine(due_on, MORNING)
    for at in (due - BEFORE, due):
        if at > now:
            return at
    return due + WEEK * ((now - due) // WEEK + 1)


@dataclass(frozen=True)
class Badge:
    """How an action stands, in words and tone: green, amber, red or plain."""

    words: str
    tone: str = ""


def badge(state: ActionState, due_on: date, today: date) -> Badge:
    """`OPEN`, `DUE IN 1 DAY`, `12 DAYS LATE`, `DONE`, `DROPPED`, as the design has it."""
    if state is ActionState.DONE:
        return Badge("Done", "green")
    if state is ActionState.DROPPED:
        return Badge("Dropped")
    left = (due_on - today).days
    if left < 0:
        return Badge(f"{count(-left, 'day')} late", "red")
    if left == 0:
        return Badge("Due today", "amber")
    return Badge(f"Due in {count(left, 'day')}", "amber") if left < SOON.days else Badge("Open")


def left_turns_at(oldest_due: date, today: date) -> datetime:
    """When `left_open` says something else than today: once the oldest is late, at every midnight, UTC."""
    day = max(oldest_due, today) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def left_open(reference: str, actions: int, oldest_due: date, today: date) -> str:
    """`INC-031 left 2 actions open, oldest 12 days late`."""
    late = (today - oldest_due).days
    how = f"oldest {count(late, 'day')} late" if late > 0 else f"first due {oldest_due:%-d %b}"
    return f"{reference} left {count(actions, 'action')} open, {how}"
