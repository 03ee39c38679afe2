"""The interfaces of Slack and Mattermost that a bot's token opens: who somebody is, and a message to keep.

Their answers are read, up to LARGEST bytes, and never longer waited for than is said.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from majorops import clock
from majorops.domain.outgoing import retry_after
from majorops.notifications import webhook
from majorops.notifications.message import NotSent
from majorops.notifications.net import TOTAL_TIMEOUT

log = logging.getLogger(__name__)

SLACK_API = "https://slack.com/api"
SLACK_REPLIES = "https://hooks.slack.com/actions/"
LARGEST = 64 * 1024
TYPING_WAITS = 2.0  # seconds: Slack gives up a command after three
REPLY_WAITS = 0.8  # seconds that are left of those three
USER_ID = re.compile(r"[A-Za-z0-9]{1,40}")
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})  # of Slack


class MessageGone(NotSent):
    """The message that was to be changed is not there any more."""


class Wait(NotSent):
    """The service asks to be left alone for `pause`."""

    def __init__(self, why: str, pause: timedelta):
        super().__init__(why)
        self.pause = pause


@dataclass(frozen=True)
class Words:
    """A message as a service takes it: `text`, and for Slack `blocks`."""

    text: str
    blocks: tuple[dict[str, Any], ...] = ()


def slack_email(user_id: str, team_id: str, settings: Mapping[str, Any]) -> str:
    """The e-mail of who typed, by Slack. Raises NotSent with a sentence where that is not known.

    Of another workspace, which shares a channel with ours, nobody: what they have as e-mail is their word.
    """
    _demand_id(user_id)
    path = f"users.info?user={user_id}"
    user = _slack("GET", path, None, settings, TYPING_WAITS).get("user") or {}
    if user.get("deleted") or user.get("is_stranger") or user.get("team_id") != team_id:
        raise NotSent("Only members of our own workspace can do this.")
    if user.get("is_email_confirmed") is False:
        raise NotSent("Slack has not confirmed your e-mail.")
    return str((user.get("profile") or {}).get("email") or "")


def mattermost_email(user_id: str, settings: Mapping[str, Any]) -> str:
    """The e-mail of who typed, by Mattermost. Raises NotSent with a sentence where that is not known."""
    _demand_id(user_id)
    user = _mattermost("GET", f"users/{user_id}", None, settings, TYPING_WAITS)
    if user.get("delete_at"):
        raise NotSent("Your account there is switched off.")
    return str(user.get("email") or "")


def _demand_id(user_id: str) -> None:
    if not USER_ID.fullmatch(user_id):
        raise NotSent("The service did not say who you are.")


def put_slack(words: Words, message_id: str, settings: Mapping[str, Any]) -> str:
    """Post a message, or change the one with this id. Returns its id.

    Raises MessageGone, Wait, NotSent.
    """
    said = {"channel": settings["SLACK_CHANNEL"], "text": words.text, "blocks": list(words.blocks)}
    if message_id:
        return str(_slack("POST", "chat.update", said | {"ts": message_id}, settings).get("ts") or message_id)
    said |= {"unfurl_links": False, "unfurl_media": False}
    return str(_slack("POST", "chat.postMessage", said, settings).get("ts") or "")


def slack_reply(link: str, text: str, settings: Mapping[str, Any]) -> None:
    """Tell who pressed a button, and nobody else, at the address that came with it. Never raises."""
    if not link.startswith(SLACK_REPLIES):
        return
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = {"response_type": "ephemeral", "replace_original": False, "text": text}
    headers = {"Content-Type": "application/json; charset=utf-8"}
    try:
        webhook.ask(link, json.dumps(said).encode(), headers, settings, seconds=REPLY_WAITS)
    except NotSent as problem:
        log.info("a reply in Slack: %s", problem)


def put_mattermost(words: Words, message_id: str, settings: Mapping[str, Any]) -> str:
    """As `put_slack`."""
    if message_id:
        _mattermost("PUT", f"posts/{message_id}/patch", {"message": words.text}, settings)
        return message_id
    said = {"channel_id": settings["MATTERMOST_CHANNEL"], "message": words.text}
    return str(_mattermost("POST", "posts", said, settings).get("id") or "")


def _slack(
    method: str,
    path: str,
    body: dict[str, Any] | None,
    settings: Mapping[str, Any],
    seconds: float = TOTAL_TIMEOUT,
) -> dict[str, Any]:
    status, answer = _ask(method, f"{SLACK_API}/{path}", "SLACK_BOT_TOKEN", body, settings, seconds)
    if answer.get("ok") is True:
        return answer
    error = str(answer.get("error") or status)[:80]
    raise (MessageGone if error in GONE else NotSent)(f"Slack answered {error}.")


def _mattermost(
    method: str,
    path: str,
    body: dict[str, Any] | None,
    settings: Mapping[str, Any],
    seconds: float = TOTAL_TIMEOUT,
) -> dict[str, Any]:
    link = f"{settings['MATTERMOST_URL']}/api/v4/{path}"
    # The server's own setting may be inside; it is no address that somebody typed.
    inside = {**settings, "WEBHOOK_PRIVATE": True}
    status, answer = _ask(method, link, "MATTERMOST_BOT_TOKEN", body, inside, seconds)
    if 200 <= status < 300:
        return answer
    why = str(answer.get("id") or status)[:80]
    raise (MessageGone if method == "PUT" and status in (403, 404) else NotSent)(
        f"Mattermost answered {why}."
    )


def _ask(
    method: str,
    link: str,
    token: str,
    body: dict[str, Any] | None,
    settings: Mapping[str, Any],
    seconds: float,
) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer; {} for what is no object. Raises Wait for 429, NotSent for no answer."""
    sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {
        "Authorization": f"Bearer {settings[token]}",
        "Content-Type": "application/json; charset=utf-8",
    }
    status, said, raw = webhook.ask(
        link, sent, headers, settings, method=method, most=LARGEST, seconds=seconds
    )
    if status == 429:
        pause = retry_after(said.get("Retry-After", ""), clock.now()) or timedelta(seconds=30)
        raise Wait("It asks to be left alone.", min(pause, timedelta(hours=1)))
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    return status, found if isinstance(found, dict) else {}
