"""What people outside the fireground get: messages, briefs, and links to briefs."""

from __future__ import annotations

from typing import Annotated, Any

from flask import url_for
from pydantic import Field
from sqlalchemy import select

from majorops import clock
from majorops.api import shapes
from majorops.api.acts import AT, act
from majorops.api.records import reading
from majorops.api.route import NO_INCIDENT, Done, Route, incident_of
from majorops.api.shapes import Given, Line, Text
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import BriefPage
from majorops.domain.errors import NotFound
from majorops.models import Delivery
from majorops.operations import RequestMeta, briefs, delivery
from majorops.projections.brief import brief_incident
from majorops.projections.brief_values import BriefIncident

MESSAGES, BRIEFS = "Messages", "Briefs"
LINK = f"{AT}/brief-links"


class Before(Given):
    """Messages numbered below `before`; so many at most."""

    before: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class LinkGiven(Given):
    """A link to a brief, for whom, for how long; mailed to `email`, with what follows, where there is one."""

    page: BriefPage
    name: Line
    hours: Annotated[int, Field(ge=1, le=10_000)]
    email: Annotated[str, Field(max_length=254)] = ""


class Question(Given):
    """What is asked from a brief."""

    text: Text


def list_deliveries(number: int, given: Before, actor: Actor) -> Done:
    """The messages that were sent for an incident, the newest first, without their text."""
    incident = incident_of(number, actor)
    rows = select(Delivery).filter_by(incident_id=incident.id).order_by(Delivery.id.desc())
    rows = rows.where(Delivery.id < given.before) if given.before else rows
    found = db.session.scalars(rows.limit(given.limit + 1)).all()
    page = [shapes.DeliveryOut.model_validate(one) for one in found[: given.limit]]
    following = page[-1].id if len(found) > given.limit else None
    return Done(shapes.DeliveryPage(deliveries=page, next=following))


def send_delivery_again(number: int, delivery_id: int, meta: RequestMeta, actor: Actor) -> Done:
    """Send a message again that was given up, or had no channel."""
    incident = incident_of(number, actor)
    row = db.session.scalar(select(Delivery).filter_by(id=delivery_id, incident_id=incident.id))
    if row is None:
        raise NotFound("There is no such message.")
    delivery.send_again(row, actor=actor, now=clock.now())
    return Done(shapes.DeliveryOut.model_validate(row))


def show_brief(number: int, actor: Actor) -> Done:
    """The stakeholder brief: no drill has one."""
    return Done(shapes.Brief(**_brief(_read(number, actor))))


def show_exec_brief(number: int, actor: Actor) -> Done:
    """The executive brief: no drill has one."""
    found = _read(number, actor)
    return Done(
        shapes.ExecBrief(
            **_brief(found),
            exec_summary=found.exec_summary,
            exec_summary_note=found.summary_note(clock.now()),
            risk_level=found.risk_level,
            exposure=found.exposure_words,
        )
    )


def _read(number: int, actor: Actor) -> BriefIncident:
    found = brief_incident(number, actor)
    if found is None or not actor.sees(found.systems):
        raise NotFound(NO_INCIDENT)
    return found


def _brief(found: BriefIncident) -> dict[str, Any]:
    now = clock.now()
    names = ("number", "reference", "title", "severity", "status", "phase", "alarm_level", "opened_at")
    texts = ("business_impact", "customer_impact_summary", "who_affected", "what_to_do")
    return {name: getattr(found, name) for name in (*names, *texts)} | {
        "resolved_at": found.resolved_at,
        "next_update_eta": found.next_update_eta,
        "systems": list(found.systems),
        "duration": int(found.duration(now).total_seconds()),
        "impact": int(found.impact(now).total_seconds()),
        "customer_count": found.customer_count,
        "is_approximate": found.customer_count_is_approximate,
        "said": [shapes.BriefSaid.model_validate(one) for one in found.milestones],
    }


def list_brief_links(number: int, actor: Actor) -> Done:
    """The links to the briefs of an incident; their tokens are kept nowhere."""
    found = briefs.links_of(incident_of(number, actor).id)
    return Done(shapes.BriefLinks(links=[shapes.BriefLinkOut.model_validate(one) for one in found]))


def make_brief_link(number: int, given: LinkGiven, meta: RequestMeta, actor: Actor) -> Done:
    """Make a link to a brief; its address is shown here alone."""
    incident = incident_of(number, actor)
    values = {name: getattr(given, name) for name in LinkGiven.model_fields}
    token = briefs.make_link(incident, **values, actor=actor, now=clock.now(), request_meta=meta)
    link = max(briefs.links_of(incident.id), key=lambda one: one.id)
    head = shapes.BriefLinkOut.model_validate(link).model_dump()
    page = given.page.value
    address = url_for("brief_link.show", number=incident.id, page=page, token=token) if token else ""
    return Done(shapes.NewBriefLink(**head, address=address), incident)


def brief(path: str, do, needs: Permission, summary: str, shows) -> Route:
    """A brief, for who may read that one."""
    return Route("GET", AT + path, do.__name__, summary, BRIEFS, needs, do, shows)


ROUTES = (
    reading(
        f"{AT}/deliveries", list_deliveries, shapes.DeliveryPage, "Messages that were sent", MESSAGES, Before
    ),
    Route(
        "POST",
        f"{AT}/deliveries/<int:delivery_id>/again",
        "send_delivery_again",
        "Send a message again",
        MESSAGES,
        Permission.DATA_MANAGE,
        send_delivery_again,
        shapes.DeliveryOut,
    ),
    brief("/brief", show_brief, Permission.BRIEF_READ, "The stakeholder brief", shapes.Brief),
    brief("/exec", show_exec_brief, Permission.EXEC_READ, "The executive brief", shapes.ExecBrief),
    reading(LINK, list_brief_links, shapes.BriefLinks, "Links to the briefs", BRIEFS),
    Route(
        "POST",
        LINK,
        "make_brief_link",
        "Make a link to a brief",
        BRIEFS,
        Permission.INCIDENT_COMMAND,
        make_brief_link,
        shapes.NewBriefLink,
        body=LinkGiven,
        status=201,
    ),
    act("/brief-links/<int:link_id>/revocation", briefs.revoke_link, "End a link at once", BRIEFS),
)
