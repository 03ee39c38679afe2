"""The steps of a review, and its After Action."""

from __future__ import annotations

from datetime import datetime

from majorops import clock
from majorops.domain.errors import Invalid
from majorops.domain.parsing import utc_time
from majorops.operations.after_action import call_off_after_action, invite, set_after_action, take_off_guest
from majorops.operations.reviews import close_review, hold_review, publish_review, send_draft
from majorops.reviews.acts import line, review_action, text
from majorops.reviews.blueprint import bp
from majorops.web.context import current_actor
from majorops.web.error_handlers import number_of


@bp.post("/draft")
@review_action(send_draft, "draft")
def send(incident) -> None:
    """Send the draft to everybody who is invited. Raises Conflict."""
    send_draft(incident, actor=current_actor(), now=clock.now())


@bp.post("/meeting")
@review_action(hold_review, "meeting")
def hold(incident) -> None:
    """Keep that the meeting was held, and who attended. Raises Invalid, Conflict."""
    hold_review(incident, text("attended"), actor=current_actor(), now=clock.now())


@bp.post("/publication")
@review_action(publish_review, "publication")
def publish(incident) -> None:
    """Publish the review as the person read it. Raises Conflict, Asked."""
    seen, is_sure = number_of(line("seen")), bool(line("sure"))
    publish_review(incident, seen=seen, is_sure=is_sure, actor=current_actor(), now=clock.now())


@bp.post("/end")
@review_action(close_review, "end")
def close(incident) -> None:
    """Keep that the actions were looked at after 30 days. Raises Conflict."""
    close_review(incident, actor=current_actor(), now=clock.now())


@bp.post("/after-action")
@review_action(set_after_action, "after_action", "after-action")
def schedule(incident) -> None:
    """Schedule the After Action, or move it. Raises Invalid, Conflict."""
    set_after_action(
        incident, time_in("after_action"), was=line("was"), actor=current_actor(), now=clock.now()
    )


@bp.post("/after-action/off")
@review_action(call_off_after_action, "off", "after-action")
def call_off(incident) -> None:
    """Call the After Action off, with a reason. Raises Invalid, Conflict."""
    call_off_after_action(incident, text("reason"), actor=current_actor(), now=clock.now())


@bp.post("/people")
@review_action(invite, "people", "after-action")
def add_people(incident) -> None:
    """Add people to the After Action by e-mail or name, with commas between. Raises Invalid."""
    typed = [part.strip() for part in line("people").split(",") if part.strip()]
    invite(incident, typed, actor=current_actor(), now=clock.now())


@bp.post("/guests/<int:guest>/off")
@review_action(take_off_guest, "people", "after-action")
def remove_guest(incident, guest: int) -> None:
    """Take somebody without an account off the After Action. Raises Conflict."""
    take_off_guest(incident, guest, actor=current_actor(), now=clock.now())


def time_in(name: str) -> datetime | None:
    """The time in UTC that was typed into this field, None for none. Raises Invalid."""
    try:
        return utc_time(line(name))
    except ValueError as problem:
        raise Invalid({name: f"After Action: {problem}"}) from None
