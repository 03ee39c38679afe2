"""Hours in which a person is not to be woken, in their own time zone; never for Box 3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from majorops.domain.enums import AlarmLevel, Notice

# What is still of use when the quiet hours end. Anything else is not sent at all: a reminder holds for its
# moment, and an offer of command lapses.
OF_USE_LATER = frozenset(
    {
        Notice.ALARM,
        Notice.ROLE,
        Notice.STAND_DOWN,
        Notice.MILESTONE,
        Notice.UPDATE,
        Notice.RESOLVED,
        Notice.REVIEW,
        Notice.ACTION,
    }
)


@cache
def time_zones() -> tuple[str, ...]:
    """Every name of the IANA database, such as `Europe/Berlin`, by alphabet."""
    return tuple(sorted(available_timezones()))


def local(at: datetime, time_zone: str) -> datetime:
    """The same moment as the clocks of this zone say it; in UTC for a zone that is not known any more."""
    try:
        return at.astimezone(ZoneInfo(time_zone))
    except (KeyError, ValueError, OSError):
        return at.astimezone(UTC)


def quiet_until(now: datetime, begins: int | None, ends: int | None, time_zone: str) -> datetime | None:
    """When the quiet hours that hold at `now` end, in UTC; None outside of them.

    `begins`, `ends`: minutes since midnight in the zone; the night may lie between.
    """
    if begins is None or ends is None or begins == ends:
        return None
    here = local(now, time_zone)
    minute = here.hour * 60 + here.minute
    is_inside = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if not is_inside:
        return None
    day = here.date() + timedelta(days=1 if minute >= ends else 0)
    end = datetime(day.year, day.month, day.day, ends // 60, ends % 60, tzinfo=here.tzinfo)
    return end.astimezone(UTC)


def is_woken(level: AlarmLevel) -> bool:
    """Quiet hours do not count for this alarm level."""
    return level >= AlarmLevel.BOX_3


def clock_words(minute: int) -> str:
    """`22:00`, of minutes since midnight."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of(typed: str) -> int | None:
    """Minutes since midnight of `22:00`, `7:30` or `22`. None for nothing typed; raises ValueError."""
    if not typed:
        return None
    hour, _, minute = typed.partition(":")
    if not (hour.isdecimal() and (minute or "0").isdecimal() and len(typed) <= 5):
        raise ValueError(typed)
    found = int(hour) * 60 + int(minute or "0")
    if int(hour) > 23 or int(minute or "0") > 59:
        raise ValueError(typed)
    return found
