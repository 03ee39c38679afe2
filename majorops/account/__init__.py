"""One's own account, at /admin/account: a page for each tab, for everybody who is signed in.

A tab is one file here with its views, its line in TABS, and its template in templates/account/.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from majorops.account import devices, notices, you  # noqa: F401  (their views join the blueprint)
from majorops.account.blueprint import bp


@dataclass(frozen=True)
class Tab:
    """A page of one's own account: its name in the navigation, and the endpoint that draws it."""

    name: str
    endpoint: str


TABS = (Tab("You", "show"), Tab("Notices", "notices"), Tab("Devices", "devices"))
"""In the order of the navigation."""


def init_app(app: Flask) -> None:
    """Register the pages of one's own account."""
    app.register_blueprint(bp)
    app.jinja_env.globals["account_tabs"] = TABS
