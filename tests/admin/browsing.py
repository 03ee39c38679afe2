"""What a browser does with the tables' pages, and what was recorded of it."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.models import AuditEntry, TimelineEvent

TABLES = (
    "incidents",
    "timeline",
    "updates",
    "milestones",
    "command-assignments",
    "systems",
    "users",
    "audit",
)
WRITABLE = {"incidents": {"edit"}, "systems": {"new", "edit"}, "users": {"new", "edit"}}
every_table = pytest.mark.parametrize("name", TABLES)


def form_of(answer) -> dict[str, str]:
    """What the browser would send back from the page's form, with CRLF as browsers do."""
    text = answer.text.split('<form class="data-form"')[1]
    given = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag, re.S)
        given[name[1]] = unescape(value[1]) if value else ""
    for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\r?\n?(.*?)</textarea>', text, re.S):
        given[name] = unescape(value)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        given[name] = chosen[1] if chosen else re.search(r'value="([^"]*)"', options)[1]
    return {name: value.replace("\n", "\r\n") for name, value in given.items()}


def save(browser, address: str, /, **changed):
    """Open the form at the address, change some values, and send it."""
    return browser.post(address, data=form_of(browser.get(address)) | changed)


def entries(incident_id: int) -> list[TimelineEvent]:
    db.session.expire_all()
    return db.session.scalars(
        select(TimelineEvent).filter_by(incident_id=incident_id).order_by(TimelineEvent.seq)
    ).all()


def audits(kind: str) -> list[AuditEntry]:
    db.session.expire_all()
    return db.session.scalars(select(AuditEntry).filter(AuditEntry.kind.startswith(kind))).all()
