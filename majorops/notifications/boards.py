"""One message an incident in Slack or Mattermost, changed as it changes instead of a stream of them.

Everybody in the channel reads it: it is set up for people of the response.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from majorops import clock
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.chat import PAGE_ACTION
from majorops.domain.enums import CommandRole
from majorops.models import ChatBoard, Incident, Page
from majorops.notifications.chat import escaped
from majorops.notifications.chat_api import MessageGone, Wait, Words, put_mattermost, put_slack
from majorops.notifications.message import NotSent
from majorops.operations.boards import AGAIN, EVERY, claim_board, settle_board, stale_boards
from majorops.operations.command import holder
from majorops.operations.paging import open_pages

log = logging.getLogger(__name__)
MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~<])")  # of Markdown
BREAK = "\u200b"  # of no width: behind an @ it keeps a name from calling everybody


@dataclass(frozen=True)
class Room:
    """A channel that gets the messages: how they are worded there, and how one is put there."""

    service: str
    words: Callable[[list[str], str, list[Page]], Words]
    put: Callable[[Words, str, Mapping[str, Any]], str]


def lines(incident: Incident) -> list[str]:
    """What stands of an incident in a chat, a line each; times in UTC."""
    mim = holder(incident, CommandRole.MIM)
    state = f"{incident.status.label}, phase {incident.phase.title}"
    found = [
        f"{incident.reference} {incident.title}",
        f"{incident.severity.label}, {incident.alarm_level.label} · {state}",
        f"Systems: {', '.join(incident.system_names)}",
        f"MIM: {mim.name if mim else 'nobody'}",
    ]
    if incident.last_communicated_at:
        found.append(f"Last update: {incident.last_communicated_at:%H:%M} UTC")
    if incident.next_update_eta and not incident.is_resolved:
        found.append(f"Next update: {incident.next_update_eta:%H:%M} UTC")
    found += [f"Paged for {page.role.label}: {page.whom}" for page in open_pages(incident.id)]
    return found


def slack_words(found: list[str], link: str, pages: list[Page]) -> Words:
    """For Slack: the first line is what a phone shows. `pages`: each gets the button *I am on it*."""
    first, rest = escaped(found[0]), escaped("\n".join(found[1:]))
    text = f"*{first}*\n{rest}" + (f"\n<{escaped(link)}|Open>" if link else "")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text[:3_000], "verbatim": True}}
    return Words(first, (section, *_buttons(pages)))


def _buttons(pages: list[Page]) -> list[dict[str, Any]]:
    """The block with a button for each page; a press comes to `chat/blueprint.py`."""
    elements = [
        {
            "type": "button",
            "action_id": f"{PAGE_ACTION}{page.id}",
            "value": str(page.id),
            "text": {"type": "plain_text", "text": f"I am on it: {page.role.label}"[:75]},
        }
        for page in pages
    ]
    return [{"type": "actions", "block_id": "pages", "elements": elements}] if elements else []


def mattermost_words(found: list[str], link: str, pages: list[Page]) -> Words:
    """For Mattermost: what people wrote is shown as it was written, and calls nobody. It has no buttons."""
    plain = [MARKS.sub(r"\\\1", line).replace("@", f"@{BREAK}") for line in found]
    text = "\n".join([f"**{plain[0]}**", *plain[1:]])
    return Words(text[:4_000] + (f"\n[Open]({link})" if link else ""))


def rooms(settings: Mapping[str, Any]) -> list[Room]:
    """The channels that the settings name."""
    found = []
    if settings["SLACK_BOT_TOKEN"] and settings["SLACK_CHANNEL"]:
        found.append(Room("slack", slack_words, put_slack))
    if settings["MATTERMOST_URL"] and settings["MATTERMOST_BOT_TOKEN"] and settings["MATTERMOST_CHANNEL"]:
        found.append(Room("mattermost", mattermost_words, put_mattermost))
    return found


def refresh(settings: Mapping[str, Any]) -> int:
    """Bring every message up to date that is not. Returns how many were looked at."""
    count = 0
    for room in rooms(settings):
        for number in stale_boards(room.service, clock.now()):
            board = claim_board(number, room.service, actor=SYSTEM, now=clock.now())
            if board is not None:
                _bring_up_to_date(board, room, settings)
                count += 1
    db.session.rollback()
    return count


def _bring_up_to_date(board: ChatBoard, room: Room, settings: Mapping[str, Any]) -> None:
    """Show the incident as it is at this moment. No transaction is open while the service is asked."""
    incident = db.session.get_one(Incident, board.incident_id, populate_existing=True)
    base = settings["BASE_URL"]
    # A button that nobody answers would be a promise: without the secret presses are refused.
    pages = open_pages(incident.id) if settings["SLACK_SIGNING_SECRET"] else []
    words = room.words(lines(incident), f"{base}/admin/incidents/{incident.id}" if base else "", pages)
    number, message_id, was = board.id, board.message_id, board.shown
    shown, kept = sha256(repr(words).encode()).hexdigest(), board.version
    version, is_done = incident.version, incident.is_resolved
    db.session.remove()
    error, pause = "", EVERY
    try:
        if shown != was:
            message_id = _put(room, words, message_id, settings)
    except NotSent as problem:
        error, version, shown, is_done = str(problem), kept, was, False
        pause = problem.pause if isinstance(problem, Wait) else AGAIN
        log.warning("message %s in %s: %s", number, room.service, error)
    settle_board(
        number,
        version=version,
        message_id=message_id,
        shown=shown,
        is_done=is_done,
        error=error,
        pause=pause,
        actor=SYSTEM,
        now=clock.now(),
    )


def _put(room: Room, words: Words, message_id: str, settings: Mapping[str, Any]) -> str:
    """Change the message; where somebody deleted it, post it again."""
    try:
        return room.put(words, message_id, settings)
    except MessageGone:
        return room.put(words, "", settings)
