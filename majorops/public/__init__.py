"""What strangers see, one group of blueprints: status page, subscriptions, intake form, sign-in.

What is drawn from the status page (JSON, feeds, text, badges) is here too, and sign-in with OIDC.
"""

from __future__ import annotations

from flask import Flask

from majorops.public import (
    embed,
    feeds,
    health,
    intake,
    metrics,
    sign_in,
    sign_in_steps,  # noqa: F401 (its views join the blueprint of sign_in)
    status,
    statuspage_api,
    subscribe,
)
from majorops.public.page import register
from majorops.public.unavailable import draw_unavailable


def init_app(app: Flask) -> None:
    """Register the pages, those for everybody in every language."""
    register(app, status.bp, subscribe.bp, embed.bp)
    for part in (statuspage_api, feeds, intake, sign_in, health, metrics):
        app.register_blueprint(part.bp)
    app.extensions["unavailable_page"] = draw_unavailable  # for the files, which know no page
