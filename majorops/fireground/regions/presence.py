"""Who else looks at this incident, and which field each of them edits."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.fireground.view import View
from majorops.operations.fields import FIELDS, field_id

FACES = 4  # people drawn; the others are a number


@dataclass(frozen=True)
class Face:
    """`on`: the id of the field that this person edits, `editing`: its label; empty for none."""

    name: str
    is_me: bool
    on: str
    editing: str


@dataclass(frozen=True)
class Presence:
    """Empty where nobody else is here. `others`: names of those who are not drawn."""

    faces: tuple[Face, ...]
    others: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many people are here, this one among them; 0 where nobody else is."""
        return len(self.faces) + len(self.others)


def build(view: View) -> Presence:
    """Who looks, by name, as the streams know it; costs no query."""
    if len(view.present) < 2:
        return Presence((), ())
    faces = []
    for person in view.present[:FACES]:
        field = FIELDS.get(person.field)
        on, editing = (field_id(field.name), field.label) if field else ("", "")
        faces.append(Face(person.name, person.number == view.actor.user_id, on, editing))
    return Presence(tuple(faces), tuple(person.name for person in view.present[FACES:]))
