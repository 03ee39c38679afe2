"""The public record in the shapes of Statuspage's API v2, as its unchanged clients read them (status-api).

Pure: values in, plain dictionaries out. `base` is where people reach the public pages, without
a slash at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from majorops.domain.clients import (
    MAINTENANCE,
    REVIEWED,
    client_component,
    client_id,
    client_status,
    client_time,
)
from majorops.domain.enums import IncidentStatus, Phase, Severity, SystemStatus
from majorops.domain.systems import IMPACT, Indicator, Turned, worst
from majorops.projections.feed import FeedIncident, FeedUpdate
from majorops.projections.maintenance import PublicMaintenance
from majorops.projections.values import PublicSystem

Component: TypeAlias = dict[str, Any]
PAGE_ID = client_id("page", "")
ALWAYS = datetime(
    2020, 1, 1, tzinfo=UTC
)  # systems have no birthday in the catalogue, and clients refuse none

# The public review comes in with its incident; no incident is entered when it is over.
ONLY_IN_WEBHOOKS: dict[str, object] = {
    "backfilled": False,
    "impact_override": None,
    "postmortem_body": None,
    "postmortem_published_at": None,
    "postmortem_ignored": False,
    "scheduled_auto_in_progress": False,
    "scheduled_auto_completed": False,
}


def page(organisation: str, base: str, updated_at: datetime | None) -> dict[str, object]:
    """The organisation's page, as it heads every answer; `updated_at` None: nothing was ever said."""
    return {
        "id": PAGE_ID,
        "name": organisation,
        "url": base,
        "time_zone": "Etc/UTC",
        "updated_at": client_time(updated_at or ALWAYS),
    }


def status(indicator: Indicator, description: str) -> dict[str, str]:
    """The whole in one word and its sentence, as `headline` gives them."""
    return {"indicator": indicator.value, "description": description}


def components(systems: tuple[PublicSystem, ...], updated_at: datetime | None) -> list[Component]:
    """Systems as rows, each group before its children."""
    rows, places = [], {}
    for system in systems:
        row = component(system.name, system.status, updated_at)
        if system.group:
            row["group_id"] = group_id = client_id("group", system.group)
            if system.group not in places:
                members = [other for other in systems if other.group == system.group]
                group = component(system.group, worst(other.status for other in members), updated_at)
                children = [client_id("system", other.name) for other in members]
                rows.append(group | {"id": group_id, "group": True, "components": children})
                places[system.group] = group_id
        rows.append(row)
    return [row | {"position": place} for place, row in enumerate(rows, 1)]


def component(name: str, state: SystemStatus, updated_at: datetime | None) -> Component:
    """One system, alone and at the first place: `components` puts it in its place and group."""
    return {
        "id": client_id("system", name),
        "name": name,
        "status": client_component(state),
        "created_at": client_time(ALWAYS),
        "updated_at": client_time(updated_at or ALWAYS),
        "position": 1,
        "description": None,
        "showcase": True,
        "start_date": None,
        "group_id": None,
        "page_id": PAGE_ID,
        "group": False,
        "only_show_if_degraded": False,
    }


def those_named(names: Iterable[str], rows: Sequence[Component]) -> list[Component]:
    """The systems of these names as they are now: their own rows of `components`, in the order named.

    A system that is no row there, being retired and named by nothing that runs, is operational.
    """
    known = {row["name"]: row for row in rows if not row["group"]}
    return [known.get(name) or component(name, SystemStatus.OPERATIONAL, None) for name in names]


def affected(turned: Iterable[Turned]) -> list[dict[str, str]] | None:
    """The systems that turned with an update, under the name of their group; None where none did.

    What clients are told alike (`client_component`) is no turn to them.
    """
    found = [
        {
            "code": client_id("system", one.name),
            "name": f"{one.group} - {one.name}" if one.group else one.name,
            "old_status": client_component(one.old),
            "new_status": client_component(one.new),
        }
        for one in turned
    ]
    return [one for one in found if one["old_status"] != one["new_status"]] or None


