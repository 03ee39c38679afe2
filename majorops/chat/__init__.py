"""What people type after `/major` in Slack or Mattermost, at /hooks/<service>/commands.

Whoever types acts as the account with their e-mail, and may less than it: read, open, note, report CAN.
"""

from __future__ import annotations

from flask import Flask

from majorops.chat.blueprint import bp
from majorops.web.security import csrf


def init_app(app: Flask) -> None:
    """Register the addresses; who is behind a request its signature says, or its token."""
    csrf.exempt(bp)
    app.register_blueprint(bp)
