"""Whether the public knows of an incident, when it will, and who reads its briefs: the rules in Python.

`projections/rules.py` asks the same of SQL. An incident that waits is not public: it becomes so by an act of
its own (`operations/first_word.py`), so that nothing has to compare times to keep it hidden.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

NOTHING_NAMED = "our services"  # where no system of the incident is one that the public knows
TITLE_LENGTH = 200
SYSTEMS_NAMED = 3  # in a title that is made by itself
# Shown where a row has no public title: the version before this one wrote it.
UNTITLED = f"Problems with {NOTHING_NAMED}"


class PublicState(StrEnum):
    """What the public knows of an incident, and what it waits for."""

    PUBLIC = "public"
    WAITING = "waiting"  # public when its time has come, unless somebody takes it back
    REVIEW = "review"  # public when somebody has read what would be said
    PRIVATE = "private"  # until somebody publishes it


def is_public_incident(is_public: bool, is_drill: bool, is_merged: bool) -> bool:
    """A drill or a private incident does not exist for the public (domain §3).

    Nor does a duplicate: the one that it was merged into does.
    """
    return is_public and not is_drill and not is_merged


def public_state(is_public: bool, public_from: datetime | None, awaits_review: bool) -> PublicState:
    """The state of an incident that is no drill, from its three columns."""
    if is_public:
        return PublicState.PUBLIC
    if public_from is not None:
        return PublicState.WAITING
    return PublicState.REVIEW if awaits_review else PublicState.PRIVATE


def may_read_brief(state: PublicState, *, reads_incident: bool, is_listed: bool) -> bool:
    """Who has the role for a brief reads that of a private incident only where the MIM added them.

    `reads_incident`: they read its fireground anyhow; `is_listed`: they were added.
    """
    return state is not PublicState.PRIVATE or reads_incident or is_listed


def first_title(template: str, title: str, systems: Sequence[str], own: str = "") -> str:
    """The public title that an incident begins with.

    `template`: the setting, with `{systems}` or `{title}`; `title`: the internal one; `systems`: those that
    the public knows by name; `own`: the template of the first of them that has one, already filled in.
    """
    text = own or template.replace("{systems}", _listed(systems)).replace("{title}", title)
    return text[:TITLE_LENGTH]


def template_problem(template: str, names: Sequence[str]) -> str:
    """Why this is no template with the gaps `names`; empty when it is."""
    others = [gap for gap in re.findall(r"\{[^{}]*\}|[{}]", template) if gap.strip("{}") not in names]
    if others:
        gaps = " or ".join(f"{{{name}}}" for name in names)
        return f"In braces there may be {gaps}, not {others[0]}."
    return ""


def _listed(systems: Sequence[str]) -> str:
    named = list(systems[:SYSTEMS_NAMED])
    if len(systems) > SYSTEMS_NAMED:
        named[-1] = "other systems"
    if not named:
        return NOTHING_NAMED
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
