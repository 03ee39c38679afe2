"""The run card on the fireground.

Its steps with who did them, its sections, and what else answers the incident.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.access import Permission
from majorops.domain.enums import AlarmLevel, CardTier
from majorops.domain.runcards import STEPS, Section, default_box, is_stale, sections
from majorops.fireground import reads
from majorops.fireground.view import Form, View


@dataclass(frozen=True)
class Step:
    """`at` is None, and `by` empty, while nobody did it."""

    text: str
    by: str
    at: datetime | None


@dataclass(frozen=True)
class Card:
    """The card that was put here last.

    `use`: the id of its being put here, `suggests`: its Box where the incident is at another, `stale_days`:
    since somebody looked at it, once that is too long, else 0.
    """

    use: int
    title: str
    steps: tuple[Step, ...]
    done: int
    sections: tuple[Section, ...]
    suggests: AlarmLevel | None
    stale_days: int
    is_review_wanted: bool


@dataclass(frozen=True)
class Other:
    """Another run card that answers the incident; `tier` as in domain §9."""

    id: int
    tier: CardTier
    name: str


@dataclass(frozen=True)
class Runcard:
    """`others`: what else answers the incident, most specific first."""

    address: str
    form: Form
    card: Card | None
    others: tuple[Other, ...]
    level: AlarmLevel
    can_tick: bool
    can_choose: bool
    can_add: bool


def build(view: View) -> Runcard | None:
    """None where no card answers and the Box asks for none."""
    card = _card(view)
    # Whoever only reads a card that lies here is shown no others: they cost no query.
    others = reads.other_cards(view) if view.can_command or not card else []
    if not card and not others and view.incident.alarm_level is not AlarmLevel.BOX_3:
        return None
    return Runcard(
        address=view.address,
        form=view.form,
        card=card,
        others=tuple(Other(other.id, other.tier, other.name) for other in others),
        level=view.incident.alarm_level,
        can_tick=view.may_note,
        can_choose=view.can_command and bool(others),
        can_add=view.actor.can(Permission.DATA_MANAGE),
    )


def _card(view: View) -> Card | None:
    lies = reads.card(view)
    if lies is None:
        return None
    version, about = lies.use.version, lies.use.version.card
    steps = []
    for number, text in enumerate(lies.steps):
        tick = lies.ticks.get(number)
        steps.append(Step(text, tick.by if tick else "", tick.at if tick else None))
    box, level = default_box(version.body), view.incident.alarm_level
    return Card(
        use=lies.use.id,
        title=str(version),
        steps=tuple(steps),
        done=sum(step.at is not None for step in steps),
        sections=tuple(section for section in sections(version.body) if section.heading != STEPS),
        suggests=None if box is level else box,
        stale_days=(view.now - about.reviewed_at).days if is_stale(about.reviewed_at, view.now) else 0,
        is_review_wanted=about.review_wanted_at is not None,
    )
