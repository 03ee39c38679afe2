"""Reading a recording. Whatever is wrong is said with its line, before anything is stored."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from majorops.replay.deeds import Keyed, Open, Timebox, Track
from majorops.replay.recording import Recording

# pydantic's type of error to what is said
SENTENCES = {
    "enum": "{name} is none of {expected}",
    "kind": "{name} {msg}",
    "list_type": "affected_systems and steps are lists",
    "union_tag_invalid": "unknown deed {tag!r}",
    "union_tag_not_found": "unknown deed None",
    "value_error": "{error}",
}
UNKNOWN = ("extra_forbidden", "invalid_key")


class BadFile(Exception):
    """The file is refused; the text names the line."""


class _Mapping(dict):
    line: int


class _Loader(yaml.SafeLoader):
    """Keeps the line of every mapping."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Mapping:
    keys = [key.value for key, _ in node.value]
    line = node.start_mark.line + 1
    if len(set(keys)) < len(keys):
        raise BadFile(f"line {line}: a name stands twice")
    mapping = _Mapping(loader.construct_mapping(node, deep=True))
    mapping.line = line
    return mapping


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
    if not isinstance(data, _Mapping):
        raise BadFile("line 1: the file holds no recording")
    try:
        recording = Recording.model_validate(data)
    except ValidationError as problem:
        raise BadFile(_sentence(problem.errors(), data)) from None
    _check_order(recording, [row.line for row in data["steps"]])
    return recording


def _sentence(errors: list[ErrorDetails], data: _Mapping) -> str:
    """The first error in words. What is wrong in the head, or has a wrong name, goes before."""
    errors.sort(key=lambda error: len(error["loc"]) > 1)
    first = errors[0]
    *above, name = (part for part in first["loc"] if part != "[key]")
    if first["type"] == "model_attributes_type":
        return f"step {int(name) + 1}: no mapping"
    line, inner = data.line, data
    for part in first["loc"]:
        try:
            inner = inner[part]
        except (LookupError, TypeError):  # pydantic puts the deed's name into the path
            continue
        line = getattr(inner, "line", line)
    where = "argument" if above else "in the head"
    beside = [error for error in errors if error["loc"][:-1] == first["loc"][:-1]]
    if names := [str(error["loc"][-1]) for error in beside if error["type"] in UNKNOWN]:
        return f"line {line}: unknown {where}: {', '.join(sorted(names))}"
    if names := [str(error["loc"][-1]) for error in beside if error["type"] == "missing"]:
        return f"line {line}: missing {where}: {', '.join(names)}"
    given = {"name": name, "msg": first["msg"], **first.get("ctx", {})}
    if first["type"] == "enum":
        given["expected"] = given["expected"].replace("'", "").replace(" or ", ", ")
    return f"line {line}: {SENTENCES.get(first['type'], '{name} is no mapping').format(**given)}"


def _check_order(recording: Recording, lines: list[int]) -> None:
    keys: set[str] = set()
    before = recording.steps[0].at
    for line, step in zip(lines, recording.steps, strict=True):
        if (step is recording.steps[0]) != isinstance(step, Open):
            raise BadFile(f"line {line}: the first step opens the incident, and only that one")
        if step.at < before:
            raise BadFile(f"line {line}: {step.at:%H:%M:%S} is before the step above")
        before = step.at
        if not isinstance(step, Keyed):
            continue
        kind = step.do.partition("_")[0]
        name = f"{kind} {step.key}"
        if isinstance(step, Track | Timebox):
            if name in keys:
                raise BadFile(f"line {line}: the key {step.key!r} stands twice")
            keys.add(name)
        elif name not in keys:
            raise BadFile(f"line {line}: no {kind} {step.key!r} above")
