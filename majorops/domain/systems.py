"""How systems are, for the public: set from incidents and maintenance; and the one headline over all.

The headline follows status-api, "Roll-up rule".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from majorops.domain.enums import Severity, SystemStatus

RANK = {status: place for place, status in enumerate(SystemStatus)}
# What an incident makes of the systems that it names, while nobody has set one by hand.
BY_SEVERITY = {
    Severity.CRITICAL: SystemStatus.MAJOR,
    Severity.HIGH: SystemStatus.PARTIAL,
    Severity.MEDIUM: SystemStatus.DEGRADED,
    Severity.LOW: SystemStatus.OPERATIONAL,
}


class Indicator(StrEnum):
    """The whole in one word, for people and for status clients; the worst last."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


IMPACT = {
    Severity.CRITICAL: Indicator.CRITICAL,
    Severity.HIGH: Indicator.MAJOR,
    Severity.MEDIUM: Indicator.MINOR,
    Severity.LOW: Indicator.NONE,
}
"""Severity to the impact that status clients know: a fixed table (status-api, rule 7)."""


def worst(statuses: Iterable[SystemStatus]) -> SystemStatus:
    """The worst of them; operational where there is none."""
    return max(statuses, key=RANK.__getitem__, default=SystemStatus.OPERATIONAL)


def system_status(chosen: SystemStatus | None, severity: Severity) -> SystemStatus:
    """How one incident says that a system is: as set by hand, else as its severity says."""
    return chosen or BY_SEVERITY[severity]


def shown_status(chosen: SystemStatus | None, severity: Severity, is_over: bool) -> SystemStatus:
    """The same, operational once the incident is over."""
    return SystemStatus.OPERATIONAL if is_over else system_status(chosen, severity)


@dataclass(frozen=True)
class StateChange:
    """From `at` on a system was so, through one incident; `group`: its heading on the page, or empty."""

    name: str
    group: str
    status: SystemStatus
    at: datetime


@dataclass(frozen=True)
class Turned:
    """A system that was otherwise when something was said than when something was said before."""

    name: str
    group: str
    old: SystemStatus
    new: SystemStatus


def turned_at(changes: Iterable[StateChange], times: Iterable[datetime]) -> list[tuple[Turned, ...]]:
    """What turned between one word and the next, for each of them.

    `changes` and `times` (of the words): oldest first. Every system was operational before.
    """
    waiting, found = list(changes), []
    told: dict[str, SystemStatus] = {}
    for at in times:
        due = [change for change in waiting if change.at <= at]
        waiting = waiting[len(due) :]
        newest = {change.name: change for change in due}
        turned = [
            Turned(name, one.group, told.get(name, SystemStatus.OPERATIONAL), one.status)
            for name, one in newest.items()
        ]
        found.append(tuple(one for one in turned if one.old is not one.new))
        told |= {name: one.status for name, one in newest.items()}
    return found


def headline(
    statuses: Iterable[SystemStatus], impacts: Iterable[Indicator], is_maintained: bool = False
) -> tuple[Indicator, str]:
    """The indicator and its sentence.

    `statuses`: of every system shown; `impacts`: of the open incidents. An open incident is never
    hidden: neither by maintenance nor by systems that somebody set to operational (status-api, rule 4).
    """
    all_of, impacts = list(statuses), list(impacts)
    indicator, words = _of_systems(all_of)
    floor = max(impacts, key=list(Indicator).index, default=Indicator.NONE)
    if not all_of:
        indicator, words = floor, _INCIDENT_WORDS[floor]
    elif floor is not Indicator.NONE and indicator in (Indicator.NONE, Indicator.MAINTENANCE):
        indicator, words = Indicator.MINOR, "Partially Degraded Service"
    if indicator is Indicator.NONE and is_maintained and not impacts:
        indicator, words = Indicator.MAINTENANCE, "Service Under Maintenance"
    if indicator is Indicator.MAINTENANCE and impacts:
        indicator, words = Indicator.NONE, "All Systems Operational"
    return indicator, words


_INCIDENT_WORDS = {
    Indicator.NONE: "All Systems Operational",
    Indicator.MINOR: "Minor Service Outage",
    Indicator.MAJOR: "Partial System Outage",
    Indicator.CRITICAL: "Major System Outage",
}


def _of_systems(statuses: list[SystemStatus]) -> tuple[Indicator, str]:
    found = set(statuses)
    rules = (
        (found == {SystemStatus.MAJOR}, Indicator.CRITICAL, "Major System Outage"),
        (SystemStatus.MAJOR in found, Indicator.MAJOR, "Partial System Outage"),
        (found == {SystemStatus.PARTIAL}, Indicator.MAJOR, "Partial System Outage"),
        (SystemStatus.PARTIAL in found, Indicator.MINOR, "Minor Service Outage"),
        (bool(found) and found <= _SLOW, Indicator.MINOR, "Degraded System Service"),
        (bool(found & _SLOW), Indicator.MINOR, "Partially Degraded Service"),
        (SystemStatus.MAINTENANCE in found, Indicator.MAINTENANCE, "Service Under Maintenance"),
    )
    matching = (rule[1:] for rule in rules if rule[0])
    return next(matching, (Indicator.NONE, "All Systems Operational"))


_SLOW = {SystemStatus.DEGRADED, SystemStatus.UNKNOWN}


PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def feed_name(system: str) -> str:
    """The name of a system in the address of its feed, and of its file: ASCII letters, digits, `-` and `_`.

    A space is `+`; each other byte of UTF-8 is `~` and two hex digits. No server or browser decodes that, so
    that no name leads out of its folder.
    """
    parts = ("+" if one == " " else one if one in PLAIN else _escaped(one) for one in system)
    return "".join(parts)


def _escaped(one: str) -> str:
    return "".join(f"~{byte:02x}" for byte in one.encode())
