"""Where things stand in a JSON body that nobody has described: one line each, a name and a path.

`title = $.rule.name` takes it from each alert, `$body.host` from the whole body; what does not begin with
`$` is the text itself. `alerts = $.alerts[*]` says where the alerts are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from majorops.domain.alerts import Heard, heard
from majorops.domain.enums import AlertState
from majorops.domain.text import clean_line
from majorops.integrations.base import NotReadError, text_of, texts_of, time_of

LINES_MOST, LINE_LONGEST = 40, 300
VALUES = (
    "alerts",
    "key",
    "title",
    "state",
    "group",
    "severity",
    "started",
    "ended",
    "link",
    "detail",
    "system",
    "labels",
)
# What sources call these states; a mapping replaces the words of one.
WORDS: dict[AlertState, tuple[str, ...]] = {
    AlertState.FIRING: (),  # every other word
    AlertState.ACKNOWLEDGED: ("acknowledged", "acknowledge", "ack", "acked"),
    AlertState.CLEARED: (
        *("cleared", "clear", "resolved", "resolve", "ok", "okay", "recovered", "recovery", "closed"),
        *("close", "normal", "up", "inactive", "false", "0", "green", "success"),
    ),
}
_STEP = re.compile(r"\.([A-Za-z_@][\w@-]*)|\['([^']+)'\]|\[(\d{1,6})\]|\[(\*)\]")
_ROOTS = ("$body", "$")


@dataclass(frozen=True)
class Path:
    """A way into JSON; `is_of_body`: from the whole body, not from the alert. `steps`: names and numbers."""

    steps: tuple[str | int, ...]
    is_of_body: bool = False

    def find(self, value: Any) -> Any:
        """What stands there; None for nothing."""
        for step in self.steps:
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            else:
                value = value.get(step) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True)
class JsonMapping:
    """A mapping that was read: where each value stands, and the words of the states."""

    values: Mapping[str, Path | str] = field(default_factory=dict)
    words: Mapping[AlertState, tuple[str, ...]] = field(default_factory=lambda: WORDS)


# Where things stand unless a line says otherwise: under their own names.
DEFAULTS = {name: f"$.{name}" for name in VALUES if name != "alerts"}


def read_mapping(typed: str, defaults: Mapping[str, str] = DEFAULTS) -> JsonMapping:
    """The mapping of lines such as `title = $.rule.name`; `defaults`: of what they do not name.

    Raises ValueError with a sentence that names the line.
    """
    lines = [(number, line.strip()) for number, line in enumerate(typed.splitlines(), 1) if line.strip()]
    if len(lines) > LINES_MOST:
        raise ValueError(f"At most {LINES_MOST} lines; these are {len(lines)}.")
    values: dict[str, Path | str] = {name: _value(name, 0, path) for name, path in defaults.items()}
    words = dict(WORDS)
    for number, line in lines:
        name, sign, text = (part.strip() for part in line.partition("="))
        if not sign or not text or len(line) > LINE_LONGEST:
            raise ValueError(f"Line {number}: a name, = and a path, such as title = $.rule.name.")
        if name in tuple(AlertState):
            words[AlertState(name)] = tuple(word.strip().lower() for word in text.split(","))
        elif name in VALUES:
            values[name] = _value(name, number, text)
        else:
            known = ", ".join((*VALUES, *AlertState))
            raise ValueError(f"Line {number}: {clean_line(name)[:40]} is none of {known}.")
    return JsonMapping(values, words)


def mapping_of(typed: str, defaults: Mapping[str, str] = DEFAULTS) -> JsonMapping:
    """As `read_mapping`, of a source. Raises NotReadError."""
    try:
        return read_mapping(typed, defaults)
    except ValueError as problem:
        raise NotReadError(f"The mapping of this source: {problem}") from None


def _value(name: str, number: int, text: str) -> Path | str:
    root = next((root for root in _ROOTS if text.startswith(root)), "")
    if not root:
        if name in ("alerts", "labels"):
            raise ValueError(f"Line {number}: {name} is a path that begins with $.")
        return clean_line(text)
    rest, steps = text[len(root) :], []
    if name == "alerts":
        rest = rest.removesuffix("[*]")
    while rest:
        found = _STEP.match(rest)
        if found is None or found[4]:
            raise ValueError(f"Line {number}: the path is not clear at {clean_line(rest)[:40]}.")
        steps.append(int(found[3]) if found[3] else found[1] or found[2])
        rest = rest[found.end() :]
    return Path(tuple(steps), is_of_body=root == "$body")


def alerts_in(mapping: JsonMapping, body: Any, labels: Mapping[str, object] | None = None) -> list[Heard]:
    """The alerts of a body by a mapping. `labels`: what each has beside its own.

    Without a line for `alerts` they are the list that the body is or has under that name, else the body is
    one. Raises NotReadError where none is found.
    """
    return [_heard(mapping, one, body, labels or {}) for one in _ones(mapping, body)]


def _ones(mapping: JsonMapping, body: Any) -> list[Any]:
    where = mapping.values.get("alerts")
    if isinstance(where, Path):
        found = where.find(body)
    else:
        found = body.get("alerts", body) if isinstance(body, dict) else body
    ones = [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]
    if not ones and found != []:
        raise NotReadError("No alert is found in the body: see the mapping of this source.")
    return ones


def _heard(mapping: JsonMapping, one: Any, body: Any, more: Mapping[str, object]) -> Heard:
    def value(name: str) -> Any:
        where = mapping.values[name]
        return where.find(body if where.is_of_body else one) if isinstance(where, Path) else where

    def line(name: str) -> str:
        return text_of(value(name))

    labels: dict[str, object] = {**more, **texts_of(value("labels"))}
    if system := line("system"):
        labels["system"] = system
    said = line("state").strip().lower()
    state = next((state for state, words in mapping.words.items() if said in words), AlertState.FIRING)
    return heard(
        line("key"),
        state,
        line("title"),
        group=line("group"),
        severity=line("severity"),
        labels=labels,
        started_at=time_of(value("started")),
        ended_at=time_of(value("ended")),
        link=line("link"),
        detail=line("detail"),
    )
