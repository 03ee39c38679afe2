"""How status clients name things (status-api): fixed tables from our words to theirs, and ids that stay."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from majorops.domain.enums import IncidentStatus, MaintenanceStatus, Phase, SystemStatus

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
LENGTH = 12
MAINTENANCE = {
    MaintenanceStatus.PLANNED: "scheduled",
    MaintenanceStatus.RUNNING: "in_progress",
    MaintenanceStatus.VERIFYING: "verifying",
    MaintenanceStatus.DONE: "completed",
    MaintenanceStatus.CANCELLED: "completed",
}


def client_id(kind: str, name: object) -> str:
    """Twelve lower-case base-36 characters that stay the same for ever, on every machine."""
    number = int.from_bytes(sha256(f"{kind}:{name}".encode()).digest()) % 36**LENGTH
    letters = []
    for _ in range(LENGTH):
        number, place = divmod(number, 36)
        letters.append(LETTERS[place])
    return "".join(reversed(letters))


def client_time(value: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds."""
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z" if value else None


REVIEWED = "postmortem"  # what clients call an incident whose review the public can read


def client_status(status: IncidentStatus, phase: Phase) -> str:
    """investigating, identified, monitoring or resolved."""
    if status is IncidentStatus.RESOLVED:
        return "resolved"
    if status is IncidentStatus.MONITORING or phase >= Phase.VALIDATION:
        return "monitoring"
    return "identified" if phase >= Phase.ISOLATION else "investigating"


def client_component(status: SystemStatus) -> str:
    """One of the five that clients know; unknown is told as degraded: it may not be called operational."""
    return SystemStatus.DEGRADED.value if status is SystemStatus.UNKNOWN else status.value
