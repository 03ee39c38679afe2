"""What is said above everything: the server's problems, a drill, the close.

And what the single keys do, as this region is drawn again when the incident is resolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from majorops.domain.enums import ReviewState
from majorops.domain.text import reference
from majorops.domain.visibility import PublicState
from majorops.fireground.palette import keyed
from majorops.fireground.palette.command import Command
from majorops.fireground.reads import neighbours, why_not_stand_down
from majorops.fireground.view import Form, View
from majorops.models import Incident
from majorops.operations.after_action import review_of
from majorops.operations.brief_readers import read_readers
from majorops.operations.first_word import hold_policy, title_now
from majorops.web.health import files_problem


@dataclass(frozen=True)
class Other:
    """An incident before or after this one."""

    number: int
    reference: str


@dataclass(frozen=True)
class Close:
    """The end of a resolved incident.

    `stood_down_at`: None until everybody was released; `continued_by`: None for nothing. `can_continue`:
    the key is offered to who may command, but for a duplicate. `can_curate`: the record is put right here.
    `review`: how its Learning Review stands.
    """

    at: datetime
    stood_down_at: datetime | None
    can_stand_down: bool
    continued_by: Other | None
    can_continue: bool
    can_curate: bool
    review: str


@dataclass(frozen=True)
class FirstWord:
    """What the public does not know yet.

    `state`: waiting, review or private; `at`: when it becomes public by itself; `left`: until then. `title`:
    what the public would read. `was_public`: until somebody took it back. `is_unusual`: by setting an
    incident of this Box is public. `readers`: who was added to its briefs. `can_add`, `can_publish`,
    `can_undo`: for this person, now.
    """

    state: PublicState
    title: str
    at: datetime | None
    left: timedelta
    box: str
    was_public: bool
    is_unusual: bool
    readers: str
    can_add: bool
    can_publish: bool
    can_undo: bool


@dataclass(frozen=True)
class Notices:
    """What is said above everything; `close` is None while the incident runs.

    `files_problem` (empty for none), `server_problems`: for who may command. `kept`: what this one was merged
    into; `duplicates`: what was merged into it.
    """

    address: str
    form: Form
    files_problem: str
    server_problems: tuple[str, ...]
    is_drill: bool
    first_word: FirstWord | None
    close: Close | None
    keys: tuple[Command, ...]
    continues: Other | None
    kept: Other | None
    duplicates: tuple[Other, ...]


def build(view: View) -> Notices:
    """What is to be said now; to who may not command nothing of the server's problems."""
    seen = current_app.extensions["health"].seen
    return Notices(
        address=view.address,
        form=view.form,
        files_problem=files_problem(current_app) if view.may_command else "",
        server_problems=seen.problems if view.may_command else (),
        is_drill=view.incident.is_drill,
        first_word=_first_word(view),
        close=_close(view),
        keys=tuple(keyed(view)),
        continues=_other(view.incident.continues),
        kept=_other(view.incident.merged_into),
        duplicates=tuple(Other(n, reference(n)) for n, _, is_mine in neighbours(view) if is_mine),
    )


def _first_word(view: View) -> FirstWord | None:
    """None of what is public, and of a drill and a duplicate, which never are."""
    incident = view.incident
    state, at = incident.public_state, incident.public_from
    if incident.is_drill or incident.merged_into_id or state is PublicState.PUBLIC:
        return None
    waits = state is not PublicState.PRIVATE
    return FirstWord(
        state=state,
        title=incident.public_title or title_now(incident),
        at=at,
        left=max(at - view.now, timedelta()) if at else timedelta(),
        box=incident.alarm_level.label,
        was_public=incident.published_at is not None,
        is_unusual=not waits and hold_policy().is_public(incident.alarm_level),
        readers=read_readers(incident) if view.may_command else "",
        can_add=not waits and view.can_edit("brief_readers"),
        can_publish=view.may_command and (waits or not incident.is_resolved),
        can_undo=view.may_command and waits,
    )


def _close(view: View) -> Close | None:
    incident = view.incident
    if incident.resolved_at is None:
        return None
    return Close(
        at=incident.resolved_at,
        stood_down_at=incident.stood_down_at,
        can_stand_down=not why_not_stand_down(view),
        continued_by=_other(incident.continued_by),
        can_continue=view.may_command and incident.merged_into_id is None,
        can_curate=view.may_command,
        review=_review(incident),
    )


def _review(incident: Incident) -> str:
    review = review_of(incident)
    return (review.state if review else ReviewState.COLLECTING).label.lower()


def _other(incident: Incident | None) -> Other | None:
    return Other(incident.id, incident.reference) if incident else None
