"""Operations on the exec summary: what it was written from, and that it still holds (domain §7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from majorops.domain.access import Actor, Permission
from majorops.domain.briefs import Basis, customer_words, moved_on
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import EventKind
from majorops.models import Incident
from majorops.operations import operation, record

CHANGED = "The exec summary was changed meanwhile. Read it, then confirm it."


def basis_now(incident: Incident, now: datetime) -> Basis:
    """What a summary that is written now is written from."""
    return Basis(
        version=incident.version,
        at=now,
        phase=incident.phase,
        status=incident.status,
        severity=incident.severity,
        customers=customer_words(incident.customer_count, incident.customer_count_is_approximate),
    )


def summary_moved(incident: Incident, now: datetime) -> tuple[str, ...]:
    """What moved on since the exec summary was written or confirmed, each in a few words.

    Empty for none, and while it is current.
    """
    basis = Basis.of(incident.exec_summary_from)
    return moved_on(basis, basis_now(incident, now)) if basis and incident.exec_summary else ()


def stamp(incident: Incident, basis: Basis) -> None:
    """Keep what the summary was written from or confirmed at. Part of an operation, which records it."""
    incident.exec_summary_from = basis.stored


@operation(needs=Permission.INCIDENT_COMMAND)
def confirm_summary(incident: Incident, *, actor: Actor, now: datetime, was: str | None = None) -> None:
    """Say that the exec summary still holds as it stands, after the close too.

    `was`: the text that the person read. Raises Conflict where it was changed meanwhile, Invalid
    where there is none.
    """
    if not incident.exec_summary:
        raise Invalid({"summary": "There is no exec summary to confirm."})
    if was is not None and was.split() != incident.exec_summary.split():
        raise Conflict(CHANGED)
    title = (
        f"Exec summary confirmed: it still holds, {incident.status.label.lower()}, "
        f"phase {incident.phase.title}"
    )
    record(
        incident,
        EventKind.SUMMARY_CONFIRMED,
        title,
        field="exec_summary",
        actor=actor,
        now=now,
    )
    here = basis_now(incident, now)
    before = Basis.of(incident.exec_summary_from)
    stamp(incident, before.confirmed(here) if before else replace(here, is_confirmed=True))


@operation(needs=Permission.INCIDENT_COMMAND)
def clear_summary(incident: Incident, *, actor: Actor, now: datetime, was: str | None = None) -> None:
    """Take the exec summary away, after the close too; the entry keeps its text.

    Raises as `confirm_summary`.
    """
    if not incident.exec_summary:
        raise Invalid({"summary": "There is no exec summary to clear."})
    if was is not None and was.split() != incident.exec_summary.split():
        raise Conflict(CHANGED)
    old = incident.exec_summary
    incident.exec_summary, incident.exec_summary_from = "", None
    record(
        incident,
        EventKind.FIELD_CHANGED,
        "Exec summary cleared",
        detail=old,
        field="exec_summary",
        actor=actor,
        now=now,
    )
