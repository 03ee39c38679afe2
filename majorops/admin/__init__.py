"""Data management with Flask-Admin at /admin/ (domain §7): for admins, in the product's look.

Every write is an operation.
"""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin, AdminIndexView, expose

from majorops.admin import (
    alerts,
    chat,
    delivery,
    drafts,
    first_steps,
    health,
    imports,
    maintenance,
    outgoing,
    paging,
    reach,
    response,
    runcards,
    subscribers,
    templates,
    tokens,
)
from majorops.admin.base import Guard, Table
from majorops.admin.suggestions import suggested
from majorops.admin.tables import TABLES
from majorops.db import db
from majorops.domain.health import size_words

GROUPS = {
    "Incidents": ("Incidents", "Timeline", "Milestones", "Updates"),
    "Response": (
        "Command assignments",
        "Hand-overs",
        "Tracks",
        "Timeboxes",
        "CAN reports",
        "Asks",
        "Pages",
        "Checks",
        "Run cards",
        "Run card versions",
    ),
    "People": ("Users", "Channels", "Rotas", "Tokens"),
    "Public": (
        "Systems",
        "Update templates",
        "Maintenance",
        "Maintenance updates",
        "Subscribers",
        "Announcements",
    ),
    "Alerts": ("Alert sources", "Alert rules", "Alert deliveries", "Silences"),
    "Delivery": ("Deliveries", "Policies", "Endpoints", "Events", "Chat messages"),
    "System": ("Audit", "AI drafts"),
}
"""The tables by what they are about, in the order of the menu."""


class Index(Guard, AdminIndexView):
    """The front page of the data: every table, what it holds, and how many rows."""

    @expose("/")
    def index(self) -> str:
        """Draw the tables by group, each with its number of rows up to SKIMMED; one query a table."""
        groups = [
            (group, [(table, *table.count_rows()) for table in tables])
            for group, tables in grouped(self.admin).items()
        ]
        return self.render("admin/start.html", groups=groups, steps=first_steps.steps_now())


def grouped(admin: Admin) -> dict[str, list[Table]]:
    """The views by group, in the order of GROUPS. Raises KeyError while one is not registered."""
    views = {view.name: view for view in admin._views if isinstance(view, Table)}
    return {group: [views[name] for name in names] for group, names in GROUPS.items()}


def init_app(app: Flask) -> None:
    """Register the front page and the tables.

    All pages are templates of our own (templates/admin): no script, no style from elsewhere. Endpoints
    begin with `admin` or `data_`, by which web/access.py knows them.
    """
    for pages in (reach.bp, first_steps.bp, health.bp, imports.bp):
        app.register_blueprint(pages)
    admin = Admin(app, name="Data", index_view=Index(name="Data", endpoint="admin", url="/admin"))
    more = (
        response,
        runcards,
        delivery,
        subscribers,
        maintenance,
        drafts,
        templates,
        tokens,
        alerts,
        outgoing,
        chat,
        paging,
    )
    for table, model, name in sum((part.TABLES for part in more), TABLES):
        slug = name.lower().replace(" ", "-")
        endpoint = f"data_{slug.replace('-', '_')}"
        admin.add_view(table(model, db, name=name, endpoint=endpoint, url=f"/admin/data/{slug}"))
    groups = grouped(admin)
    app.add_template_global(lambda: groups, "data_groups")
    app.add_template_filter(size_words)
    app.add_template_global(suggested, "suggested")
