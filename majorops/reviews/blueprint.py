"""The blueprints that the views of this package join: one incident's review, all reviews, all actions."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("review", __name__, url_prefix="/admin/incidents/<int:number>/review")
action_bp = Blueprint("actions", __name__, url_prefix="/admin/actions")
archive_bp = Blueprint("archive", __name__, url_prefix="/admin/reviews")
