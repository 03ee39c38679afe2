"""Messages in the formats of Slack and Teams, for their incoming webhooks.

Both mark up text: what stands in a message is shown as it was written, and calls nobody.
"""

from __future__ import annotations

from majorops.domain.chat import Chat
from majorops.domain.text import ADDRESS
from majorops.notifications.message import Message

SLACK_HEADER = 150  # characters that Slack takes
TEXT = 2_900  # of the 3,000 that Slack takes in one block; Teams takes 28 KB in all


def payload(service: Chat, message: Message) -> dict[str, object]:
    """What the service wants to be posted: text and blocks, or an Adaptive Card."""
    return slack(message) if service is Chat.SLACK else teams(message)


def slack(message: Message) -> dict[str, object]:
    """`text` is what notifications of a phone show; the blocks are what stands in the channel."""
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(message.subject, SLACK_HEADER)}},
        *(_section(_linked(text)) for text in _texts(message)),
    ]
    if message.link:
        blocks.append(_section(_link(message.link, message.link_label)))
    if message.foot:
        small = f"{escaped(message.foot)} {_link(message.foot_link, message.foot_label)}"
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": small, "verbatim": True}]})
    return {"text": escaped(message.subject), "blocks": blocks}


def escaped(text: str) -> str:
    """Slack's three control characters as entities: `<!channel>` would call everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(address: str, label: str) -> str:
    return f"<{escaped(address)}|{escaped(label or address)}>" if address else ""


def _linked(text: str) -> str:
    """What people wrote: addresses in it can be followed, nothing else is marked up."""
    parts = ADDRESS.split(text)
    return "".join(f"<{escaped(one)}>" if ADDRESS.fullmatch(one) else escaped(one) for one in parts)


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, TEXT + 99), "verbatim": True}}


def teams(message: Message) -> dict[str, object]:
    """An Adaptive Card. Its texts are runs, which no Markdown is read in."""
    body = [_runs(message.subject, weight="Bolder", size="Medium"), *map(_runs, _texts(message))]
    if message.foot:
        body.append(_runs(message.foot, isSubtle=True, size="Small"))
    links = ((message.link, message.link_label), (message.foot_link, message.foot_label))
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": label or link, "url": link} for link, label in links if link
        ],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _runs(text: str, **look: object) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _texts(message: Message) -> list[str]:
    parts = ("\n".join(filter(None, (part.heading, part.text, part.link))) for part in message.parts)
    return [_cut(text, TEXT) for text in (message.body, *parts) if text]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
