"""What a draft proposes for the texts of a review: by a helper where one was asked, else by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from majorops.domain.access import Actor, Permission
from majorops.domain.enums import Helper
from majorops.domain.facts import Mark, check
from majorops.domain.review_draft import REVIEW_PARTS, drafted_texts
from majorops.domain.review_record import ReviewFacts
from majorops.models import Incident
from majorops.operations.drafts import BY_RULE, review_draft_of, review_drafts
from majorops.operations.review_record import draft_by_rule


@dataclass(frozen=True)
class Proposed:
    """What one text may begin with. `marks`: what in it does not stand in what its writer saw.

    `by_rule`: nobody asked for it.
    """

    text: str
    by: str
    by_rule: bool
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class ReviewDraft:
    """The draft that this person asked for and has before them: written by whom, and why by rule if it is."""

    id: int
    helper: Helper
    address: str
    by: str
    made_at: datetime
    note: str
    texts: Mapping[str, Proposed]


PART_OF = {name: part for part, name in REVIEW_PARTS.items()}  # a root cause is a claim by its name
NOTHING: Mapping[str, Proposed] = {}


def proposed(incident: Incident, facts: ReviewFacts, draft: ReviewDraft | None) -> dict[str, Proposed]:
    """What each text may begin with, by the field's name: the helper's before the rule's."""
    rule = {name: Proposed(text, BY_RULE, True) for name, text in draft_by_rule(incident, facts).items()}
    return {**rule, **(draft.texts if draft else NOTHING)}


def unread_marks(incident: Incident, unread: Mapping[str, str]) -> dict[str, tuple[Mark, ...]]:
    """What is to be checked in texts that stand as a model wrote them, for whoever reads them; by field.

    One query, none where no text stands so.
    """
    drafts = review_drafts(incident) if unread else []
    return {
        name: check(f"{PART_OF.get(name, name)}: {text}", draft.seen, _customers(incident))
        for name, text in unread.items()
        for draft in reversed(drafts)
        if text in drafted_texts(draft.text).values()
    }


def _customers(incident: Incident) -> tuple[int, bool] | None:
    count = incident.customer_count
    return None if count is None else (count, incident.customer_count_is_approximate)


def drafted(incident: Incident, actor: Actor, now: datetime, address: str) -> ReviewDraft | None:
    """The helper's draft that lies before this person; None for none. One query.

    `address`: of the page.
    """
    row = review_draft_of(incident, actor, now) if actor.can(Permission.INCIDENT_COMMAND) else None
    if row is None:
        return None
    customers = _customers(incident)
    by = f"by {row.model}" if row.model else row.writer
    return ReviewDraft(
        id=row.id,
        helper=row.helper,
        address=f"{address}/ai-draft/{row.id}",
        by=by,
        made_at=row.made_at,
        note=row.note,
        texts={
            name: Proposed(text, by, False, check(f"{PART_OF[name]}: {text}", row.seen, customers))
            for name, text in drafted_texts(row.text).items()
        },
    )
