"""Drafts that programs propose: they lie before who may command, and go nowhere without one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from majorops import clock
from majorops.api.acts import AT, DONE_ALREADY
from majorops.api.route import Done, Route, incident_of
from majorops.api.shapes import Given, Shown, Text
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import DraftState, Helper, Visibility
from majorops.domain.errors import Conflict
from majorops.operations import RequestMeta
from majorops.operations.drafts import propose_draft
from majorops.web.drafting import propose


class Proposal(Given):
    """The text of an update, of an exec brief or of the next step; `visibility`: whom an update is for."""

    helper: Literal["update", "brief", "suggestion"]
    text: Text
    visibility: Visibility = Visibility.INTERNAL


class DraftOut(Shown):
    """A draft as it lies before who may command."""

    id: int
    helper: Helper
    text: str
    visibility: Visibility
    state: DraftState
    by_name: str
    made_at: datetime


def propose_one(number: int, given: Any, meta: RequestMeta, actor: Actor) -> Done:
    """Lay a draft before who may command."""
    incident = incident_of(number, actor)
    helper, seen = Helper(given.helper), given.visibility
    draft = propose(
        incident, helper, given.text, visibility=seen, actor=actor, now=clock.now(), request_meta=meta
    )
    if draft is None:
        raise Conflict(DONE_ALREADY)
    return Done(DraftOut.model_validate(draft), incident)


ROUTES = (
    Route(
        "POST",
        f"{AT}/drafts",
        "propose_draft",
        "Propose a draft, for a person to read",
        "Updates",
        propose_draft.needs or Permission.TIMELINE_NOTE,
        propose_one,
        DraftOut,
        body=Proposal,
        status=201,
    ),
)
