"""The first public word: published at once, or undone while it waits."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.responses import changed, incident_action
from majorops.operations.first_word import keep_private, publish_incident
from majorops.web.context import current_actor


@bp.post("/<int:number>/publication")
@incident_action(publish_incident, Region.NOTICES, form="publication")
def publish(incident) -> Response:
    """*Publish now*, with the public title that the screen showed (`title`). Raises Conflict."""
    publish_incident(incident, title=request.form.get("title"), actor=current_actor(), now=clock.now())
    return changed(incident, "notices", said=f"Public: {incident.public_title}")


@bp.post("/<int:number>/publication/undo")
@incident_action(keep_private, Region.NOTICES, form="publication")
def undo_publication(incident) -> Response:
    """*Undo*: the first public word does not go out. Raises Conflict once it did."""
    keep_private(incident, actor=current_actor(), now=clock.now())
    return changed(incident, "notices", said="Undone. The incident stays private.")
