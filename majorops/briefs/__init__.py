"""Stakeholder brief and executive brief (domain §7): one page each.

Accounts read them by their role; whoever has no account, by a link.
"""

from __future__ import annotations

from flask import Flask

from majorops.briefs import links, opened, pages


def init_app(app: Flask) -> None:
    """Register the pages of both briefs and of their links."""
    for part in (pages, links, opened):
        app.register_blueprint(part.bp)
