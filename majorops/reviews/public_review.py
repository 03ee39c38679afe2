"""What the public reads of a review: previewed, published, taken back."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.errors import Refused
from majorops.operations.updates import check_public_review, publish_public_review, withdraw_public_review
from majorops.reviews.acts import line, review_action, text
from majorops.reviews.blueprint import bp
from majorops.reviews.forms import Typed
from majorops.reviews.page import answer, refused
from majorops.reviews.public_text import FORM
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.error_handlers import number_of


@bp.post("/public/preview")
@needs(publish_public_review)
def preview(number: int) -> Response:
    """The page with the text as the public would read it. A refusal is said at the form."""
    incident = load(number)
    try:
        check_public_review(incident, text("body"), number_of(line("seen")), clock.now())
    except Refused as problem:
        return refused(incident, FORM, problem)
    return answer(incident, Typed(FORM, request.form))


@bp.post("/public")
@review_action(publish_public_review, FORM, "public")
def publish_to_public(incident) -> None:
    """Publish the text, or a newer one. Raises Invalid, Conflict."""
    publish_public_review(
        incident,
        text("body"),
        seen=number_of(line("seen")),
        tells=bool(line("tells")),
        actor=current_actor(),
        now=clock.now(),
    )


@bp.post("/public/withdraw")
@review_action(withdraw_public_review, FORM, "public")
def withdraw(incident) -> None:
    """Take the public review back. Raises Conflict."""
    withdraw_public_review(incident, actor=current_actor(), now=clock.now())
