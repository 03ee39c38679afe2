"""Search over the record, at /admin/search."""

from __future__ import annotations

from flask import Flask

from majorops.search.views import bp


def init_app(app: Flask) -> None:
    """Register the page."""
    app.register_blueprint(bp)
