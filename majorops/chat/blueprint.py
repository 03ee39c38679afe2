"""The addresses of slash commands: a request is checked over its raw body before anything is read of it."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from urllib.parse import parse_qsl

from flask import Blueprint, abort, current_app, request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.chat.acts import answer_by_press, answer_to
from majorops.chat.people import who_types
from majorops.domain.chat_commands import is_slacks, read_press, unescaped
from majorops.notifications.chat_api import slack_reply
from majorops.notifications.message import NotSent
from majorops.web.access import by_bearer

bp = Blueprint("chat", __name__, url_prefix="/hooks")
MOST = 32 * 1024  # bytes of a command
MOST_OF_BUTTON = 256 * 1024  # it carries the message
UNSIGNED = "The signature is missing, wrong, or older than five minutes."


@bp.post("/slack/commands")
@by_bearer
def slack() -> Response:
    """A command from Slack. 404 where no app is set up, 401 for what Slack did not sign within 5 minutes."""
    given = signed_form(MOST)
    if given is None:
        return refused(UNSIGNED)
    return said("slack", given | {"text": unescaped(given.get("text", ""))})


@bp.post("/slack/interactions")
@by_bearer
def slack_button() -> Response:
    """A button of a message was pressed in Slack. As for commands; what it came to is told by a reply."""
    given = signed_form(MOST_OF_BUTTON)
    if given is None:
        return refused(UNSIGNED)
    press = read_press(given.get("payload", ""))
    if press is not None:
        try:
            text = answer_by_press(press.page, who_types("slack", press.given), press.key)
        except NotSent as problem:
            text = f"Not done. {problem}"
        slack_reply(press.reply_to, text, current_app.config)
    response = current_app.response_class("", 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def signed_form(most: int) -> dict[str, str] | None:
    """The form that Slack signed within five minutes, None for any other; aborts with 404 without an app."""
    secret, body = current_app.config["SLACK_SIGNING_SECRET"], request.get_data()
    if not secret:
        abort(404)
    stamp, mark = (request.headers.get(f"X-Slack-{name}", "") for name in ("Request-Timestamp", "Signature"))
    if len(body) > most or not is_slacks(secret, stamp, body, mark, clock.now()):
        return None
    return form_of(body)


@bp.post("/mattermost/commands")
@by_bearer
def mattermost() -> Response:
    """A command from Mattermost. 404 where none is set up, 401 without its token."""
    wanted, body = current_app.config["MATTERMOST_COMMAND_TOKEN"], request.get_data()
    if not wanted:
        abort(404)
    given = form_of(body) if len(body) <= MOST else {}
    if not hmac.compare_digest(given.get("token", "").encode(), wanted.encode()):
        return refused("The token of the command is missing or wrong.")
    return said("mattermost", given)


def form_of(body: bytes) -> dict[str, str]:
    """A form as it was sent; of a name that comes twice the last value."""
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def said(service: str, given: dict[str, str]) -> Response:
    """What the command came to, to be read by who typed it and nobody else."""
    trigger = given.get("trigger_id", "")
    key = sha256(f"chat {service} {trigger}".encode()).hexdigest() if trigger else ""
    try:
        actor = who_types(service, given)
        text = answer_to(given.get("text", ""), actor, key)
    except NotSent as problem:
        text = f"Not done. {problem}"
    return answer({"response_type": "ephemeral", "text": text}, service)


def answer(found: dict[str, str], service: str) -> Response:
    """JSON for the service. Slack reads &, < and > as marks of its own, Mattermost Markdown in a block."""
    text = found["text"]
    text = (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if service == "slack" else text
    )
    response = current_app.response_class(json.dumps(found | {"text": text}), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(why: str) -> Response:
    """401, with a sentence for who sets it up."""
    return current_app.response_class(f"{why}\n", 401, content_type="text/plain; charset=utf-8")
