"""REGIONS: the parts of the fireground that are drawn again when something happened,
and what makes them stale.

A region is a partial `fireground/_<name>.html` whose root has `id="<name>"`. To add one: the partial and
a line here. Screens are told names of stale regions, never content: each fetches with its own rights.
"""

from __future__ import annotations

from sqlalchemy import select

from majorops.db import db
from majorops.fields import FIELDS
from majorops.models import Incident, TimelineEvent

# Region → kinds of events that make it stale; "*" is every kind. Kinds of FIELDS add their own
# region, see `stale`.
REGIONS: dict[str, frozenset[str]] = {
    "topbar": frozenset({"status.changed"}),
    "presence": frozenset(),  # people come and go without an event
    "since": frozenset(),  # asked for by who comes back
    # It carries what the single keys do too: the words of a holding update go by the tracks.
    "notices": frozenset(
        {"status.changed", "incident.continued", "response.stood_down", "track.opened", "track.closed"}
    ),
    # Its brief is read again every minute too.
    "handover": frozenset(
        {
            "handover.offered",
            "handover.declined",
            "handover.withdrawn",
            "handover.lapsed",
            "command.changed",
            "nudge.rested",
            "status.changed",
            "severity.changed",
            "phase.advanced",
            "milestone.published",
            "update.published",
            "track.opened",
            "track.extended",
            "track.closed",
            "can.reported",
            "need.met",
            "ask.opened",
            "ask.answered",
            "track.escalated",
        }
    ),
    "phases": frozenset({"phase.advanced", "severity.changed", "status.changed"}),
    "nudge": frozenset(
        {
            "visibility.changed",
            "milestone.published",
            "update.published",
            "status.changed",
            "phase.advanced",
            "severity.changed",
            "alarm.changed",
            "command.changed",
            "track.opened",
            "track.extended",
            "track.escalated",
            "track.closed",
            "timebox.opened",
            "timebox.closed",
            "can.reported",
            "ask.opened",
            "ask.answered",
            "ask.parked",
            "ask.deferred",
            "window.restarted",
            "nudge.rested",
            "timebox.expired",
            "alarm.raised",
            "notice.settled",
            "people.called",
            "opened.late",
        }
    ),
    "header": frozenset({"severity.changed", "alarm.changed", "status.changed"}),
    "execbrief": frozenset({"status.changed"}),  # a draft is one person's: their own answers bring it
    "info": frozenset(
        {
            "system.status",
            "status.changed",
            "severity.changed",
            "alarm.changed",
            "check.set",
            "phase.advanced",
        }
    ),
    "team": frozenset(
        {
            "command.changed",
            "status.changed",
            "severity.changed",
            "alarm.changed",
            "phase.advanced",
            "handover.offered",
            "handover.declined",
            "handover.withdrawn",
            "handover.lapsed",
            "response.stood_down",
            "exposure.published",
            "track.opened",
            "can.reported",
        }
    ),
    "tracks": frozenset(
        {
            "track.opened",
            "track.extended",
            "track.escalated",
            "track.closed",
            "timebox.opened",
            "timebox.closed",
            "timebox.expired",
            "can.reported",
            "need.met",
            "status.changed",
        }
    ),
    "asks": frozenset(
        {
            "ask.opened",
            "ask.answered",
            "ask.parked",
            "ask.deferred",
            "cause.ruled_out",
            "note.corrected",
            "status.changed",
        }
    ),
    "timeline": frozenset({"*"}),
    "updates": frozenset(
        {
            "milestone.published",
            "update.published",
            "visibility.changed",
            "status.changed",
            "window.restarted",
        }
    ),
    "panel": frozenset({"*"}),
    "runcard": frozenset(
        {"runcard.put", "runcard.ticked", "severity.changed", "alarm.changed", "status.changed"}
    ),
    "composer": frozenset({"phase.advanced", "status.changed", "check.set", "window.restarted"}),
    "ledger": frozenset(
        {
            "alarm.raised",
            "notice.settled",
            "timebox.expired",
            "handover.offered",
            "response.stood_down",
            "status.changed",
        }
    ),
    "tiles": frozenset(
        {
            "milestone.published",
            "update.published",
            "visibility.changed",
            "phase.advanced",
            "status.changed",
            "severity.changed",
            "window.restarted",
        }
    ),
    "dock": frozenset({"phase.advanced", "status.changed"}),
}
# What makes every screen's top bar stale, and the list of incidents. Kinds of events, and names of fields.
POSTURE_KINDS = frozenset({"incident.opened", "incident.continued", "status.changed"})
LIST_KINDS = POSTURE_KINDS | {
    "severity.changed",
    "alarm.changed",
    "phase.advanced",
    "milestone.published",
    "update.published",
    "title",
    "is_public",
}
# What the public may read differently afterwards, beside public entries and public fields; how
# their kinds begin.
PUBLIC_KINDS = ("visibility.", "system.", "maintenance.")
# Fields that show in more places than their own region.
ALSO: dict[str, frozenset[str]] = {
    "bridge_url": frozenset({"header", "nudge"}),
    "is_public": frozenset({"header", "nudge"}),
    "detected_at": frozenset({"tiles", "nudge"}),
    "resolved_at": frozenset({"tiles"}),
    "alert.issue_time": frozenset({"tiles"}),
    "alert.resolve_time": frozenset({"tiles"}),
    "alert.customer_count": frozenset({"tiles"}),
}


def stale(events: list[tuple[str, str | None]]) -> list[str]:
    """The regions that these events (kind, field) made stale, in the order of the page."""
    names: set[str] = set()
    for kind, field in events:
        names |= {name for name, kinds in REGIONS.items() if kind in kinds or "*" in kinds}
        if field in FIELDS:
            names |= {FIELDS[field].region} | ALSO.get(field, frozenset())
    return [name for name in REGIONS if name in names]


def stale_since(incident: Incident, version: int) -> list[str]:
    """The regions that changed after entry `version` of the timeline."""
    newer = select(TimelineEvent.kind, TimelineEvent.field).distinct()
    rows = db.session.execute(
        newer.where(TimelineEvent.incident_id == incident.id, TimelineEvent.seq > version)
    )
    return stale([(kind, field) for kind, field in rows])
