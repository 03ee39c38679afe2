"""How times and numbers are written on pages. All times are UTC; the unit is said by the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from markupsafe import Markup

from majorops.domain import measures, text


def iso(value: datetime) -> str:
    """`2026-11-17T14:23:05Z`, for `<time datetime>` and for the clocks of the page's script."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(value: datetime) -> str:
    """As `iso`, to the millisecond, and never early.

    When a screen asks at this time for what turned by time alone, it has turned.
    """
    later = value.astimezone(UTC) + timedelta(microseconds=999)
    return f"{later:%Y-%m-%dT%H:%M:%S}.{later.microsecond // 1000:03d}Z"


def hms(value: datetime) -> str:
    """`14:23:05`, in UTC."""
    return value.astimezone(UTC).strftime("%H:%M:%S")


def hm(value: datetime, now: datetime | None = None) -> str:
    """`14:23`, in UTC; with `now`, another day is named: `17 Nov 14:23`."""
    layout = "%H:%M" if now is None or value.date() == now.date() else "%-d %b %H:%M"
    return value.astimezone(UTC).strftime(layout)


def day(value: datetime) -> str:
    """`17 Nov`, of the day in UTC."""
    return value.astimezone(UTC).strftime("%-d %b")


def stamp(value: datetime) -> str:
    """`2026-11-17 14:23:05`, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def ago(value: datetime, now: datetime) -> str:
    """`17 min ago`; `3 s ago` within the first minute."""
    passed = max(now - value, timedelta())
    return f"{passed.seconds} s ago" if passed < timedelta(minutes=1) else f"{measures.words(passed)} ago"


def initials(name: str) -> str:
    """`MO` for Maya Okafor."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def linked(value: str) -> Markup:
    """Text from anybody as HTML: what is a web address (http, https) leads there, all else is text.

    Nobody vouches for where it leads: search engines do not follow it, and it learns nothing of the page.
    """
    shown = Markup("")
    for part in text.ADDRESS.split(value):
        shown += LINK.format(part) if text.ADDRESS.fullmatch(part) else part
    return shown


LINK = Markup('<a href="{0}" rel="nofollow noopener noreferrer">{0}</a>')


def init_app(app: Flask) -> None:
    """Offer these, and those of domain/measures.py and domain/text.py, to templates."""
    filters = (
        iso,
        instant,
        hms,
        hm,
        day,
        stamp,
        ago,
        initials,
        measures.clock,
        measures.short_clock,
        measures.brief_clock,
        text.brief_number,
        measures.words,
        linked,
    )
    for function in filters:
        app.add_template_filter(function)
    app.add_template_filter(text.reference)
    app.add_template_global(text.count)
