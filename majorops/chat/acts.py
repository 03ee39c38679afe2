"""What a command does: the operation of the screens, and an answer in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import current_app

from majorops import clock
from majorops.domain.access import Actor, Permission
from majorops.domain.chat_commands import CAN, HELP, NOTE, OPEN, STATUS, USAGE, Command, read_command
from majorops.domain.enums import IntakeSource
from majorops.domain.errors import Forbidden, Refused
from majorops.domain.text import reference
from majorops.models import Incident
from majorops.notifications.boards import lines
from majorops.operations import RequestMeta
from majorops.operations.boards import incident_meant, running_incidents
from majorops.operations.fields import FIELDS
from majorops.operations.incident import open_incident
from majorops.operations.paging import answer_page, page_of
from majorops.operations.timeline import add_note
from majorops.operations.tracks import report_can


def answer_to(typed: str, actor: Actor, key: str) -> str:
    """Do what was typed, once; returns what is answered. `key`: of this command, empty for none."""
    try:
        command = read_command(typed)
        return ACTS[command.verb](command, actor, RequestMeta(key))
    except (ValueError, Refused) as problem:
        return f"Not done. {problem}"


def answer_by_press(number: int, actor: Actor, key: str) -> str:
    """Be on it: the page with this number; returns what is replied. `key`: of this press, empty for none."""
    try:
        if refusal := actor.refusal(Permission.INCIDENT_READ):
            raise Forbidden(refusal)
        page = page_of(number)
        answer_page(page.incident, page.id, actor=actor, now=clock.now(), request_meta=RequestMeta(key))
        return f"You are on it: {page.role.label} of {page.incident.reference}. {_link(page.incident)}"
    except Refused as problem:
        return f"Not done. {problem}"


def _help(command: Command, actor: Actor, meta: RequestMeta) -> str:
    return USAGE


def _open(command: Command, actor: Actor, meta: RequestMeta) -> str:
    incident = open_incident(
        title=str(FIELDS["title"].accept(command.text)),
        severity=command.severity,
        systems=cast(list[str], FIELDS["affected_systems"].accept(", ".join(command.systems))),
        request_key=meta.idempotency_key or None,
        source=IntakeSource.WEBHOOK,
        actor=actor,
        now=clock.now(),
    )
    return f"{incident.reference} is open: {incident.title}. Take command: {_link(incident)}"


def _note(command: Command, actor: Actor, meta: RequestMeta) -> str:
    incident = _meant(command, actor)
    add_note(incident, command.text, actor=actor, now=clock.now(), request_meta=meta)
    return f"Noted at {incident.reference}."


def _can(command: Command, actor: Actor, meta: RequestMeta) -> str:
    incident = _meant(command, actor)
    report_can(
        incident,
        team=command.team,
        conditions=command.conditions,
        actions=command.actions,
        needs=command.needs,
        actor=actor,
        now=clock.now(),
        request_meta=meta,
    )
    return f"CAN of {command.team} reported at {incident.reference}."


def _status(command: Command, actor: Actor, meta: RequestMeta) -> str:
    if refusal := actor.refusal(Permission.INCIDENT_READ):
        raise Forbidden(refusal)
    if command.number is None and len(running := running_incidents()) != 1:
        return "\n\n".join("\n".join(lines(one)[:2]) for one in running) or "No incident runs."
    incident = _meant(command, actor)
    return "\n".join([*lines(incident), _link(incident)])


def _meant(command: Command, actor: Actor) -> Incident:
    if refusal := actor.refusal(Permission.INCIDENT_READ):
        raise Forbidden(refusal)
    return incident_meant(command.number)


def _link(incident: Incident) -> str:
    base = current_app.config["BASE_URL"]
    return f"{base}/admin/incidents/{incident.id}" if base else reference(incident.id)


ACTS: dict[str, Callable[[Command, Actor, RequestMeta], str]] = {
    OPEN: _open,
    NOTE: _note,
    CAN: _can,
    STATUS: _status,
    HELP: _help,
}
