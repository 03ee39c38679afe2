"""Planned work: announced, moved, begun, ended or cancelled, and told to the public.

Its rules are in domain/maintenance.py.
"""

from __future__ import annotations

from flask import Flask

from majorops.maintenance.views import bp


def init_app(app: Flask) -> None:
    """Register the pages of planned work."""
    app.register_blueprint(bp)
