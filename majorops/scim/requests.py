"""What SCIM clients send: filters, pages, bodies and patches, in the spellings of Okta and Entra too.

No library: those that there are bring their own models and all of the filter language, of which directories
send comparisons by `eq`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from majorops.domain.text import clean_line

MOST = 200  # resources in one answer
TERM = re.compile(
    r"\s*(?P<name>[A-Za-z][\w:.]*(?:\[[^\]]*\])?(?:\.\w+)?)\s+(?P<how>[A-Za-z]+)\s+"
    r'(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>true|false|\d+))\s*(?:and\b|\Z)',
    re.IGNORECASE,
)
SCHEMA = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):", re.IGNORECASE)
MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"]*)"\s*\]', re.IGNORECASE)
# Of several addresses only the one at work, or the first one, is the account's.
EMAIL = re.compile(
    r'emails(?:\[\s*(?:type\s+eq\s+"work"|primary\s+eq\s+"?true"?)\s*\])?(?:\.value)?', re.IGNORECASE
)
OPS = ("add", "replace", "remove")


class Misunderstood(Exception):
    """A request that cannot be read; `kind` is its scimType (RFC 7644, table 9)."""

    def __init__(self, text: str, kind: str):
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class Change:
    """One operation of a patch; `path` without the schema's name, empty for none."""

    op: str
    path: str
    value: Any


def body() -> dict[str, Any]:
    """The JSON object of this request. Raises Misunderstood."""
    try:
        found = request.get_json(force=True, silent=True)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise Misunderstood("The body is no JSON object.", "invalidSyntax")
    return found


def whole() -> list[Change]:
    """A whole resource as changes: each attribute is to be what is given. Raises Misunderstood."""
    return [Change("replace", plain(name), value) for name, value in body().items()]


def asked_for(names: Mapping[str, str]) -> dict[str, str]:
    """The filter of this request: what each name must be equal to; empty without one.

    `names`: attribute, in lower case, to its name here. Raises Misunderstood for what we cannot look for.
    """
    text, at, found = request.args.get("filter", ""), 0, dict[str, str]()
    for _ in range(5):
        if at >= len(text):
            return found
        term = TERM.match(text, at)
        name = names.get(plain(term["name"]).lower()) if term else None
        if term is None or name is None or term["how"].lower() != "eq" or name in found:
            break
        bare = term["bare"] if term["text"] is None else re.sub(r"\\(.)", r"\1", term["text"])
        found[name] = clean_line(bare)
        at = term.end()
    known = ", ".join(sorted(set(names.values())))
    raise Misunderstood(
        f'A filter compares one of {known} by eq, such as userName eq "a@b.org".', "invalidFilter"
    )


def paging() -> tuple[int, int]:
    """startIndex and count of this request, as RFC 7644 (3.4.2.4) bounds them. Raises Misunderstood."""
    try:
        start, count = int(request.args.get("startIndex", 1)), int(request.args.get("count", MOST))
    except ValueError:
        raise Misunderstood("startIndex and count are whole numbers.", "invalidValue") from None
    return min(max(start, 1), 2**31), min(max(count, 0), MOST)


def plain(path: str) -> str:
    """A path without the name of its schema."""
    return SCHEMA.sub("", path.strip())


def changes() -> list[Change]:
    """The operations of a patch. Entra writes `Replace`, Okta leaves the path out. Raises Misunderstood."""
    given = body()
    listed = next((value for name, value in given.items() if name.lower() == "operations"), None)
    if not isinstance(listed, list) or not listed:
        raise Misunderstood("A patch has a list of Operations.", "invalidSyntax")
    found: list[Change] = []
    for one in listed:
        op = str(one.get("op", "")).lower() if isinstance(one, dict) else ""
        if op not in OPS:
            raise Misunderstood("An operation is add, replace or remove.", "invalidSyntax")
        path, value = plain(str(one.get("path") or "")), one.get("value")
        if path:
            found.append(Change(op, path, value))
        elif isinstance(value, dict):
            found += [Change(op, plain(name), part) for name, part in value.items()]
        else:
            raise Misunderstood("An operation without a path has an object as its value.", "noTarget")
    return found


def as_flag(value: object) -> bool:
    """true or false, also as a text, which Entra sends. Raises Misunderstood: a leaver must not stay in."""
    text = str(value).lower()
    if text not in ("true", "false"):
        raise Misunderstood("active is true or false.", "invalidValue")
    return text == "true"


def as_text(value: object, name: str) -> str:
    """A text; None is empty. Raises Misunderstood for what is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Misunderstood(f"{name} is a text.", "invalidValue")
    return clean_line(value)


def email_of(value: object) -> str:
    """Of a list of addresses the primary one, else the one at work, else the first; empty for none."""
    if isinstance(value, str):
        return value
    listed = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    listed = [one for one in listed if isinstance(one.get("value"), str)]
    listed.sort(key=lambda one: (str(one.get("primary")).lower() != "true", one.get("type") != "work"))
    return listed[0]["value"] if listed else ""


def numbers_of(value: object) -> set[int]:
    """The members that a value lists. Raises Misunderstood for one that has no id of ours."""
    listed: Iterable[object] = value if isinstance(value, list) else [value]
    found = set()
    for one in listed:
        text = one.get("value") if isinstance(one, dict) else one
        if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10):
            raise Misunderstood("A member is given by the id of a user.", "invalidValue")
        found.add(int(text))
    return found
