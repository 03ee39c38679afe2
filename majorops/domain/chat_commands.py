"""What people type after `/major` in a chat, read into what they want; and how Slack signs requests."""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from majorops.domain.chat import PAGE_ACTION
from majorops.domain.enums import Severity, by_value
from majorops.domain.parsing import systems
from majorops.domain.text import clean_line, clean_text

OPEN, NOTE, CAN, STATUS, HELP = "open", "note", "can", "status", "help"
GOOD_FOR = timedelta(minutes=5)
TITLE_MOST = 200
USAGE = """\
/major open <severity> <systems>: <title> · such as /major open high payments-api: Checkout fails
/major note [INC-42] <text>
/major can [INC-42] <team>: <conditions> / <actions> / <needs>
/major status [INC-42]
Without a number it is the incident that runs, where only one does."""
_NUMBER = re.compile(r"INC-0*(\d{1,9})\b[:,]?\s*", re.IGNORECASE)
_OPENING = re.compile(r"(\w+)\s+([^:]+):\s*(.+)", re.DOTALL)
_REPORT = re.compile(r"([^:]+):\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """What somebody wants. `number`: of the incident, None for the one that runs."""

    verb: str
    number: int | None = None
    text: str = ""
    severity: Severity = Severity.HIGH
    systems: tuple[str, ...] = ()
    team: str = ""
    conditions: str = ""
    actions: str = ""
    needs: str = ""


def read_command(typed: str) -> Command:
    """The command. Raises ValueError with a sentence for who typed it."""
    verb, _, rest = clean_text(typed).strip().partition(" ")
    verb, rest = verb.lower() or HELP, rest.strip()
    if verb == OPEN:
        return _opening(rest)
    if verb not in (NOTE, CAN, STATUS):
        return Command(HELP)
    found = _NUMBER.match(rest)
    number = int(found[1]) if found else None
    rest = rest[found.end() :].strip() if found else rest
    if verb == STATUS:
        return Command(STATUS, number)
    if not rest:
        raise ValueError(f"Say what: /major {verb} …")
    return Command(NOTE, number, rest) if verb == NOTE else _report(number, rest)


def _opening(rest: str) -> Command:
    found = _OPENING.fullmatch(rest)
    if found is None:
        raise ValueError("Use /major open <severity> <systems>: <title>")
    severity, title = by_value(Severity, found[1].lower()), clean_line(found[3])
    if severity is None:
        raise ValueError(f"Severity is one of {', '.join(Severity)}.")
    if not title or len(title) > TITLE_MOST:
        raise ValueError(f"A title has 1 to {TITLE_MOST} characters; this has {len(title)}.")
    try:
        named = systems(found[2])
    except ValueError as problem:
        raise ValueError(f"Systems: {problem}.") from None
    return Command(OPEN, text=title, severity=severity, systems=tuple(named))


def _report(number: int | None, rest: str) -> Command:
    found = _REPORT.fullmatch(rest)
    if found is None:
        raise ValueError("Use /major can <team>: <conditions> / <actions> / <needs>")
    conditions, actions, needs = ([part.strip() for part in found[2].split(" / ", 2)] + ["", ""])[:3]
    said = Command(CAN, number, team=clean_line(found[1]))
    return replace(said, conditions=conditions, actions=actions, needs=needs)


def unescaped(text: str) -> str:
    """What a person typed, of a text in which Slack wrote its three control characters as entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def is_slacks(secret: str, stamp: str, body: bytes, signature: str, now: datetime) -> bool:
    """Whether Slack signed this body within GOOD_FOR of `now`: `v0=` and the HMAC over `v0:stamp:body`."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    if abs(now.timestamp() - int(stamp)) > GOOD_FOR.total_seconds():
        return False
    mark = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
    return hmac.compare_digest(f"v0={mark}".encode(), signature.encode())


@dataclass(frozen=True)
class Press:
    """A press of the button *I am on it*: of which page, by whom (`given`, as the form of a command says it).

    `key`: of this press, empty for none; `reply_to`: the address at which who pressed is told.
    """

    page: int
    given: dict[str, str]
    key: str
    reply_to: str


def read_press(payload: str) -> Press | None:
    """What Slack says of a button (`block_actions`); None for anything that is no such press."""
    try:
        sent = json.loads(payload)
        action = sent["actions"][0]
        before, prefix, number = str(action["action_id"]).partition(PAGE_ACTION)
        user, trigger = sent["user"], str(sent.get("trigger_id", ""))
        is_number = number.isdecimal() and number.isascii()
        if sent["type"] != "block_actions" or before or not prefix or not is_number:
            return None
        given = {"user_id": str(user["id"]), "team_id": str(user.get("team_id") or sent["team"]["id"])}
        key = sha256(f"slack press {trigger}".encode()).hexdigest() if trigger else ""
        return Press(int(number), given, key, str(sent.get("response_url", "")))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None