def incident(one: FeedIncident, base: str, rows: Sequence[Component]) -> dict[str, object]:
    """An incident, with its systems as they are now by `rows` (`components`).

    `next_update_at`, our own, is when the next update was promised.
    """
    number = client_id("incident", one.number)
    said = [update(entry, number) for entry in one.updates]
    return {
        "id": number,
        "name": f"{one.reference} {one.title}",
        "status": REVIEWED if one.review else client_status(one.status, one.phase),
        "created_at": client_time(one.opened_at),
        "updated_at": client_time(one.updated_at),
        "monitoring_at": client_time(one.monitoring_at),
        "resolved_at": client_time(one.resolved_at),
        "impact": IMPACT[one.severity].value,
        "shortlink": f"{base}/incidents/{one.number}",
        "started_at": client_time(one.detected_at),
        "page_id": PAGE_ID,
        "incident_updates": said,
        "components": those_named(one.statuses, rows),
        "reminder_intervals": None,
        "next_update_at": client_time(one.next_update_eta),
    }


def webhook_incident(one: FeedIncident, base: str, rows: Sequence[Component]) -> dict[str, object]:
    """An incident as a subscriber's webhook gets it: with what clients read there beside it."""
    review = one.review
    said = {
        "postmortem_body": review.body if review else None,
        "postmortem_published_at": client_time(review.at) if review else None,
    }
    unplanned = {"scheduled_for": None, "scheduled_until": None}
    return incident(one, base, rows) | ONLY_IN_WEBHOOKS | said | unplanned


def webhook_unlisted(number: int, name: str, body: str, at: datetime, base: str) -> dict[str, object]:
    """An incident that is no longer shown: over for who keeps a copy, and nothing else of it."""
    said = FeedUpdate(f"unlisted{number}", "", body, at, "resolved")
    gone = FeedIncident(
        number=number,
        title="",
        severity=Severity.LOW,
        status=IncidentStatus.RESOLVED,
        phase=Phase.RESOLUTION,
        opened_at=at,
        detected_at=at,
        resolved_at=at,
        statuses={},
        next_update_eta=None,
        monitoring_at=None,
        updated_at=at,
        updates=(said,),
    )
    return webhook_incident(gone, base, ()) | {"name": name, "impact": "none", "shortlink": f"{base}/"}


def webhook_maintenance(one: PublicMaintenance, base: str, rows: Sequence[Component]) -> dict[str, object]:
    """Scheduled maintenance as a subscriber's webhook gets it."""
    by_itself = dict.fromkeys(("scheduled_auto_in_progress", "scheduled_auto_completed"), one.is_automatic)
    return maintenance(one, base, rows) | ONLY_IN_WEBHOOKS | by_itself


def update(one: FeedUpdate, incident_id: str) -> dict[str, object]:
    """One thing that was said, under the client's id of its incident or maintenance."""
    return {
        "id": client_id("update", one.key),
        "status": one.status,
        "body": one.body,
        "incident_id": incident_id,
        "created_at": client_time(one.at),
        "updated_at": client_time(one.at),
        "display_at": client_time(one.at),
        "deliver_notifications": not one.is_quiet,
        "custom_tweet": None,
        "tweet_id": None,
        "affected_components": affected(one.turned),
    }


def maintenance(one: PublicMaintenance, base: str, rows: Sequence[Component]) -> dict[str, object]:
    """Scheduled maintenance: an incident with its times. Its plan is its oldest update.

    Its systems are as they are now by `rows` (`components`), whatever the maintenance makes of them.
    """
    number = client_id("maintenance", one.number)
    said = [
        FeedUpdate(f"m{entry.id}", "", entry.body, entry.at, MAINTENANCE[entry.status])
        for entry in one.updates
    ]
    said.append(FeedUpdate(f"mp{one.number}", "", one.body or one.title, one.created_at, "scheduled"))
    return {
        "id": number,
        "name": one.title,
        "status": MAINTENANCE[one.status],
        "created_at": client_time(one.created_at),
        "updated_at": client_time(one.changed_at),
        "monitoring_at": None,
        "resolved_at": client_time(one.ended_at),
        "impact": "maintenance",
        "shortlink": f"{base}/maintenance/{one.number}",
        "started_at": client_time(one.started_at or one.starts_at),
        "page_id": PAGE_ID,
        "incident_updates": [update(entry, number) for entry in said],
        "components": those_named(one.systems, rows),
        "reminder_intervals": None,
        "scheduled_for": client_time(one.starts_at),
        "scheduled_until": client_time(one.ends_at),
    }
