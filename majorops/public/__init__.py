"""What strangers see, one group of blueprints: the status page and what is drawn from it (JSON, feeds,
text, badge), subscriptions, the intake form, and sign-in, with OIDC too.
"""

from __future__ import annotations

from flask import Flask

from majorops.public import feeds, health, intake, sign_in, status, statuspage_api, subscribe
from majorops.public.page import register


def init_app(app: Flask) -> None:
    """Register the pages."""
    register(app, status.bp, subscribe.bp)
    for part in (statuspage_api, feeds, intake, sign_in, health):
        app.register_blueprint(part.bp)
