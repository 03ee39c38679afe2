"""Durations of an incident (domain §3, "Derived, never stored") and how people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

OPENED_LATE = timedelta(minutes=10)


def total_duration(opened_at: datetime, resolved_at: datetime | None, now: datetime) -> timedelta:
    """Since the incident was opened, frozen when resolved; never negative (guide, *Duration* tile)."""
    return passed(opened_at, resolved_at, now)


def impact_duration(began_at: datetime, ended_at: datetime | None, now: datetime) -> timedelta:
    """Between what `impact_started_at` and `impact_ended_at` give; never negative (guide, *Impact* tile)."""
    return passed(began_at, ended_at, now)


def impact_started_at(issue_time: datetime | None, detected_at: datetime) -> datetime:
    """When the alert fired, else when the problem began."""
    return issue_time or detected_at


def impact_ended_at(resolve_time: datetime | None, resolved_at: datetime | None) -> datetime | None:
    """When the alert cleared, else when the incident was resolved; None while it goes on."""
    return resolve_time or resolved_at


def passed(start: datetime, end: datetime | None, now: datetime) -> timedelta:
    """From `start` to `end`, or to now while it goes on; never negative."""
    return max((end or now) - start, timedelta())


def duration_colour(duration: timedelta, thresholds: tuple[int, int]) -> str:
    """`green`, `amber` or `red`; `thresholds`: minutes until amber and until red (domain §3, settings)."""
    amber, red = (timedelta(minutes=m) for m in thresholds)
    return "red" if duration >= red else "amber" if duration >= amber else "green"


def clock(duration: timedelta) -> str:
    """`00:37:57`, of a negative duration as of a positive one; days are hours beyond 24."""
    seconds = int(abs(duration).total_seconds())
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def short_clock(duration: timedelta) -> str:
    """`37:57`, and `01:37:57` from an hour on."""
    full = clock(duration)
    return full[3:] if full.startswith("00:") else full


def brief_clock(duration: timedelta) -> str:
    """`37:57`, `1h 37m` from an hour on, `4d 05h` from a hundred on: for a tile of a phone."""
    minutes = int(abs(duration).total_seconds()) // 60
    hours = minutes // 60
    if hours >= 100:
        return f"{hours // 24}d {hours % 24:02d}h"
    return f"{hours}h {minutes % 60:02d}m" if hours else short_clock(duration)


@dataclass(frozen=True)
class Kept:
    """How the promises of one incident were kept (domain §11, cadence adherence): how many, and on time."""

    promises: int
    on_time: int
    longest_silence: timedelta


def kept(
    opened_at: datetime, said: list[tuple[datetime, datetime | None]], resolved_at: datetime | None
) -> Kept:
    """How the promises were kept; what nobody answered yet is neither kept nor broken (domain §11).

    `said`: when each update or milestone came, oldest first, and the next one that it promised, if any. A
    promise is on time when the next word, or the close, came by then. The longest silence counts from the
    opening to the close, or to the last word while the incident runs.
    """
    times = [opened_at, *(at for at, _ in said), *([resolved_at] if resolved_at else [])]
    answers = [*(at for at, _ in said[1:]), resolved_at]
    # What nobody answered yet is neither kept nor broken.
    promises = [(due, answer) for (_, due), answer in zip(said, answers, strict=False) if due and answer]
    on_time = sum(answer <= due for due, answer in promises)
    gaps = [max(later - sooner, timedelta()) for sooner, later in pairwise(times)]
    return Kept(len(promises), on_time, max(gaps, default=timedelta()))


def late_by(detected_at: datetime | None, opened_at: datetime) -> timedelta | None:
    """How long after the problem began the incident was opened; None within ten minutes, or where unknown.

    Beyond that it is a finding (guide, "Common Mistakes": opening the incident too late).
    """
    late = opened_at - detected_at if detected_at else timedelta()
    return late if late > OPENED_LATE else None


def words(duration: timedelta) -> str:
    """`44 min`, `1 h 05 min`, `6 days 4 h`; whole minutes, rounded down."""
    minutes = int(duration.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} day{'' if days == 1 else 's'} {hours} h"


@dataclass(frozen=True)
class Moment:
    """The moments that measures are taken between; None for what did not happen."""

    detected_at: datetime
    opened_at: datetime
    issue_time: datetime | None = None
    gathered_at: datetime | None = None  # phase 2 entered, or skipped
    milestone_at: datetime | None = None  # first milestone
    validated_at: datetime | None = None  # phase 7 entered
    resolved_at: datetime | None = None


def measures(of: Moment) -> dict[str, timedelta]:
    """Each measure of domain §11 that the record has both ends of, by name, never negative."""
    ends = {
        "Time to detect": (of.issue_time, of.opened_at),
        "Time to acknowledge": (of.issue_time, of.gathered_at),
        "Time to first milestone": (of.opened_at, of.milestone_at),
        "Time to mitigate": (of.opened_at, of.validated_at),
        "Time to resolve": (of.detected_at, of.resolved_at),
    }
    return {name: max(end - start, timedelta()) for name, (start, end) in ends.items() if start and end}
