"""Chat channels that take messages at a web address of their own: Slack's and Teams' incoming webhooks."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

PAGE_ACTION = "page-"  # and its number: what the button *I am on it* of a message is called
SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
# Workflows of Power Automate; what their addresses end with in the clouds of Microsoft.
TEAMS_ENDINGS = (".logic.azure.com", ".logic.azure.us", ".api.powerplatform.com", ".api.powerplatform.us")
# Microsoft switched these off: they take no message any more.
CONNECTOR_ENDINGS = (".webhook.office.com",)
OLD_CONNECTOR = (
    "Teams takes no messages at addresses of this kind any more. In Teams make one with Workflows: "
    "Post to a channel when a webhook request is received."
)


class Chat(StrEnum):
    """A service with a message format of its own."""

    SLACK = "slack"
    TEAMS = "teams"


def chat_of(address: str) -> Chat | None:
    """Whose incoming webhook the web address is; None for any other webhook."""
    host = (urlsplit(address).hostname or "").lower()
    if host in SLACK_HOSTS:
        return Chat.SLACK
    return Chat.TEAMS if host.endswith(TEAMS_ENDINGS) else None


def chat_problem(address: str) -> str:
    """Why no message can be sent to this web address of a chat service; empty when one can be tried."""
    host = (urlsplit(address).hostname or "").lower()
    return OLD_CONNECTOR if host.endswith(CONNECTOR_ENDINGS) else ""
