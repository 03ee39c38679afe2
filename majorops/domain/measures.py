"""Durations of an incident (domain §3, "Derived, never stored") and how people read them."""

from __future__ import annotations

from datetime import datetime, timedelta


def total_duration(detected_at: datetime, resolved_at: datetime | None, now: datetime) -> timedelta:
    """Since the problem began, frozen when resolved; never negative."""
    return max((resolved_at or now) - detected_at, timedelta())


def impact_started_at(issue_time: datetime | None, detected_at: datetime) -> datetime:
    return issue_time or detected_at


def impact_ended_at(resolve_time: datetime | None, resolved_at: datetime | None) -> datetime | None:
    return resolve_time or resolved_at


def duration_colour(duration: timedelta, thresholds: tuple[int, int]) -> str:
    """`green`, `amber` or `red`; `thresholds`: minutes until amber and until red (domain §3, settings)."""
    amber, red = (timedelta(minutes=m) for m in thresholds)
    return "red" if duration >= red else "amber" if duration >= amber else "green"


def clock(duration: timedelta) -> str:
    """`00:37:57`; days are hours beyond 24."""
    seconds = int(abs(duration).total_seconds())
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def short_clock(duration: timedelta) -> str:
    """`37:57`, and `01:37:57` from an hour on."""
    full = clock(duration)
    return full[3:] if full.startswith("00:") else full


def words(duration: timedelta) -> str:
    """`44 min`, `1 h 05 min`, `6 days 4 h`."""
    minutes = int(duration.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} day{'' if days == 1 else 's'} {hours} h"
