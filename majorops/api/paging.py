"""Pages: who was called for a role, calling somebody, and being on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlalchemy import select

from majorops.api import shapes
from majorops.api.acts import AT, COURSE, act
from majorops.api.records import reading
from majorops.api.route import Done, incident_of, row_of
from majorops.api.shapes import Given
from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import CommandRole
from majorops.domain.errors import NotFound
from majorops.models import Page
from majorops.operations import paging

PAGE = "/pages/<int:page_id>"


class PageGiven(Given):
    """The role to page for; `whom`: an account by e-mail or name, empty for whoever is on call."""

    role: CommandRole
    whom: Annotated[str, Field(max_length=254)] = ""


def list_pages(number: int, actor: Actor) -> Done:
    """Every page of an incident, also those that ended."""
    incident = incident_of(number, actor)
    rows = db.session.scalars(select(Page).filter_by(incident_id=incident.id))
    found = [shapes.PageOut.model_validate(one) for one in sorted(rows, key=lambda row: row.id)]
    return Done(shapes.Pages(pages=found), incident)


def read_page(number: int, page_id: int, actor: Actor) -> Done:
    """One page of an incident. Raises NotFound."""
    incident, row = incident_of(number, actor), row_of(Page, page_id)
    if row.incident_id != incident.id:
        raise NotFound("There is nothing with this number.")
    return Done(shapes.PageOut.model_validate(row), incident)


ROUTES = (
    reading(f"{AT}/pages", list_pages, shapes.Pages, "Pages for roles", COURSE),
    reading(f"{AT}{PAGE}", read_page, shapes.PageOut, "One page", COURSE),
    act("/pages", paging.page_role, "Page whoever is on call", COURSE, body=PageGiven, shows=shapes.PageOut),
    act(f"{PAGE}/answer", paging.answer_page, "Say that somebody is on it", COURSE, takes_role=False),
    act(f"{PAGE}/end", paging.end_page, "Stop paging", COURSE),
)
