"""What a person types into a field, read into its value; and a value as the text that an editor starts from.

Each reader raises ValueError with the rest of a sentence, such as `needs a text`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from majorops.domain.enums import AlarmLevel, Labelled, by_value
from majorops.domain.text import clean_line, meeting_link

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
YES_NO = (("yes", "Yes"), ("no", "No"))
Choices: TypeAlias = type[Labelled] | type[AlarmLevel]


def as_text(value: object) -> str:
    """The editable form of a stored value, times in UTC to the second; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(TIME_FORMAT)
    return str(int(value)) if isinstance(value, AlarmLevel) else str(getattr(value, "value", value))


def required(parse: Callable[[str], str]) -> Callable[[str], str]:
    """A reader like `parse` that raises ValueError where nothing is left of what was typed."""

    def check(typed: str) -> str:
        if not (value := parse(typed)):
            raise ValueError("needs a text")
        return value

    return check


def optional_line(typed: str) -> str | None:
    """One line of text; None for none."""
    return clean_line(typed) or None


def utc_time(typed: str) -> datetime | None:
    """A time in UTC; None where nothing was typed. Raises ValueError for any other text.

    `2026-11-23 14:01:22`, `2026-11-23 14:01` or `2026-11-23T14:01`, with or without `UTC` or `Z` at the end.
    """
    text = clean_line(typed).removesuffix("UTC").removesuffix("Z").strip().replace("T", " ")
    if not text:
        return None
    for layout in (TIME_FORMAT, "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(text, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError("use a time in UTC such as 2026-11-23 14:01")


def required_time(typed: str) -> datetime:
    """Like `utc_time`, but raises ValueError where nothing was typed."""
    if (value := utc_time(typed)) is None:
        raise ValueError("needs a time in UTC such as 2026-11-23 14:01")
    return value


def link(typed: str) -> str | None:
    """A web address, `https://` added where it lacks (`meet.google.com/abc`); None where nothing was typed.

    Raises ValueError for what is no address, and beyond 2,000 characters.
    """
    if not clean_line(typed):
        return None
    if (address := meeting_link(typed)) is None or len(address) > 2000:
        raise ValueError("use a web address, such as meet.google.com/abc-defg-hij")
    return address


def customer_count(typed: str) -> tuple[int | None, bool]:
    """The number and whether it is approximate (guide, phase 3); (None, False) where nothing was typed.

    `1240`, `approximately 1,240` or `~1240`. Raises ValueError for other text, and beyond nine digits.
    """
    text = clean_line(typed).lower()
    if not text:
        return None, False
    bare = text.removeprefix("approximately").removeprefix("approx.").removeprefix("~").strip()
    digits = bare.replace(",", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise ValueError('digits only, with "approximately" before them if not certain')
    return int(digits), bare != text


def systems(typed: str) -> list[str]:
    """Comma-separated names, each once, in the order typed; lower case as in the catalogue.

    Raises ValueError for none, for more than 30, and for a name beyond 80 characters.
    """
    names = list(dict.fromkeys(filter(None, (clean_line(part).lower() for part in typed.split(",")))))
    if not names:
        raise ValueError("name at least one; a guess is enough")
    if len(names) > 30:
        raise ValueError(f"at most 30; this has {len(names)}")
    if too_long := next((name for name in names if len(name) > 80), None):
        raise ValueError(f"a name has at most 80 characters; {too_long[:20]}… has {len(too_long)}")
    return names


def addresses(typed: str) -> list[str]:
    """Comma-separated e-mail addresses or names, each once, in the order typed; none for nothing.

    Raises ValueError for more than 50.
    """
    found = list(dict.fromkeys(filter(None, (clean_line(part) for part in typed.split(",")))))
    if len(found) > 50:
        raise ValueError(f"at most 50; this has {len(found)}")
    return found


def choice(members: Choices, none: bool = False) -> Callable[[str], object]:
    """A reader that takes the value of a member; raises ValueError with all labels for any other text.

    `none`: nothing typed is None.
    """

    def check(typed: str) -> object:
        if none and not typed.strip():
            return None
        value = by_value(
            members, int(typed) if issubclass(members, int) and typed.isdigit() else typed.strip()
        )
        if value is None:
            raise ValueError("choose one of " + ", ".join(m.label for m in members))
        return value

    return check


def flag(typed: str) -> bool:
    """`yes` or `no`; raises ValueError for anything else."""
    if typed.strip() not in ("yes", "no"):
        raise ValueError("choose yes or no")
    return typed.strip() == "yes"


def options(members: Choices, empty: str | None = None) -> tuple[tuple[str, str], ...]:
    """(value, label) of each member, as a select lists them; `empty`: label of a first row without value."""
    rows = tuple((str(m.value), m.label) for m in members)
    return (("", empty), *rows) if empty else rows
