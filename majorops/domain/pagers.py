"""What pagers outside are sent: PagerDuty Events v2, Opsgenie's Alert API, GoAlert's generic integration.

Each page has a key of its own, the same for every request about it: so what comes twice is one alert there,
and acknowledging and closing find it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from majorops.domain.enums import PagerKind, Severity

KEY_PREFIX = "majorops-page-"
ADDRESSES: dict[PagerKind, str] = {
    PagerKind.PAGERDUTY: "https://events.pagerduty.com",
    PagerKind.OPSGENIE: "https://api.opsgenie.com",
}
"""Where each service is, without a path; GoAlert runs where its people run it."""
PATHS: dict[PagerKind, str] = {
    PagerKind.PAGERDUTY: "/v2/enqueue",
    PagerKind.OPSGENIE: "/v2/alerts",
    PagerKind.GOALERT: "/api/v2/generic/incoming",
}
PD_SEVERITY = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
OPSGENIE_PRIORITY = {Severity.CRITICAL: "P1", Severity.HIGH: "P2", Severity.MEDIUM: "P3", Severity.LOW: "P4"}
PD_SUMMARY, OPSGENIE_MESSAGE, GOALERT_SUMMARY = 1_024, 130, 1_024  # characters that each takes
DETAILS = 6_000


class PagerAct(StrEnum):
    """What a pager is asked to do."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True)
class Told:
    """What a pager is told of a page. `by`: who paged, or who is on it; `link`: empty for none."""

    key: str
    summary: str
    details: str
    severity: Severity
    systems: tuple[str, ...]
    by: str
    link: str = ""


@dataclass(frozen=True)
class PagerRequest:
    """A POST of JSON. `headers`: that carry the key, which never stands in an address."""

    address: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


def base_of(kind: PagerKind, typed: str) -> str:
    """The address of the service as it is kept: the service's own where none was typed, without the path."""
    return (typed or ADDRESSES.get(kind, "")).rstrip("/").removesuffix(PATHS[kind])


def request_of(kind: PagerKind, act: PagerAct, base: str, secret: str, told: Told) -> PagerRequest:
    """What is sent. `base`: of `base_of`; `secret`: the key of the service's integration."""
    make = {
        PagerKind.PAGERDUTY: _pagerduty,
        PagerKind.OPSGENIE: _opsgenie,
        PagerKind.GOALERT: _goalert,
    }[kind]
    return make(act, f"{base}{PATHS[kind]}", secret, told)


def _pagerduty(act: PagerAct, address: str, secret: str, told: Told) -> PagerRequest:
    body: dict[str, object] = {"routing_key": secret, "event_action": act.value, "dedup_key": told.key}
    if act is PagerAct.TRIGGER:
        body["client"] = "MajorOps"
        body["payload"] = {
            "summary": told.summary[:PD_SUMMARY],
            "source": "MajorOps",
            "severity": PD_SEVERITY[told.severity],
            "component": ", ".join(told.systems)[:255],
            "custom_details": {"details": told.details[:DETAILS], "paged by": told.by},
        }
        if told.link:
            body |= {"client_url": told.link, "links": [{"href": told.link, "text": "Fireground"}]}
    return PagerRequest(address, body)


def _opsgenie(act: PagerAct, address: str, secret: str, told: Told) -> PagerRequest:
    headers = {"Authorization": f"GenieKey {secret}"}
    if act is not PagerAct.TRIGGER:
        verb = "acknowledge" if act is PagerAct.ACKNOWLEDGE else "close"
        about = f"{address}/{quote(told.key, safe='')}/{verb}?identifierType=alias"
        return PagerRequest(about, {"source": "MajorOps", "note": told.summary[:DETAILS]}, headers)
    details = f"{told.details}\n\n{told.link}" if told.link else told.details
    body = {
        "message": told.summary[:OPSGENIE_MESSAGE],
        "alias": told.key,
        "description": details[:DETAILS],
        "priority": OPSGENIE_PRIORITY[told.severity],
        "source": "MajorOps",
        "entity": ", ".join(told.systems)[:512],
        "tags": ["majorops"],
    }
    return PagerRequest(address, body, headers)


def _goalert(act: PagerAct, address: str, secret: str, told: Told) -> PagerRequest:
    """GoAlert knows no acknowledgement from outside: once somebody is on it the alert is closed."""
    headers = {"Authorization": f"Bearer {secret}"}
    body = {"summary": told.summary[:GOALERT_SUMMARY], "dedup": told.key}
    if act is not PagerAct.TRIGGER:
        return PagerRequest(address, body | {"action": "close"}, headers)
    details = f"{told.details}\n\n{told.link}" if told.link else told.details
    return PagerRequest(address, body | {"details": details[:DETAILS]}, headers)
