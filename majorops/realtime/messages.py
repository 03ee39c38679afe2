"""The messages between processes, as text of a few hundred bytes. What a relay brings may be any text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

EVERYWHERE = "*"  # the topic of every stream
LONGEST = 7_500  # bytes; PostgreSQL carries 8,000

Text = Annotated[str, Field(max_length=200)]
Texts = Annotated[tuple[Text, ...], Field(max_length=500)]
Number = Annotated[int, Field(ge=0, lt=2**53)]


@dataclass(frozen=True)
class Message:
    """What one process tells the others: `origin` says it, for the screens of `topic`."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True)

    origin: Text
    topic: Text


@dataclass(frozen=True)
class Stale(Message):
    """The topic has this version now, or something changed that has none: `signals` says what."""

    version: Number = 0
    signals: Texts = ()
    kind: Literal["Stale"] = "Stale"


@dataclass(frozen=True)
class People(Message):
    """Everybody who looks at the topic through the origin: (number, name), each once."""

    people: Annotated[tuple[tuple[Number, Text], ...], Field(max_length=500)]
    kind: Literal["People"] = "People"


@dataclass(frozen=True)
class Editing(Message):
    """A person began to edit a field; an empty one means stopped."""

    person: Number
    field: Text
    kind: Literal["Editing"] = "Editing"


@dataclass(frozen=True)
class Again(Message):
    """Something may have been lost on the way: look again."""

    kind: Literal["Again"] = "Again"


@dataclass(frozen=True)
class SignedOut(Message):
    """A session ended somewhere: each process looks at those of its own streams."""

    kind: Literal["SignedOut"] = "SignedOut"


MESSAGES: TypeAdapter[Stale | People | Editing | Again | SignedOut] = TypeAdapter(
    Annotated[Stale | People | Editing | Again | SignedOut, Field(discriminator="kind")]
)


def encode(message: Message) -> str:
    """The message as text for a relay."""
    return json.dumps(asdict(message), separators=(",", ":"), ensure_ascii=False)


def decode(text: str | bytes) -> Message | None:
    """The message of a text from a relay; None for what is not one of ours."""
    try:
        return MESSAGES.validate_json(text)
    except ValidationError:
        return None
