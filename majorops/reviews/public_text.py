"""The public review as the page of a review shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.access import Actor, Permission
from majorops.domain.after_close import late_refusal
from majorops.domain.text import count
from majorops.models import Incident
from majorops.operations.announcements import became_of, reach
from majorops.operations.updates import public_review
from majorops.reviews.forms import Typed

FORM = "public"


@dataclass(frozen=True)
class PublicReview:
    """What stands, and what would be published.

    `seen`: the number of the text that stands, None for none; `by` published it `at` a time. `became`: what
    became of telling subscribers of it, empty for nothing. `preview`: the text as it would go out, empty
    until somebody asked to see it. `told`: whom it reaches, in words. `refusal`: why there is none; empty
    where there may be one.
    """

    body: str
    seen: int | None
    by: str
    at: datetime | None
    became: str
    preview: str
    told: str
    refusal: str
    can_publish: bool


def public_review_shown(incident: Incident, actor: Actor, form: Typed) -> PublicReview:
    """The public review of this incident for this person. Four queries at most, one more for a preview."""
    stands = public_review(incident)
    is_preview = form.name == FORM and form.problem is None
    refusal = late_refusal(incident.reference, incident.is_resolved, incident.is_shown, "a public review")
    return PublicReview(
        body=stands.body if stands else "",
        seen=stands.id if stands else None,
        by=stands.by_name if stands else "",
        at=stands.at if stands else None,
        became=became_of(stands) if stands else "",
        preview=form.values.get("body", "").strip() if is_preview else "",
        told=(told_by(incident) if form.values.get("tells") else "nobody") if is_preview else "",
        refusal=refusal,
        can_publish=actor.can(Permission.PUBLISH) and not refusal,
    )


def told_by(incident: Incident) -> str:
    """How many subscribers a public text would go to now, in words."""
    number = sum(reach(incident).values())
    return f"{count(number, 'subscriber')} now" if number else "nobody: no subscriber chose this incident"
