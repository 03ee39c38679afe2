"""Calendar files (RFC 5545, 5546): the After Action as an appointment, and an action as a day.

Made from what stands at the moment they are asked for. A `UID` stays for ever, so that a calendar knows
what it has already; the sequence rises with each change, so that it takes the change over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress

from majorops.domain.after_action import LASTS
from majorops.domain.enums import ActionState
from majorops.models import ActionItem, Incident, Review, ReviewGuest, User

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"
NOWHERE = "majorops.invalid"  # where nobody knows our address


def after_action_calendar(
    incident: Incident,
    review: Review,
    base: str,
    *,
    method: str = PUBLISH,
    organizer: str = "",
    to: User | ReviewGuest | None = None,
) -> bytes:
    """The After Action as a calendar file; one that was called off says so.

    A guest gets the number, the title that the public reads, and the time: neither our title nor a way in.

    `base`: our address (MAJOROPS_BASE_URL), empty for none; `method`: PUBLISH for a download, REQUEST or
    CANCEL for a mail, which names its `organizer` and whom it is `to`. Raises ValueError where there is no
    date.
    """
    at = review.after_action_at
    if at is None:
        raise ValueError("no After Action is scheduled")
    is_off = review.after_action_off_at is not None or method == CANCEL
    event = Event()
    event.add("uid", f"after-action-{incident.id}@{_host(base)}")
    guest = to if isinstance(to, ReviewGuest) else None
    event.add("dtstamp", _stamp(review, guest))
    event.add("sequence", review.after_action_sequence)
    event.add("dtstart", at)
    event.add("dtend", at + LASTS)
    title = guest_title(incident) if guest else incident.title
    event.add("summary", f"{incident.reference} After Action" + (f": {title}" if title else ""))
    page = "" if guest else _page(base, incident)
    event.add("description", f"What did we learn, and what do we change?\n\n{page}".strip())
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    if page:
        event.add("url", page)
    if organizer and to:
        event.add("organizer", vCalAddress(f"mailto:{organizer}"))
        name, address = (to.address, to.address) if isinstance(to, ReviewGuest) else (to.name, to.email)
        invited = vCalAddress(f"mailto:{address}")
        invited.params["CN"], invited.params["PARTSTAT"], invited.params["RSVP"] = (
            name,
            "NEEDS-ACTION",
            "TRUE",
        )
        event.add("attendee", invited)
    return _calendar(event, CANCEL if is_off and method != PUBLISH else method)


def guest_title(incident: Incident) -> str:
    """What somebody without an account reads as the title: what the public reads, empty for nothing."""
    return incident.public_title if incident.is_shown else ""


def _stamp(review: Review, guest: ReviewGuest | None) -> datetime:
    """When this person's appointment last changed: a guest's also by being added again, or taken off."""
    changed = review.after_action_changed_at or review.begun_at
    return max(changed, guest.added_at, guest.off_at or changed) if guest else changed


def action_calendar(item: ActionItem, base: str) -> bytes:
    """An action as a day in a calendar: the one on which it is due."""
    event = Event()
    event.add("uid", f"action-{item.id}@{_host(base)}")
    event.add("dtstamp", item.ended_at or item.added_at)
    event.add("sequence", item.changes)
    event.add("dtstart", item.due_on)
    event.add("dtend", item.due_on + timedelta(days=1))
    event.add("summary", f"{item.incident.reference} {item.reference} due: {item.text}")
    lines = (f"Owner: {item.owner_name}", f"Kind: {item.kind.label}", item.tracker_url, item.outcome)
    event.add("description", "\n".join(filter(None, lines)))
    event.add("status", "CONFIRMED" if item.state is ActionState.OPEN else "CANCELLED")
    event.add("transp", "TRANSPARENT")
    if base:
        event.add("url", f"{base}/admin/actions?incident={item.incident_id}#action-{item.id}")
    return _calendar(event, PUBLISH)


def _calendar(event: Event, method: str) -> bytes:
    calendar = Calendar()
    for name, text in (("prodid", "-//MajorOps//review//EN"), ("version", "2.0"), ("method", method)):
        calendar.add(name, text)
    calendar.add_component(event)
    file: bytes = calendar.to_ical()
    return file


def _host(base: str) -> str:
    return urlsplit(base).hostname or NOWHERE


def _page(base: str, incident: Incident) -> str:
    return f"{base}/admin/incidents/{incident.id}/review" if base else ""
