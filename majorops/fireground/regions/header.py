"""The head of the page: severity and Box, title, description, the bridge, where else it is read."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.domain.enums import Severity
from majorops.fireground.fields import FieldAtRest, at_rest, edits_bridge_above
from majorops.fireground.view import View


@dataclass(frozen=True)
class Header:
    """The head of the page; `bridge`: its field, where it is edited here, else None.

    `offers_brief`: the key of the AI exec brief stands here (guide, "AI Exec Brief").
    """

    number: int
    address: str
    severity: Severity
    block: FieldAtRest
    title: FieldAtRest
    public_title: FieldAtRest
    description: FieldAtRest
    bridge_url: str | None
    bridge: FieldAtRest | None
    offers_brief: bool
    is_shown: bool


def build(view: View) -> Header:
    """The head as this person sees it; each field says whether they may edit it."""
    incident = view.incident
    return Header(
        number=incident.id,
        address=view.address,
        severity=incident.severity,
        block=at_rest(view, "severity"),
        title=at_rest(view, "title"),
        public_title=at_rest(view, "public_title"),
        description=at_rest(view, "description"),
        bridge_url=incident.bridge_url,
        bridge=at_rest(view, "bridge_url") if edits_bridge_above(view) else None,
        offers_brief=view.may_command,
        is_shown=incident.is_shown,
    )
