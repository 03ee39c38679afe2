"""What the palette leads to where no incident is commanded: what runs now, and the pages."""

from __future__ import annotations

from flask import url_for
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.models import IS_RUNNING, Incident
from majorops.web.access import access_of

RUNNING_MOST = 20
PAGES = (
    ("Incidents", "fireground.index"),
    ("Open incident", "intake.new"),
    ("Search the record", "search.index"),
    ("Alerts", "alerts.index"),
    ("Reviews", "archive.index"),
    ("Actions", "actions.index"),
    ("Measures", "measures.index"),
    ("Maintenance", "maintenance.index"),
    ("Data", "admin.index"),
    ("Reach", "reach.index"),
    ("Health", "health_page.index"),
    ("Status page", "public.status"),
    ("Your account", "account.show"),
)

Links = list[tuple[str, str]]


def sections(actor: Actor) -> list[tuple[str, Links]]:
    """Headings, each with labels and addresses that this person may open. One query."""
    rows = select(Incident.id, Incident.title).where(IS_RUNNING).order_by(Incident.id.desc())
    running = [
        (f"Go to INC-{number:03d}, {title}", url_for("fireground.show", number=number))
        for number, title in db.session.execute(rows.limit(RUNNING_MOST))
    ]
    pages = [(label, url_for(endpoint)) for label, endpoint in PAGES if _may_open(endpoint, actor)]
    return [("Running", running), ("Pages", pages)]


def _may_open(endpoint: str, actor: Actor) -> bool:
    access = access_of(endpoint)
    return access in ("public", "signed in") or (isinstance(access, Permission) and actor.can(access))
