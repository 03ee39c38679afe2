"""Texts for updates that were cleared in advance: which answer an incident, and what fills their gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from majorops.domain.enums import Phase
from majorops.domain.promise import named_update
from majorops.domain.visibility import template_problem

GAPS = ("systems", "next_update")
_GAP = re.compile(r"\{(systems|next_update)\}")


class Template(Protocol):
    """What the rules read of a template."""

    name: str
    system: str
    phase: Phase | None


Kind = TypeVar("Kind", bound=Template)


def fitting(templates: Iterable[Kind], systems: Sequence[str], phase: Phase) -> list[Kind]:
    """Those for this phase or any, and for one of these systems or any; the most specific first."""
    found = [
        one for one in templates if one.phase in (None, phase) and (not one.system or one.system in systems)
    ]
    return sorted(found, key=lambda one: (not one.system, one.phase is None, one.name))


def filled(body: str, systems: Sequence[str], eta: datetime | None) -> str:
    """The text with its gaps filled; `{next_update}` stays where nothing is promised (`eta` None)."""
    text = body.replace("{systems}", ", ".join(systems))
    return text if eta is None else text.replace("{next_update}", f"{eta:%H:%M} UTC")


def put_in(text: str, known: Iterable[str], template: str) -> str:
    """What is written once the template is put in: nothing that somebody typed is lost.

    An empty text, and one that is another template's (`known`), is replaced; else it stands below.
    """
    if not text.strip() or text.strip() in {one.strip() for one in known}:
        return template
    return text if template in text else f"{text.rstrip()}\n\n{template}"


def gap_problem(text: str) -> str:
    """Why a text cannot go out as it is: a gap of a template stands in it; empty when none does."""
    found = _GAP.search(text)
    return f"Fill in {found[0]} first: it came with the template." if found else ""


def body_problem(body: str, now: datetime) -> str:
    """Why this cannot be a template: an unknown gap, or a time of the clock that will be wrong next time."""
    if problem := template_problem(body, GAPS):
        return problem
    named = named_update(body, now)
    if named and "UTC" in named.words:
        return f"It names {named.words}, which will be past. Write {{next_update}} in its place."
    return ""
