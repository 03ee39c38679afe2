"""Data management with Flask-Admin at /admin/: for admins, in the product's look, and every write a verb."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin, AdminIndexView, expose

from majorops.admin import delivery, drafts, maintenance, runcards, subscribers
from majorops.admin.base import Guard
from majorops.admin.tables import TABLES
from majorops.db import db


class Index(Guard, AdminIndexView):
    """The front page of the data: every table, what it holds, and how many rows."""

    @expose("/")
    def index(self) -> str:
        tables = [item._view for item in self.admin.menu() if item._view is not self]
        return self.render("admin/start.html", rows=[(table, *table.count_rows()) for table in tables])


def init_app(app: Flask) -> None:
    """Register the front page and the tables. All pages are templates of our own (templates/admin): no script, no
    style from elsewhere. Endpoints begin with `admin` or `data_`, by which web/access.py knows them."""
    admin = Admin(app, name="Data", index_view=Index(name="Data", endpoint="admin", url="/admin"))
    more = (runcards, delivery, subscribers, maintenance, drafts)
    for table, model, name in sum((part.TABLES for part in more), TABLES):
        slug = name.lower().replace(" ", "-")
        endpoint = f"data_{slug.replace('-', '_')}"
        admin.add_view(table(model, db, name=name, endpoint=endpoint, url=f"/admin/data/{slug}"))
