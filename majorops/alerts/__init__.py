"""Alerts from monitoring systems: where they come in, and the page where people see to them."""

from __future__ import annotations

from flask import Flask

from majorops.alerts import hooks, page
from majorops.alerts.receiver import STRANGERS, STRANGERS_SPAN
from majorops.web.budget import Budget
from majorops.web.security import csrf


def init_app(app: Flask) -> None:
    """Register the addresses; what carries a secret needs no token of a form."""
    csrf.exempt(hooks.bp)
    app.register_blueprint(hooks.bp)
    app.register_blueprint(page.bp)
    app.before_request(hooks.allow_long_bodies)
    app.extensions["alert_strangers"] = Budget(STRANGERS, STRANGERS_SPAN)
    app.extensions.setdefault("errors_at", {})[f"{hooks.PREFIX}/"] = hooks.on_http_error
