"""One's own account, at /admin/account: a page for each tab, for everybody who is signed in.

A tab is one file here with its views, its line in TABS, and its template in templates/account/.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask_login import current_user

from majorops.account import (  # noqa: F401  (their views join the blueprint)
    devices,
    keys,
    notices,
    sessions,
    sign_in,
    tokens,
    you,
)
from majorops.account.blueprint import bp, is_local
from majorops.domain.access import Permission


def everybody() -> bool:
    """Every account has this tab."""
    return True


def commands() -> bool:
    """Only who opens the fireground has this tab."""
    return current_user.actor.can(Permission.INCIDENT_READ)


@dataclass(frozen=True)
class Tab:
    """A page of one's own account: its name in the navigation, the endpoint that draws it, and for whom."""

    name: str
    endpoint: str
    is_for: Callable[[], bool] = everybody


TABS = (
    Tab("You", "show"),
    Tab("Notices", "notices"),
    Tab("Devices", "devices"),
    Tab("Sign-in", "sign_in", is_local),
    Tab("Sessions", "sessions"),
    Tab("Tokens", "tokens"),
    Tab("Keys", "keys", commands),
)
"""In the order of the navigation."""


def init_app(app: Flask) -> None:
    """Register the pages of one's own account."""
    app.register_blueprint(bp)
    app.add_template_global(lambda: [tab for tab in TABS if tab.is_for()], "account_tabs")
