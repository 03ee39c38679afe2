"""Flask's side of the event streams: tickets, addresses, who edits what.

They are served in realtime/streams.py.
"""

from __future__ import annotations

import re

from flask import Flask, current_app
from flask_login import current_user

from majorops.operations.accounts import ended_sessions, hash_token
from majorops.realtime import Live, Ticket
from majorops.web.session import oldest_session

STREAM = re.compile(r"/admin/incidents/(\d+/)?stream")  # of one incident, and of the list


def live() -> Live:
    """The streams of this process."""
    return current_app.extensions["live"]


def ticket(topic: str) -> str:
    """A fresh ticket for the person who asks; empty where no stream can be had (any plain WSGI server)."""
    if live().hub is None:
        return ""
    actor = current_user.actor
    return current_app.extensions["tickets"].issue(
        Ticket(topic, actor.user_id, actor.name, hash_token(current_user.token))
    )


def publish_editing(topic: str, field: str) -> None:
    """The person who asks edits this field now; empty for none."""
    live().publish_editing(topic, current_user.actor.user_id, field)


def init_app(app: Flask) -> None:
    """Offer tickets to templates, and let streams look up which sessions have ended."""

    def find_over(sessions: set[str]) -> set[str]:
        with app.app_context():
            return ended_sessions(sessions, oldest_session())

    live_here = app.extensions["live"]
    live_here.find_over = find_over
    app.add_template_global(ticket, "stream_ticket")
