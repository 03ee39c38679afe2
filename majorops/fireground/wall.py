"""The wall at /admin/wall: what runs, for a room's big screen that nobody touches.

Its smallest letters are read from five metres, so it shows what a glance needs and counts the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, make_response, render_template, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from majorops import clock
from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.cadence import Cadence
from majorops.fireground import reads
from majorops.fireground.regions import phases, tiles, tracks
from majorops.fireground.responses import view_of
from majorops.fireground.view import View
from majorops.models import IS_RUNNING, CommandAssignment, Incident
from majorops.realtime import ANY_INCIDENT
from majorops.web.access import needs
from majorops.web.context import load
from majorops.web.error_handlers import number_of
from majorops.web.streams import ticket

bp = Blueprint("wall", __name__, url_prefix="/admin/wall")

TRACKS = 4
BESIDE = 3


@dataclass(frozen=True)
class Lead:
    """The incident that fills the wall.

    `commander`: who has command, None while nobody has; `offered_to`: whose answer it waits for, empty for
    nobody; `vacant`: roles that are asked for and empty; `more`: teams at work that have no room.
    """

    incident: Incident
    tiles: tiles.Tiles
    phases: phases.Phases
    commander: CommandAssignment | None
    offered_to: str
    vacant: tuple[str, ...]
    at_work: tuple[tracks.Row, ...]
    more: int


@dataclass(frozen=True)
class Beside:
    """Another incident that runs: one line."""

    incident: Incident
    cadence: Cadence | None


@dataclass(frozen=True)
class Wall:
    """All of the wall: `lead` is None in peacetime, when `last` is the incident that ended last, if any.

    `chosen`: its number, None where nobody chose one; `more`: how many incidents run that have no line.
    """

    now: datetime
    chosen: int | None
    lead: Lead | None
    beside: tuple[Beside, ...]
    more: int
    last: Incident | None


def wall(chosen: Incident | None, now: datetime) -> Wall:
    """The wall as of now. `chosen`: the incident to show large; None for the highest Box, the oldest first.

    About twelve queries, however many incidents there were.
    """
    order = (Incident.alarm_level.desc(), Incident.opened_at, Incident.id)
    first = select(Incident).where(IS_RUNNING).order_by(*order).limit(BESIDE + 2)
    running = list(db.session.scalars(first))
    lead = chosen or next(iter(running), None)
    beside = [one for one in running if one is not lead]
    count = 0
    if len(beside) > BESIDE:
        is_lead_running = lead is not None and not lead.is_resolved
        total = db.session.scalar(select(func.count()).select_from(Incident).where(IS_RUNNING)) or 0
        count = total - is_lead_running - BESIDE
    return Wall(
        now=now,
        chosen=chosen.id if chosen else None,
        lead=_lead(view_of(lead)) if lead else None,
        beside=tuple(Beside(one, one.cadence(now)) for one in beside[:BESIDE]),
        more=count,
        last=None if lead else _last(),
    )


def _lead(view: View) -> Lead:
    rows = tracks.build(view).rows
    offer = reads.handover(view)
    vacant = [one.role.label for one in reads.team(view) if reads.is_vacant(view, one.role) and not one.held]
    return Lead(
        incident=view.incident,
        tiles=tiles.build(view),
        phases=phases.build(view),
        commander=reads.mim(view),
        offered_to=offer.to_name if offer else "",
        vacant=tuple(vacant),
        at_work=rows[:TRACKS],
        more=max(len(rows) - TRACKS, 0),
    )


def _last() -> Incident | None:
    newest = select(Incident).where(~IS_RUNNING).order_by(Incident.resolved_at.desc())
    return db.session.scalar(newest.limit(1))


def _shown() -> Wall:
    number = request.args.get("incident", type=number_of)
    return wall(load(number) if number else None, clock.now())


@bp.get("")
@needs(Permission.INCIDENT_READ)
def show() -> str:
    """The wall, for who may read the fireground.

    `incident` in the address chooses one by its number; 404 for none.
    """
    return render_template("wall/page.html", page=_shown(), now=clock.now())


@bp.get("/changes")
@needs(Permission.INCIDENT_READ)
def changes() -> Response:
    """The wall once more, for its script; it has no version, whoever asks gets it."""
    response = make_response(render_template("wall/changes.html", page=_shown()))
    response.headers["X-Ticket"] = ticket(ANY_INCIDENT)
    return response
