"""What comes after an incident: its Learning Review, and the actions of all of them."""

from __future__ import annotations

from flask import Flask

from majorops.reviews import (  # noqa: F401  (their views join)
    actions,
    archive,
    drafts,
    exports,
    page,
    printing,
    public_review,
    questions,
    steps,
    texts,
)
from majorops.reviews.blueprint import action_bp, archive_bp, bp


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(bp)
    app.register_blueprint(action_bp)
    app.register_blueprint(archive_bp)
