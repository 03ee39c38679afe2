"""The blueprint that every view of the fireground joins."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("fireground", __name__, url_prefix="/admin/incidents")
