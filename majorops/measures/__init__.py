"""Measures at /admin/measures and a quarter at /exec: what the record says of how incidents were handled."""

from __future__ import annotations

from flask import Flask

from majorops.measures.charts import spoken
from majorops.measures.views import bp


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(bp)
    app.add_template_filter(spoken)
