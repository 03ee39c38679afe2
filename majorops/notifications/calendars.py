"""Calendars of who is on call, read from their addresses (iCal, RFC 5545)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from icalendar import Calendar

from majorops import clock
from majorops.domain.access import SYSTEM
from majorops.domain.paging import DEPUTY, PERSON_LONGEST, SHIFTS_MOST, Shift
from majorops.domain.text import clean_line
from majorops.notifications.message import NotSent
from majorops.notifications.webhook import ask
from majorops.operations.rotas import calendars_due, keep_calendar

LONGEST = 1024 * 1024  # bytes
BEHIND, AHEAD = timedelta(days=2), timedelta(days=60)  # shifts that are kept


def read_calendars(now: datetime, settings: Mapping[str, Any]) -> None:
    """Read the calendars that are due again. One query where none is."""
    for number, address in calendars_due(now):
        shifts, problem = [], ""
        try:
            status, _, body = ask(address, b"", {}, settings, method="GET", most=LONGEST)
            if status != 200:
                raise NotSent(f"It answered {status}.")
            shifts = shifts_of(body, now)
        except (NotSent, ValueError) as error:
            problem = str(error)
        keep_calendar(number, shifts, problem, actor=SYSTEM, now=clock.now())


def shifts_of(body: bytes, now: datetime) -> list[Shift]:
    """The shifts of a calendar from two days ago to sixty days ahead, SHIFTS_MOST at most.

    Of an event the first attendee's e-mail is the person, else its summary; the word `deputy` or `secondary`
    in the summary makes it the deputy's. Events that repeat count once: services that export rotas write
    each shift out. Raises ValueError for what is no calendar.
    """
    try:
        calendar = Calendar.from_ical(body)
    except (ValueError, IndexError) as error:
        raise ValueError(f"It is no calendar: {str(error)[:120]}") from None
    found = []
    for event in calendar.walk("VEVENT"):
        starts_at, ends_at = _moment(event.get("DTSTART")), _moment(event.get("DTEND"))
        if starts_at is None or ends_at is None or not now - BEHIND < ends_at or starts_at > now + AHEAD:
            continue
        summary = clean_line(str(event.get("SUMMARY", "")))
        person = _attendee(event.get("ATTENDEE")) or summary
        if person and starts_at < ends_at:
            is_deputy = any(word in summary.lower().split() for word in (DEPUTY, "secondary"))
            found.append(Shift(person[:PERSON_LONGEST], starts_at, ends_at, is_deputy))
    return sorted(found, key=lambda one: one.starts_at)[:SHIFTS_MOST]


def _moment(value: Any) -> datetime | None:
    """A time in UTC; a day begins at midnight there."""
    at = getattr(value, "dt", None)
    if isinstance(at, datetime):
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return datetime.combine(at, time(), UTC) if isinstance(at, date) else None


def _attendee(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return clean_line(str(first or "")).lower().removeprefix("mailto:")
