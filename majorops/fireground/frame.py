"""What the page as a whole follows, beside its regions: its version, its colour, its title, who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.cadence import Cadence
from majorops.domain.enums import Severity
from majorops.fireground import reads
from majorops.fireground.view import View


@dataclass(frozen=True)
class Frame:
    """What the page as a whole follows.

    `person`: the account's number, None for none; `can_edit`: editors are kept for a lost connection.
    """

    number: int
    address: str
    person: int | None
    now: datetime
    version: int
    severity: Severity
    reference: str
    title: str
    cadence: Cadence | None
    can_edit: bool


def frame_of(view: View) -> Frame:
    """The frame of the page, and of every answer that brings regions."""
    incident = view.incident
    return Frame(
        number=incident.id,
        address=view.address,
        person=view.actor.user_id,
        now=view.now,
        version=incident.version,
        severity=incident.severity,
        reference=incident.reference,
        title=incident.title,
        cadence=reads.cadence(view),
        can_edit=view.may_command,
    )
