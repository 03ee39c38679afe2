"""What every fireground view shares.

Loading the incident, calling the operation, answering with the regions it made stale.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from functools import wraps
from urllib.parse import parse_qsl, urlsplit

from flask import (
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.errors import Invalid, NotFound, Refused
from majorops.domain.events import Region
from majorops.domain.text import clean_line
from majorops.fireground.frame import frame_of
from majorops.fireground.regions import stale_since
from majorops.fireground.view import Form, Look, View
from majorops.models import Incident
from majorops.operations import Operation
from majorops.web.access import needs
from majorops.web.context import load
from majorops.web.error_handlers import number_of, status_of, wants_partial

FILTER_LENGTH = 80
SAID = "said"  # the category of what the next page tells about the last act


def incident_action(operation: Operation[..., object], region: Region, *, form: str) -> Callable:
    """Turn a function that calls an operation into a view of one incident, open to whom the operation needs.

    `form` names the form on the page, `region` where it stands: a refusal (any Refused but NotFound) is said
    there, with what was typed. Where the function returns None, the answer is what changed. The view aborts
    with 404 for no such incident.
    """

    def mark(view: Callable) -> Callable:
        @wraps(view)
        def run(number: int, **rest) -> Response:
            incident = load(number)
            try:
                answer = view(incident, **rest)
            except NotFound:
                raise
            except Refused as problem:
                return refused(incident, problem, form, region)
            return answer or changed(incident, region)

        return needs(operation)(run)

    return mark


def changed(
    incident: Incident, anchor: str, extra: str = "", also: tuple[Region, ...] = (), said: str = ""
) -> Response:
    """After an operation: the stale regions for the page's script, and those named in `also`.

    Without script a redirect to the page, at `anchor`. `said`: what was done, for the person who did it.
    """
    if said and wants_partial():
        extra += render_template("fireground/_posted.html", said=said)
    elif said:
        flash(said, SAID)
    if not wants_partial():
        return redirect(url_for("fireground.show", number=incident.id, _anchor=anchor), 303)
    return partials(view_of(incident), {*stale_since(incident, seen_version(incident)), *also}, extra)


def refused(incident: Incident, problem: Refused, form: str, region: Region) -> Response:
    """The same page with the reason at its place and everything typed still there."""
    view = view_of(incident)
    view.form = Form(form, request.form, problem)
    if not wants_partial():
        return make_response(page_of(view), status_of(problem))
    response = partials(view, {*stale_since(incident, seen_version(incident)), region})
    response.status_code = status_of(problem)
    return response


def shown_again(incident: Incident, form: str, typed: dict[str, str]) -> Response:
    """The page, without script, with a text back in the form where it was typed."""
    view = view_of(incident)
    view.form = Form(form, typed)
    return make_response(page_of(view))


def composer_again(incident: Incident, typed: dict[str, str], problem: Refused | None) -> Response:
    """The composer with these texts in it, as its region, or the whole page without script.

    `problem`: what is asked about them at once, None for nothing. Nothing was refused: the answer is 200.
    """
    view = view_of(incident)
    view.form = Form("composer", typed, problem)
    if not wants_partial():
        return make_response(page_of(view))
    return partials(view, {*stale_since(incident, seen_version(incident)), Region.COMPOSER})


def view_of(incident: Incident) -> View:
    """The fireground as the person who asks sees it now."""
    given = {
        "address": url_for("fireground.show", number=incident.id),
        "present": current_app.extensions["live"].people(str(incident.id)),
        "looked": last_look(),
        "is_ai_on": bool(current_app.config["AI_MODEL"]),
        "thresholds": {
            True: current_app.config["DURATION_STRICT"],
            False: current_app.config["DURATION_OTHER"],
        },
    }
    return View(incident, current_user.actor, clock.now(), **given, **timeline_part())


def page_of(view: View) -> str:
    """The fireground, whole."""
    return render_template("fireground/page.html", view=view, frame=frame_of(view))


def timeline_part() -> dict:
    """What part of the timeline the person looks at.

    The page's script asks by other addresses for a redraw; the page's own comes along in a header, which is
    as much input as any other.
    """
    given = request.args
    if wants_partial():
        with suppress(ValueError):
            query = urlsplit(request.headers.get("HX-Current-URL", "")).query
            given = MultiDict(parse_qsl(query, max_num_fields=10))
    return {
        "before": number_of(given.get("before", "")),
        "only": "public" if given.get("only") == "public" else "",
        "q": clean_line(given.get("q", ""))[:FILTER_LENGTH],
    }


def last_look() -> Look | None:
    """What this browser saw last of the incident; None for nothing, or a cookie that is none of ours.

    The cookie, `<version>.<seconds>`, is for this fireground's address only.
    """
    version, _, seconds = request.cookies.get("looked", "").partition(".")
    if not (version.isascii() and version.isdigit() and seconds.isascii() and seconds.isdigit()):
        return None
    if len(version) > 9 or len(seconds) > 10:
        return None
    return Look(int(version), datetime.fromtimestamp(int(seconds), UTC))


def partials(view: View, regions: Collection[Region], extra: str = "") -> Response:
    """Regions as the page's script swaps them in, in the order of the page."""
    names = [region for region in Region if region in regions]
    page = render_template(
        "fireground/_partials.html", view=view, frame=frame_of(view), names=names, extra=extra
    )
    response = make_response(page)
    response.headers["X-Version"] = str(view.incident.version)
    return response


def seen_version(incident: Incident) -> int:
    """The newest entry that the asking page knows; 0, which makes everything stale, for an unknown one."""
    seen = request.headers.get("X-Version", request.args.get("since", ""))
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0


def checked(form) -> None:
    """Raise Invalid with the form's own errors, one sentence a field."""
    if not form.validate():
        raise Invalid({name: errors[0] for name, errors in form.errors.items()})
