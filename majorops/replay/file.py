"""Reading a recording. Whatever is wrong is said with its line, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from majorops.domain.enums import (
    CheckState,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    Phase,
    Severity,
    TrackOutcome,
    Visibility,
)
from majorops.operations.fields import FIELDS

Kind = str | type[Enum]  # what an argument must be: one of these words, or of these members
TEXT, NUMBER, TIME, FLAG = "text", "whole number", "time with zone", "true or false"
# Deed → its arguments: what they must be, and whether they must be there.
NEED, MAY = True, False
DEEDS: dict[str, dict[str, tuple[Kind, bool]]] = {
    "open": {},
    "note": {"text": (TEXT, NEED), "visibility": (Visibility, MAY)},
    "can": {"team": (TEXT, NEED), "conditions": (TEXT, NEED), "actions": (TEXT, MAY), "needs": (TEXT, MAY)},
    "edit": {"field": (TEXT, NEED), "value": (TEXT, NEED)},
    "assign": {"role": (CommandRole, NEED), "name": (TEXT, NEED)},
    "severity": {"to": (Severity, NEED), "why": (TEXT, MAY)},
    "phase": {"to": (Phase, NEED), "why": (TEXT, MAY), "override": (TEXT, MAY)},
    "milestone": {
        "title": (TEXT, MAY),
        "body": (TEXT, NEED),
        "next_update_in": (NUMBER, MAY),
        "visibility": (Visibility, MAY),
        "is_resolution": (FLAG, MAY),
        "after_action_at": (TIME, MAY),
    },
    "update": {"text": (TEXT, NEED), "visibility": (Visibility, MAY), "next_update_in": (NUMBER, MAY)},
    "track": {
        "key": (TEXT, NEED),
        "team": (TEXT, NEED),
        "owner": (TEXT, NEED),
        "goal": (TEXT, NEED),
        "minutes": (NUMBER, NEED),
    },
    "track_extend": {"key": (TEXT, NEED), "minutes": (NUMBER, NEED)},
    "track_close": {"key": (TEXT, NEED), "outcome": (TrackOutcome, NEED), "note": (TEXT, MAY)},
    "timebox": {
        "key": (TEXT, NEED),
        "purpose": (TEXT, NEED),
        "owner": (TEXT, MAY),
        "minutes": (NUMBER, NEED),
    },
    "timebox_close": {"key": (TEXT, NEED), "note": (TEXT, MAY)},
    "check": {"system": (TEXT, NEED), "state": (CheckState, NEED), "note": (TEXT, MAY)},
    "symptoms_returned": {"note": (TEXT, MAY)},
    "status": {"to": (IncidentStatus, NEED), "override": (TEXT, MAY)},
    "alert_cleared": {},
    "release": {"name": (TEXT, NEED)},
}
ALERT: dict[str, tuple[Kind, bool]] = {
    "alert_id": (TEXT, MAY),
    "issue_time": (TIME, MAY),
    "customer_count": (NUMBER, MAY),
    "approximate": (FLAG, MAY),
    "external_impact": (ExternalImpact, MAY),
}
HEAD = (
    "title",
    "source",
    "severity",
    "affected_systems",
    "bridge_url",
    "detected_at",
    "alert",
    "command",
    "steps",
)


class BadFile(Exception):
    """The file is refused; the text names the line."""


@dataclass(frozen=True)
class Step:
    number: int
    at: datetime
    deed: str
    by: str | None
    given: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    title: str
    severity: Severity
    systems: list[str]
    bridge_url: str | None
    detected_at: datetime | None
    alert: dict[str, Any]
    command: dict[CommandRole, str]
    steps: list[Step] = field(default_factory=list)

    @property
    def mim(self) -> str:
        return self.command.get(CommandRole.MIM, "MIM")


class _Loader(yaml.SafeLoader):
    """Keeps the line of every mapping under the key None."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict:
    keys = [key.value for key, _ in node.value]
    if len(set(keys)) < len(keys):
        raise BadFile(f"line {node.start_mark.line + 1}: a name stands twice")
    return {**loader.construct_mapping(node, deep=True), None: node.start_mark.line + 1}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: Path) -> Recording:
    """The recording in a file. Raises BadFile."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8 text"
        raise BadFile(f"cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadFile(
            f"line {mark.line + 1 if mark else '?'}: no YAML: {getattr(error, 'problem', error)}"
        ) from None
    if not isinstance(data, dict):
        raise BadFile("line 1: the file holds no recording")
    return _recording(data)


def _recording(data: dict) -> Recording:
    line = data[None]
    if unknown := sorted(str(key) for key in data if key is not None and key not in HEAD):
        raise BadFile(f"line {line}: unknown in the head: {', '.join(unknown)}")
    if missing := [key for key in ("title", "severity", "affected_systems", "steps") if not data.get(key)]:
        raise BadFile(f"line {line}: missing in the head: {', '.join(missing)}")
    alert, command = data.get("alert") or {None: line}, data.get("command") or {None: line}
    for name, block in (("alert", alert), ("command", command)):
        if not isinstance(block, dict):
            raise BadFile(f"line {line}: {name} is no mapping")
    systems = data["affected_systems"]
    if not isinstance(systems, list) or not isinstance(data["steps"], list):
        raise BadFile(f"line {line}: affected_systems and steps are lists")
    try:
        roles = {CommandRole(role): name for role, name in command.items() if role is not None}
    except ValueError as error:
        raise BadFile(f"line {command[None]}: {error}") from None
    return Recording(
        title=_field("title", data["title"], line),
        severity=_value(data["severity"], Severity, "severity", line),
        systems=_field("affected_systems", ", ".join(map(str, systems)), line),
        bridge_url=_field("bridge_url", data.get("bridge_url") or "", line),
        detected_at=_value(data["detected_at"], TIME, "detected_at", line)
        if data.get("detected_at")
        else None,
        alert=_arguments({k: v for k, v in alert.items() if k is not None}, ALERT, alert[None]),
        command={role: _value(name, TEXT, role.value, command[None]) for role, name in roles.items()},
        steps=_steps(data["steps"]),
    )


def _steps(rows: list) -> list[Step]:
    steps: list[Step] = []
    keys: set[str] = set()
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise BadFile(f"step {number}: no mapping")
        line, known = row[None], {k: v for k, v in row.items() if k is not None}
        deed, at, by = known.pop("do", None), known.pop("at", None), known.pop("by", None)
        if known.pop("basis", "record") not in ("record", "reconstructed"):
            raise BadFile(f"line {line}: basis is record or reconstructed")
        if deed not in DEEDS:
            raise BadFile(f"line {line}: unknown deed {deed!r}")
        if (number == 1) != (deed == "open"):
            raise BadFile(f"line {line}: the first step opens the incident, and only that one")
        moment = _value(at, TIME, "at", line)
        if steps and moment < steps[-1].at:
            raise BadFile(f"line {line}: {moment:%H:%M:%S} is before the step above")
        given = _arguments(known, DEEDS[deed], line)
        if deed == "edit" and given["field"] not in FIELDS:
            raise BadFile(f"line {line}: unknown field {given['field']!r}")
        _check_key(deed, given, keys, line)
        steps.append(Step(number, moment, deed, _value(by, TEXT, "by", line) if by else None, given))
    return steps


def _check_key(deed: str, given: dict, keys: set[str], line: int) -> None:
    kind = deed.partition("_")[0]
    name = f"{kind} {given.get('key')}"
    if deed in ("track", "timebox"):
        if name in keys:
            raise BadFile(f"line {line}: the key {given['key']!r} stands twice")
        keys.add(name)
    elif kind in ("track", "timebox") and name not in keys:
        raise BadFile(f"line {line}: no {kind} {given['key']!r} above")


def _arguments(known: dict, wanted: dict[str, tuple[Kind, bool]], line: int) -> dict[str, Any]:
    if unknown := sorted(map(str, known.keys() - wanted.keys())):
        raise BadFile(f"line {line}: unknown argument: {', '.join(unknown)}")
    if missing := [name for name, (_, must) in wanted.items() if must and known.get(name) is None]:
        raise BadFile(f"line {line}: missing argument: {', '.join(missing)}")
    return {
        name: _value(value, wanted[name][0], name, line) for name, value in known.items() if value is not None
    }


def _value(value: object, kind: Kind, name: str, line: int) -> Any:
    """The value as its kind says. Raises BadFile."""
    is_flag = isinstance(value, bool)
    if kind is TIME and isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if kind is NUMBER and isinstance(value, int) and not is_flag and value >= 0:
        return value
    if kind is FLAG and is_flag:
        return value
    if kind is TEXT and isinstance(value, str | int | float) and not is_flag and str(value).strip():
        return str(value)
    if isinstance(kind, type) and not is_flag:
        try:
            return kind(value)
        except ValueError:
            raise BadFile(f"line {line}: {name} is none of {', '.join(str(m.value) for m in kind)}") from None
    raise BadFile(f"line {line}: {name} is no {kind if isinstance(kind, str) else kind.__name__}")


def _field(name: str, typed: object, line: int) -> Any:
    from majorops.domain.errors import Invalid

    try:
        return FIELDS[name].accept(str(typed))
    except Invalid as problem:
        raise BadFile(f"line {line}: {problem}") from None
