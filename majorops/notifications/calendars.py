"""Calendars of who is on call, read from their addresses (iCal, RFC 5545)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from majorops import clock
from majorops.domain.access import SYSTEM
from majorops.domain.paging import DEPUTY, PERSON_LONGEST, SHIFTS_MOST, Shift
from majorops.domain.recurring import Every, starts
from majorops.domain.text import clean_line
from majorops.notifications.message import NotSent
from majorops.notifications.webhook import ask
from majorops.operations.rotas import calendars_due, keep_calendar

log = logging.getLogger(__name__)

LONGEST = 1024 * 1024  # bytes
EVENTS_MOST = 5_000
BEHIND, AHEAD = timedelta(days=40), timedelta(days=60)  # shifts that are kept
LONGEST_SHIFT = timedelta(days=366)
DAY = timedelta(days=1)


def read_calendars(now: datetime, settings: Mapping[str, Any]) -> None:
    """Read the calendars that are due again. One query where none is."""
    for number, address in calendars_due(now):
        shifts, problem = [], ""
        try:
            shifts = shifts_of(_body(address, settings), now)
        except (NotSent, ValueError) as error:
            problem = str(error)
        except Exception as error:  # whatever a stranger's file does must not stop the next calendar
            log.exception("the calendar of rota %s", number)
            problem = f"It cannot be read: {type(error).__name__}."
        keep_calendar(number, address, shifts, problem, actor=SYSTEM, now=clock.now())


def _body(address: str, settings: Mapping[str, Any]) -> bytes:
    status, _, body = ask(address, b"", {}, settings, method="GET", most=LONGEST + 1)
    if 300 <= status < 400:
        raise NotSent(f"It answered {status}: it redirects, and redirects are not followed.")
    if status != 200:
        raise NotSent(f"It answered {status}.")
    if len(body) > LONGEST:
        raise NotSent("It is longer than 1 MB.")
    return body


def shifts_of(body: bytes, now: datetime) -> list[Shift]:
    """The shifts of a calendar, from the last weeks to sixty days ahead, SHIFTS_MOST at most.

    Of an event the first attendee's e-mail is the person, else its summary; the word `deputy` or `secondary`
    in the summary makes it the deputy's. A time without a zone, and a day, are of the calendar's own zone
    (`X-WR-TIMEZONE`), else of UTC. Events repeat by the day or the week (domain/recurring.py). What is
    cancelled, or shorter than a minute, is no shift. Raises ValueError for what is no calendar.
    """
    try:
        calendar = Calendar.from_ical(body)
    except (ValueError, IndexError, KeyError) as error:
        raise ValueError(f"It is no calendar: {clean_line(str(error))[:120]}") from None
    zone = _zone(str(calendar.get("X-WR-TIMEZONE", "")))
    found: list[Shift] = []
    for event in islice(calendar.walk("VEVENT"), EVENTS_MOST):
        found += _shifts(event, zone, now)
    near = sorted(found, key=lambda one: abs(one.starts_at - now))[:SHIFTS_MOST]
    return sorted(near, key=lambda one: one.starts_at)


def _shifts(event: Any, zone: tzinfo, now: datetime) -> Iterator[Shift]:
    begins, lasts = _moment(event.get("DTSTART"), zone), _length(event, zone)
    summary = clean_line(str(event.get("SUMMARY", "")))
    person = (_attendee(event.get("ATTENDEE")) or summary)[:PERSON_LONGEST].strip()
    is_off = clean_line(str(event.get("STATUS", ""))).upper() == "CANCELLED"
    if begins is None or is_off or not person or not timedelta(minutes=1) <= lasts <= LONGEST_SHIFT:
        return
    is_deputy = any(word in summary.lower().split() for word in (DEPUTY, "secondary"))
    for at in starts(begins, _rule(event, zone), now - BEHIND - lasts, now + AHEAD):
        starts_at, ends_at = at.astimezone(UTC), _later(at, lasts).astimezone(UTC)
        if ends_at > now - BEHIND and starts_at < ends_at:
            yield Shift(person, starts_at, ends_at, is_deputy)


def _later(at: datetime, lasts: timedelta) -> datetime:
    """The end: whole days by the clock on the wall, as shifts change at nine in winter and in summer."""
    return at + lasts if lasts % DAY == timedelta() else (at.astimezone(UTC) + lasts)


def _rule(event: Any, zone: tzinfo) -> Every | None:
    """How an event repeats; None for once, and for what repeats neither by the day nor by the week."""
    rule = event.get("RRULE")
    rule = rule[0] if isinstance(rule, list) and rule else rule
    if not isinstance(rule, dict):
        return None
    last = _first(rule, "UNTIL")
    until = _as_time(last, zone)
    if until is not None and not isinstance(last, datetime):
        until += DAY  # that day counts
    days = tuple(str(day).upper() for day in rule.get("BYDAY", ()))
    left_out = event.get("EXDATE")
    listed = left_out if isinstance(left_out, list) else [left_out] if left_out else []
    off = [_as_time(one.dt, zone) for part in listed for one in getattr(part, "dts", ())]
    return Every(
        frequency=str(_first(rule, "FREQ") or "").upper(),
        interval=int(_first(rule, "INTERVAL") or 1),
        count=int(_first(rule, "COUNT") or 0),
        until=until,
        days=days,
        without=frozenset(at for at in off if at is not None),
    )


def _first(rule: dict[str, Any], name: str) -> Any:
    found = rule.get(name)
    return found[0] if isinstance(found, list) and found else None


def _length(event: Any, zone: tzinfo) -> timedelta:
    """How long an event lasts; a day that does not say so is one day long. Zero for who knows."""
    begins, ends = _moment(event.get("DTSTART"), zone), _moment(event.get("DTEND"), zone)
    lasts = getattr(event.get("DURATION"), "dt", None)
    if begins is not None and ends is not None:
        by_wall = ends.replace(tzinfo=None) - begins.replace(tzinfo=None)
        return by_wall if by_wall % DAY == timedelta() else ends.astimezone(UTC) - begins.astimezone(UTC)
    if isinstance(lasts, timedelta):
        return lasts
    is_day = not isinstance(getattr(event.get("DTSTART"), "dt", None), datetime)
    return DAY if is_day else timedelta()


def _moment(value: Any, zone: tzinfo) -> datetime | None:
    return _as_time(getattr(value, "dt", None), zone)


def _as_time(at: Any, zone: tzinfo) -> datetime | None:
    """A time with its zone; a day begins at midnight. None for what is none, or out of all reason."""
    if isinstance(at, datetime):
        found = at if at.tzinfo else at.replace(tzinfo=zone)
    elif isinstance(at, date):
        found = datetime.combine(at, time(), zone)
    else:
        return None
    return found if 1970 <= found.year <= 2200 else None


def _zone(name: str) -> tzinfo:
    """The zone of this name; UTC for none that is known."""
    try:
        return ZoneInfo(clean_line(name)) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def _attendee(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return clean_line(str(first or "")).lower().removeprefix("mailto:")
