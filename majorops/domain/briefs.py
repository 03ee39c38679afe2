"""Briefs: what leadership is asked for, how links and questions are limited (domain §7; guide, "Executive brief")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain.text import clean_line

LINK_HOURS = 24
LONGEST_LINK = 30 * 24
USE_COUNTS_EVERY = timedelta(minutes=1)
QUESTION_LENGTH = 300
QUESTIONS_AT_ONCE = 5
QUESTION_MINUTES = 15
TRACKS_SHOWN = 5


@dataclass(frozen=True)
class Need:
    """One thing that is needed from leadership, from whom, and by when; `due_at` None: now."""

    what: str
    whom: str
    due_at: datetime | None = None


def needed_from_leadership(
    asks: Iterable[Need], leader: str, escalated: Iterable[tuple[str, str, str]]
) -> tuple[Need, ...]:
    """Open asks to the Leader (by role or by name), then what escalated tracks wait for.

    `escalated`: goal, who it was escalated to, and the open need of its team, if any.
    """
    names = {"leader", clean_line(leader).casefold()} - {""}
    found = [one for one in asks if clean_line(one.whom).casefold() in names]
    found += [Need(need or f"Escalated: {goal}", to) for goal, to, need in escalated]
    return tuple(found)


def counts_as_use(last_used_at: datetime | None, now: datetime) -> bool:
    """A link's use counts once a minute at most: reloading is no second use."""
    return last_used_at is None or now - last_used_at >= USE_COUNTS_EVERY


def link_problems(name: str, hours: int | None) -> dict[str, str]:
    """What is wrong with a new link, one sentence a field; empty when nothing is."""
    problems = {}
    if not name:
        problems["name"] = "Say whom the link is for, such as Board or Legal, A. Novak."
    elif len(name) > 80:
        problems["name"] = "At most 80 characters."
    if hours is None or not 1 <= hours <= LONGEST_LINK:
        problems["hours"] = f"Between 1 and {LONGEST_LINK} hours (30 days)."
    return problems


def question_problem(text: str) -> str:
    """Why the text is no question, as a sentence; empty when it is one."""
    if not text:
        return "Write the question."
    return f"At most {QUESTION_LENGTH} characters." if len(text) > QUESTION_LENGTH else ""


def questions_refusal(open_questions: int) -> str:
    """Why no further question is taken; empty while there is room."""
    if open_questions < QUESTIONS_AT_ONCE:
        return ""
    return f"{open_questions} questions are open already. Ask again when one is answered."
