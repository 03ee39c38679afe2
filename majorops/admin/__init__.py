"""Data management with Flask-Admin at /admin/: for admins, in the product's look, and every write a verb."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin, AdminIndexView
from flask_admin.theme import Bootstrap4Theme

from majorops.admin.base import Guard
from majorops.admin.tables import TABLES
from majorops.db import db
from majorops.web.security import csp_nonce


class Index(Guard, AdminIndexView):
    """The front page of the data: what is here and where the rest is."""


def init_app(app: Flask) -> None:
    admin = Admin(
        app,
        name="MajorOps data",
        theme=Bootstrap4Theme(swatch="default", fluid=True, base_template="admin/base.html"),
        index_view=Index(name="Data", url="/admin", template="admin/start.html"),
        csp_nonce_generator=csp_nonce,
    )
    for table, model, name in TABLES:
        slug = name.lower().replace(" ", "-")
        view = table(
            model, db, name=name, endpoint=f"data_{slug.replace('-', '_')}", url=f"/admin/data/{slug}"
        )
        admin.add_view(view)
