"""The messages between processes, as text of a few hundred bytes. Text from a relay may be anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

EVERYWHERE = "*"  # the topic of every stream
LONGEST = 7_500  # bytes; PostgreSQL carries 8,000


@dataclass(frozen=True)
class Message:
    """`origin` is the process that says it, `topic` the screens it is for."""

    origin: str
    topic: str


@dataclass(frozen=True)
class Stale(Message):
    """The topic has this version now, or something changed that has none: `signals` says what."""

    version: int = 0
    signals: tuple[str, ...] = ()


@dataclass(frozen=True)
class People(Message):
    """Everybody who looks at the topic through the origin: (number, name), each once."""

    people: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Editing(Message):
    """A person began to edit a field; an empty one means stopped."""

    person: int
    field: str


@dataclass(frozen=True)
class Again(Message):
    """Something may have been lost on the way: look again."""


@dataclass(frozen=True)
class SignedOut(Message):
    """A session ended somewhere: each process looks at those of its own streams."""


KINDS: dict[str, type[Message]] = {kind.__name__: kind for kind in (Stale, People, Editing, Again, SignedOut)}


def encode(message: Message) -> str:
    """The message as text for a relay."""
    given = {"kind": type(message).__name__, **asdict(message)}
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False)


def decode(text: str | bytes) -> Message | None:
    """The message of a text from a relay; None for what is not one of ours."""
    try:
        given = json.loads(text)
        kind = KINDS[given.pop("kind")]
        if set(given) != {field.name for field in fields(kind)}:
            return None
        return kind(**{name: CHECKS[name](value) for name, value in given.items()})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError(value)
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError(value)
    return value


def _texts(value: list) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _people(value: list) -> tuple[tuple[int, str], ...]:
    return tuple((_number(number), _text(name)) for number, name in _list(value))


def _list(value: object) -> list:
    if not isinstance(value, list) or len(value) > 500:
        raise ValueError(value)
    return value


CHECKS: dict[str, Callable[[Any], Any]] = {
    "origin": _text,
    "topic": _text,
    "signals": _texts,
    "version": _number,
    "people": _people,
    "person": _number,
    "field": _text,
}
