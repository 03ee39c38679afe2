"""Who types: the account with the e-mail that the chat service has for them."""

from __future__ import annotations

import threading
import time

from flask import current_app

from majorops.domain.access import GRANTS, Actor, Permission
from majorops.notifications.chat_api import mattermost_email, slack_email
from majorops.notifications.message import NotSent
from majorops.operations.people import account_by_email

KNOWN_FOR = 600.0  # seconds for which an e-mail is not asked for again
KNOWN_MOST = 1_000
LABELS = {"slack": "Slack", "mattermost": "Mattermost"}
# What a chat can do of what a person may. What opens is public as the settings say: that needs PUBLISH.
MAY = frozenset(
    {
        Permission.INCIDENT_READ,
        Permission.INCIDENT_OPEN,
        Permission.PUBLISH,
        Permission.TIMELINE_NOTE,
        Permission.CAN_REPORT,
    }
)
_lock = threading.Lock()


def who_types(service: str, given: dict[str, str]) -> Actor:
    """The account behind a command, which acts by the service. Raises NotSent with a sentence.

    `given`: the form that the service sent.
    """
    email = _email(service, given)
    user = account_by_email(email) if email else None
    if user is None:
        raise NotSent(f"No account here has your e-mail, {email or 'which is not known'}.")
    scopes = GRANTS[user.role] & MAY
    return Actor(
        name=user.name,
        role=user.role,
        user_id=user.id,
        email=user.email,
        token=LABELS[service],
        scopes=scopes,
    )


def _email(service: str, given: dict[str, str]) -> str:
    user_id, team_id = given.get("user_id", ""), given.get("team_id", "")
    key = (service, team_id, user_id)
    known: dict[tuple[str, str, str], tuple[str, float]] = current_app.extensions.setdefault(
        "chat_people", {}
    )
    found = known.get(key)
    if found is not None and found[1] > time.monotonic():
        return found[0]
    settings = current_app.config
    if not settings[f"{service.upper()}_BOT_TOKEN"]:
        raise NotSent(f"MAJOROPS_{service.upper()}_BOT_TOKEN is not set: nobody can be told from another.")
    if service == "slack":
        email = slack_email(user_id, team_id, settings)
    else:
        email = mattermost_email(user_id, settings)
    with _lock:
        if len(known) >= KNOWN_MOST:
            known.clear()
        known[key] = (email, time.monotonic() + KNOWN_FOR)
    return email
