"""Operations that put the record of an incident in order: drill or not, and merged with its duplicate."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.after_close import merge_refusal, merge_warning
from majorops.domain.announcing import UNLISTED
from majorops.domain.enums import DeliveryState, IncidentStatus
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import EventKind
from majorops.domain.text import reference
from majorops.models import Delivery, Incident, SubscriberIncident
from majorops.operations import operation, record
from majorops.operations.announcements import announce
from majorops.operations.first_word import keep_inside
from majorops.operations.outbox import IS_DRILL

NUMBER = re.compile(r"(?:INC-?)?0*(\d{1,10})", re.IGNORECASE)


@operation(needs=Permission.INCIDENT_COMMAND)
def set_drill(incident: Incident, is_drill: bool, *, actor: Actor, now: datetime) -> None:
    """Mark an incident as a drill, which takes it off every public surface and out of every measure, or not.

    Messages that wait are not sent. What is no drill any more stays off the public page until somebody puts
    it there.
    """
    if is_drill is incident.is_drill:
        return
    incident.is_drill = is_drill
    keep_inside(incident)
    if is_drill:
        waiting = update(Delivery).where(
            Delivery.incident_id == incident.id, Delivery.state == DeliveryState.PENDING
        )
        db.session.execute(waiting.values(state=DeliveryState.QUIET, last_error=IS_DRILL))
        title = "Marked as drill"
    else:
        title = "No drill. Not on the public page until somebody puts it there"
    record(incident, EventKind.DRILL_CHANGED, title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def merge_incident(
    incident: Incident, kept: Incident, *, actor: Actor, now: datetime, is_sure: bool = False
) -> None:
    """Merge an incident, a duplicate, into the one that is kept.

    A running duplicate is closed by that: without a gate, an alarm or a word of resolution. Its entries stay
    its own and are shown at the other one; its address leads there, and who follows it follows the other.

    Where the public does not see the kept one, a public duplicate leaves the page: that needs `is_sure`, and
    who was told of a running one is told that, without a word on the other. Raises Conflict, Invalid (sure).
    """
    if refusal := why_not_merge(incident, kept):
        raise Conflict(refusal)
    was_shown, was_running = incident.is_shown, not incident.is_resolved
    warning = merge_warning(incident.reference, kept.reference, was_shown, was_running, kept.is_shown)
    if warning and not is_sure:
        raise Invalid({"sure": warning})
    if not incident.is_public:
        keep_inside(incident)  # its first word waits no more: the other one speaks
    incident.merged_into, incident.merged_at = kept, now
    incident.status_before_merge = incident.status.value
    if was_running:
        incident.status, incident.resolved_at = IncidentStatus.RESOLVED, now
    ends = ", and closed as a duplicate" if was_running else ""
    title = f"Merged into {kept.reference}{ends}"
    record(incident, EventKind.INCIDENT_MERGED, title, actor=actor, now=now)
    title = f"{incident.reference} merged into this incident{ends}"
    record(kept, EventKind.INCIDENT_MERGED, title, actor=actor, now=now)
    if was_shown and was_running and kept.is_shown:
        announce(f"merged:{incident.id}", now, incident_id=kept.id)
        _lead_followers_on(incident, kept)
    elif was_shown and was_running:  # who follows it goes on doing so: an undo brings it back
        announce(f"{UNLISTED}:{incident.id}", now, incident_id=incident.id)


def _lead_followers_on(incident: Incident, kept: Incident) -> None:
    """Who follows the duplicate follows the one that is kept: nothing more is said of the other."""
    follow = SubscriberIncident
    known = select(follow.subscriber_id).where(follow.incident_id == kept.id)
    moved = update(follow).where(follow.incident_id == incident.id, follow.subscriber_id.not_in(known))
    db.session.execute(moved.values(incident_id=kept.id).execution_options(synchronize_session=False))


def named_incident(typed: str) -> Incident:
    """The incident that somebody named: `INC-042` or `42`. Raises Invalid at `kept` where there is none."""
    found = NUMBER.fullmatch(typed)
    if found is None:
        raise Invalid({"kept": "Name the incident that is kept, such as INC-042."})
    number = int(found[1])
    incident = db.session.get(Incident, number) if number < 2**31 else None
    if incident is None:
        raise Invalid({"kept": f"There is no {reference(number)}."})
    return incident


def why_not_merge(incident: Incident, kept: Incident) -> str:
    """Why an incident is not merged into `kept`; empty when it may be."""
    others = select(Incident.id).where(Incident.merged_into_id == incident.id).limit(1)
    return merge_refusal(
        incident.reference,
        incident.merged_into_id is not None,
        kept.reference,
        kept.merged_into_id is not None,
        db.session.scalar(others) is not None,
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def undo_merge(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Make an incident that was merged one of its own again, as it was: a running one runs again.

    What was not public yet is private: its first word waits no more. Nobody is told. Raises Invalid where it
    was not merged.
    """
    kept = incident.merged_into
    if kept is None:
        raise Invalid({"merge": f"{incident.reference} is not merged into another incident."})
    kept = db.session.get_one(Incident, kept.id, with_for_update=True, populate_existing=True)
    before = IncidentStatus(incident.status_before_merge or IncidentStatus.RESOLVED)
    incident.merged_into, incident.merged_at, incident.status_before_merge = None, None, None
    if before is not IncidentStatus.RESOLVED:
        incident.status, incident.resolved_at, incident.stood_down_at = before, None, None
    runs = f"; it is {before.label.lower()} again" if before is not IncidentStatus.RESOLVED else ""
    title = f"Merge into {kept.reference} undone{runs}"
    record(incident, EventKind.MERGE_UNDONE, title, actor=actor, now=now)
    record(kept, EventKind.MERGE_UNDONE, f"Merge of {incident.reference} undone{runs}", actor=actor, now=now)
