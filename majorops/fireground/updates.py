"""The composer: updates, milestones, the resolution, corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Actor
from majorops.domain.enums import ChannelKind, Notice, Visibility
from majorops.domain.errors import Invalid
from majorops.domain.events import Region
from majorops.domain.notices import role_words
from majorops.domain.promise import promise_question
from majorops.domain.templates import filled, put_in
from majorops.domain.text import count
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import ComposerForm, CorrectionForm
from majorops.fireground.responses import changed, checked, composer_again, incident_action
from majorops.models import Incident, Publication
from majorops.operations.announcements import reach
from majorops.operations.drafts import Review
from majorops.operations.telling import readers_told
from majorops.operations.templates import templates_for
from majorops.operations.updates import correct_publication, post_holding, publish_milestone, publish_update
from majorops.web.context import current_actor
from majorops.web.error_handlers import wants_partial


@bp.post("/<int:number>/updates")
@incident_action(publish_update, Region.COMPOSER, form="composer")
def post(incident) -> Response:
    """Publish what was composed, with what the person says of a draft in it. Raises Invalid, Conflict."""
    checked(form := ComposerForm())
    posted = publish(incident, form, actor=current_actor(), now=clock.now())
    # A draft that lay there is done with.
    return changed(incident, "composer", also=(Region.COMPOSER,), said=said_of(posted, incident))


def publish(incident: Incident, form: ComposerForm, *, actor: Actor, now: datetime) -> Publication:
    """The update or the milestone that was composed. Raises Refused."""
    eta = promised(form, now)
    review = Review(form.draft_id, form.reviewed.data)
    seen = cast(Visibility, form.visibility.data)  # it has a default
    asks_promise = not form.promise.data
    is_quiet = form.quiet.data
    if form.kind.data == "update":
        return publish_update(
            incident,
            form.body.data,
            visibility=seen,
            next_update_eta=eta,
            review=review,
            asks_promise=asks_promise,
            is_quiet=is_quiet,
            actor=actor,
            now=now,
        )
    ends = form.kind.data == "resolution"
    return publish_milestone(
        incident,
        form.body.data,
        visibility=seen,
        next_update_eta=eta,
        is_resolution=ends,
        after_action_at=form.after_action_time(now) if ends else None,
        review=review,
        asks_promise=asks_promise,
        is_quiet=is_quiet,
        actor=actor,
        now=now,
    )


def said_of(posted: Publication, incident: Incident) -> str:
    """What the person is told of what they posted.

    `Posted, public. Milestone 3, next update by 14:56:07 UTC.`
    """
    parts = [posted.heading]
    if posted.public_heading:
        parts.append(f"to the public {posted.public_heading}")
    if posted.next_update_eta:
        parts.append(f"next update by {posted.next_update_eta:%H:%M:%S} UTC")
    if posted.after_action_at:
        parts.append(f"After Action {posted.after_action_at:%Y-%m-%d %H:%M} UTC")
    if posted.is_quiet:
        parts.append("subscribers are not told")
    return f"Posted, {posted.visibility.value}{waits(posted, incident)}. {', '.join(parts)}."


def waits(posted: Publication, incident: Incident) -> str:
    """What a public text of an incident waits for that the public does not know; empty where it knows."""
    if posted.visibility is not Visibility.PUBLIC or incident.is_shown:
        return ""
    if incident.public_from:
        return f" from {incident.public_from:%H:%M:%S} UTC"
    return ", once the incident is"


def promised(form: ComposerForm, now: datetime) -> datetime | None:
    """The next update that the form promises, in UTC; None for a resolution, and for none.

    Raises Invalid for a time that cannot be read.
    """
    try:
        return None if form.kind.data == "resolution" else form.eta(now)
    except ValueError:
        example = f"{now + timedelta(minutes=20):%H:%M}"
        raise Invalid({"next_update": f"Write a time in UTC, such as {example}."}) from None


@bp.post("/<int:number>/updates/preview")
@incident_action(publish_update, Region.COMPOSER, form="composer")
def preview(incident) -> Response:
    """Exactly what would go out, and to how many. Nothing is saved. Raises Invalid."""
    checked(form := ComposerForm())
    if not form.body.data:
        raise Invalid({"body": "Write what is known, confirmed, and next."})
    template = "fireground/_preview.html" if wants_partial() else "fireground/preview.html"
    preview = previewed(incident, form, actor=current_actor(), now=clock.now())
    return make_response(render_template(template, preview=preview))


@dataclass(frozen=True)
class Preview:
    """What would go out.

    `is_public`: the public reads it, now or, where it does not know the incident yet (`is_shown`), at
    `public_from` or once somebody has read its title. `mails`, `webhooks`: how many subscribers it reaches.
    `readers`: who of those that read briefs is told, in words; empty for nobody.
    `typed`: the composer's fields as they were sent, name and value.
    """

    address: str
    reference: str
    is_shown: bool
    is_public: bool
    is_quiet: bool
    public_from: datetime | None
    mails: int
    webhooks: int
    readers: tuple[str, ...]
    body: str
    next_update_eta: datetime | None
    after_action_at: datetime | None
    now: datetime
    typed: tuple[tuple[str, str], ...]


def previewed(incident: Incident, form: ComposerForm, *, actor: Actor, now: datetime) -> Preview:
    """What the composer would post. Raises Invalid."""
    after = form.after_action_time(now) if form.kind.data == "resolution" else None
    eta, reached = promised(form, now), reach(incident)
    return Preview(
        address=url_for("fireground.show", number=incident.id),
        reference=incident.reference,
        is_shown=incident.is_shown,
        is_public=form.visibility.data is Visibility.PUBLIC and incident.is_meant_public,
        is_quiet=form.quiet.data,
        public_from=incident.public_from,
        mails=reached.get(ChannelKind.EMAIL, 0),
        webhooks=reached.get(ChannelKind.WEBHOOK, 0),
        readers=_readers(incident, form, actor=actor, now=now),
        body=form.body.data,
        next_update_eta=eta,
        after_action_at=after,
        now=now,
        typed=tuple(
            (field.name, field.raw_data[0] if field.raw_data else "")
            for field in form
            if field.name != "csrf_token"
        ),
    )


def _readers(incident: Incident, form: ComposerForm, *, actor: Actor, now: datetime) -> tuple[str, ...]:
    is_internal = form.visibility.data is not Visibility.PUBLIC
    notice = Notice.MILESTONE if form.kind.data != "update" else None if is_internal else Notice.UPDATE
    roles, links = readers_told(incident, notice, actor=actor, now=now)
    return (*role_words(roles), *([count(links, "mailed link")] if links else []))


@bp.post("/<int:number>/updates/holding")
@incident_action(post_holding, Region.NUDGE, form="holding")
def holding(incident) -> Response:
    """Post the holding milestone with one press (guide, "If your ETA slips").

    Raises Conflict where it would say something else than the screen announced.
    """
    posted = post_holding(
        incident, shown=request.form.get("shown", ""), actor=current_actor(), now=clock.now()
    )
    return changed(incident, "updates", said=said_of(posted, incident))


@bp.post("/<int:number>/updates/<int:publication>/correction")
@incident_action(correct_publication, Region.UPDATES, form="publication")
def correct_update(incident, publication: int) -> Response:
    """Replace the text of an update or milestone by a correction (domain §3). Raises Invalid, Conflict."""
    checked(form := CorrectionForm())
    review = Review(is_reviewed=form.reviewed.data)
    posted = correct_publication(
        incident, publication, form.text.data, review=review, actor=current_actor(), now=clock.now()
    )
    return changed(
        incident, "updates", said=f"Posted, {posted.visibility.value}{waits(posted, incident)}. Correction."
    )


@bp.post("/<int:number>/updates/templates/<int:template>")
@incident_action(publish_update, Region.COMPOSER, form="composer")
def use_template(incident, template: int) -> Response:
    """Put a template into the composer, with what was typed before; nothing is saved.

    Where its text and the promise disagree, the question of `post` is asked at once. Raises Invalid.
    """
    checked(form := ComposerForm())
    known = templates_for(incident)
    chosen = next((one for one in known if one.id == template), None)
    if chosen is None:
        raise Invalid({"body": "This template does not fit any more: systems, phase or the list changed."})
    eta, now = promised(form, clock.now()), clock.now()
    texts = [filled(one.body, incident.system_names, eta) for one in known]
    text = filled(chosen.body, incident.system_names, eta)
    typed = request.form.to_dict() | {"body": put_in(form.body.data, texts, text), "template": str(template)}
    question = "" if form.kind.data == "resolution" else promise_question(typed["body"], eta, now)
    return composer_again(incident, typed, Invalid({"promise": question}) if question else None)
