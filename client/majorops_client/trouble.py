"""What can go wrong, in sentences, each kind with an exit code of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

NOT_SIGNED_IN, NOT_ALLOWED, NOT_FOUND, REFUSED, STALE, NOT_TAKEN, TOO_OFTEN, UNREACHED = range(3, 11)
CODES = {
    401: NOT_SIGNED_IN,
    403: NOT_ALLOWED,
    404: NOT_FOUND,
    409: REFUSED,
    412: STALE,
    429: TOO_OFTEN,
}


class Trouble(click.ClickException):
    """A sentence for people, and the exit code for scripts."""

    def __init__(self, message: str, code: int = 1):
        super().__init__(plain(message))
        vars(self)["exit_code"] = code  # click declares one for all


def plain(text: object) -> str:
    """A text from outside without what a terminal would obey: control characters, but for line ends."""
    return "".join(one if one == "\n" or one.isprintable() else "·" for one in str(text))


def trouble_of(status: int, body: bytes, address: str) -> Trouble:
    """What a refusal says: the sentence, then the fields, or what keeps a gate closed and until when.

    `body`: problem+json as a server of ours sends it; of anything else only the status is told.
    """
    code = CODES.get(status, UNREACHED if status >= 500 else NOT_TAKEN)
    if 300 <= status < 400:
        return Trouble(f"{address} sends elsewhere. Log in with the address that answers itself.", UNREACHED)
    try:
        said: dict[str, Any] = json.loads(body)
        detail = str(said["detail"])
    except (ValueError, KeyError, TypeError):
        return Trouble(f"{address} answers {status}, and not as MajorOps does. Is the address right?", code)
    lines = [detail, *_fields(said.get("errors") or ()), *_blockers(said.get("blockers") or ())]
    if said.get("standing") is not None:
        lines.append(f"  stands there now: {said['standing']}")
    if status == 401:
        lines.append("Make a token at your account, Tokens, then: majorops login")
    if status == 412:
        lines.append("Look at it first: majorops show")
    return Trouble("\n".join(lines), code)


def _fields(errors: Iterable[dict[str, Any]]) -> list[str]:
    return [f"  {one['field']}: {one['detail']}" for one in errors]


def _blockers(blockers: Iterable[dict[str, Any]]) -> list[str]:
    return [f"  {one['detail']}{_opens(one.get('opens_at'))}" for one in blockers]


def _opens(at: str | None) -> str:
    return f" Opens by itself at {datetime.fromisoformat(at):%H:%M:%S} UTC." if at else ""
