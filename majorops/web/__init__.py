"""HTTP only: views load, call one verb, and answer. No rule and no query lives here."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

from majorops.web import (
    access,
    answers,
    assets,
    formats,
    markdown,
    posture,
    redirects,
    security,
    session,
    streams,
)


class Number(IntegerConverter):
    """A number in an address, no longer than any of ours: the database refuses to look for longer ones."""

    regex = "[0-9]{1,9}"


def init_app(app: Flask) -> None:
    """Everything between the network and the verbs: sessions, access, answers to errors, blueprints."""
    from majorops.web.brief import BLUEPRINTS as BRIEFS
    from majorops.web.fireground import bp as fireground
    from majorops.web.maintenance import bp as maintenance
    from majorops.web.public import bp as public
    from majorops.web.public.feeds import bp as feeds
    from majorops.web.public.health import bp as health
    from majorops.web.public.intake import bp as intake
    from majorops.web.public.machine import bp as machine
    from majorops.web.public.page import keep_status_host_public, register
    from majorops.web.public.sign_in import bp as sign_in
    from majorops.web.public.subscribe import bp as subscribe
    from majorops.web.reach import bp as reach

    app.url_map.converters["int"] = Number
    app.before_request(
        keep_status_host_public
    )  # first: who may use a page is no question where there is none
    for part in (formats, markdown, assets, security, redirects, session, access, answers, streams, posture):
        part.init_app(app)
    register(app, public, subscribe)
    for blueprint in (machine, feeds, intake, sign_in, health, fireground, maintenance, reach, *BRIEFS):
        app.register_blueprint(blueprint)
