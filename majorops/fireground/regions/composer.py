"""The composer: an update, a milestone or the resolution, as it is being written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.after_action import OFFERED
from majorops.domain.enums import Helper, Phase
from majorops.fireground import reads
from majorops.fireground.offered import Offered, offered
from majorops.fireground.view import Form, View


@dataclass(frozen=True)
class Offer:
    """A template that fits the systems and the phase; `is_in`: it was put into the text last."""

    id: int
    name: str
    cleared_by: str
    cleared_on: str
    is_in: bool


@dataclass(frozen=True)
class Writing:
    """What the form says.

    `next_update`: minutes ahead, or `set`. `after_actions`: the times that one press offers, value and label,
    `after_action`: the one that is chosen. The rest are examples of what may be typed.
    """

    kind: str
    offers_resolution: bool
    visibility: str
    is_quiet: bool
    templates: tuple[Offer, ...]
    body: str
    draft: Offered | None
    next_update: str
    next_update_example: datetime
    after_actions: tuple[tuple[str, str], ...]
    after_action: str
    after_action_example: datetime


@dataclass(frozen=True)
class Composer:
    """The composer; `writing` is None for who may not command, and once the incident is resolved.

    `is_compact`: it takes less room, from phase 7 on.
    """

    address: str
    form: Form
    is_compact: bool
    writing: Writing | None


def build(view: View) -> Composer:
    """The form with what was typed, else with a draft that lies there, else as the phase asks for it."""
    is_compact = view.incident.phase >= Phase.VALIDATION
    return Composer(view.address, view.form, is_compact, _writing(view) if view.can_command else None)


def _writing(view: View) -> Writing:
    def typed(name: str, default: str = "") -> str:
        return view.form.typed("composer", name, default)

    kind = typed("kind", _usual(view))
    draft = offered(view, Helper.UPDATE, "composer", "body")
    usual = "public" if view.incident.is_meant_public else "internal"
    return Writing(
        kind=kind,
        offers_resolution=reads.shows_resolution(view) or kind == "resolution",
        visibility=typed("visibility", (draft and draft.audience) or usual),
        is_quiet=bool(typed("quiet")),
        templates=tuple(
            Offer(
                one.id, one.name, one.cleared_by, one.cleared_on.isoformat(), str(one.id) == typed("template")
            )
            for one in reads.templates(view)
        ),
        body=draft.text if draft else typed("body"),
        draft=draft,
        next_update=typed("next_update", "20"),
        next_update_example=view.later(20),
        after_actions=tuple(OFFERED.items()),
        after_action=typed("after_action"),
        after_action_example=view.later(24 * 60),
    )


def _usual(view: View) -> str:
    """The kind that the phase asks for."""
    if view.incident.phase is Phase.INITIAL:
        return "milestone"
    is_last = view.incident.phase is Phase.RESOLUTION
    return "resolution" if is_last and not reads.situation(view).has_resolution_milestone else "update"
