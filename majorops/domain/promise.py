"""What a text says about the next update, against what its author promises by the composer's keys.

The promise is a commitment (guide, "Cadence commitment").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_ABOUT = r"\b(?i:next\s+(?:\w+\s+)?update)\b[^.!?\n]{0,30}?\s"
_IN = re.compile(
    _ABOUT + r"(?i:in|within)\s+(?:about\s+|approximately\s+)?(\d{1,3})\s*(min|minutes?|h|hours?)\b",
    re.IGNORECASE,
)
_AT = re.compile(
    _ABOUT + r"(?i:by|at|before)\s+(\d{1,2}):(\d{2})\b(?::\d{2})?(?:\s*(UTC|GMT|Z)\b|(?!\s*[A-Z]{2,5}\b))"
)
NEAR = timedelta(minutes=1)  # a text names whole minutes


@dataclass(frozen=True)
class NamedUpdate:
    """The next update as a text names it: its words, and the time in UTC that they come to."""

    words: str
    at: datetime


def named_update(text: str, now: datetime) -> NamedUpdate | None:
    """The next update that an English text names, in UTC; None where it names none.

    `in 15 minutes` counts from `now`, `by 14:56` is the next such time, or one up to twelve hours ago. Times
    of another zone are not read.
    """
    if found := _IN.search(text):
        number, unit = int(found[1]), found[2].lower()
        if unit.startswith("h"):
            return NamedUpdate(f"{number} h", now + timedelta(hours=number))
        return NamedUpdate(f"{number} minutes", now + timedelta(minutes=number))
    if (found := _AT.search(text)) and int(found[1]) < 24 and int(found[2]) < 60:
        at = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        at += timedelta(days=at < now - timedelta(hours=12))
        return NamedUpdate(f"{found[1]}:{found[2]} UTC", at)
    return None


def promise_question(text: str, eta: datetime | None, now: datetime) -> str:
    """What to ask before `text` goes out with the promise `eta` (None: nothing is promised).

    Empty where both say the same within a minute, or the text nothing.
    """
    named = named_update(text, now)
    if named is None or (eta is not None and abs(eta - named.at) <= NEAR):
        return ""
    if eta is None:
        promise = "nothing is promised"
    elif "UTC" in named.words:
        promise = f"the promise says {eta:%H:%M} UTC"
    else:
        promise = f"the promise says {round((eta - now) / timedelta(minutes=1))}"
    return f"The text says {named.words}, {promise}."
