"""Who is signed in. The cookie holds a random token; the session itself is a row that sign-out ends."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import cast

from flask import Flask, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from majorops import clock
from majorops.db import db
from majorops.operations.accounts import SessionState, session_state
from majorops.operations.own_account import SEEN_EVERY, note_seen
from majorops.operations.places import Place
from majorops.operations.throttle import BROWSER_KNOWN_FOR, KnownBrowser
from majorops.signing import LeewaySigner, keys_of

log = logging.getLogger(__name__)

KNOWN_COOKIE = "majorops_known"
ACCOUNTS_KEPT = 5  # of people who share a browser

login_manager = LoginManager()


class SignedIn(UserMixin):
    """Flask-Login's current_user: the actor, the token of this session as its identity, and its state."""

    def __init__(self, token: str, state: SessionState):
        self.id = self.token = token
        self.state, self.actor = state, state.actor


class Stranger(AnonymousUserMixin):
    """Flask-Login's current_user for whoever is not signed in: there is no actor."""

    actor = None


class CookieSessions(SecureCookieSessionInterface):
    """Signed cookies; their age is the idle limit. Not every answer sets one (`save_session`)."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's own, for machines whose clocks differ a little."""
        found = super().get_signing_serializer(app)
        if found is not None:
            found.signer = LeewaySigner
        return found

    def get_cookie_secure(self, app: Flask) -> bool:
        """The cookie goes over HTTPS only, where this request or BASE_URL uses it."""
        return request.is_secure or (app.config["BASE_URL"] or "").startswith("https://")

    def save_session(self, app: Flask, session: SessionMixin, response) -> None:
        """Set or refresh the cookie, but never with an answer that any cache may keep, and not where answers
        are the same for everybody.
        """
        is_same = request.blueprint in ("public", "assets", "health", "brief_link")
        if response.cache_control.public or is_same or request.endpoint == "static":
            return  # a shared cache would hand one person's session to the next
        super().save_session(app, session, response)


def cookie_signer(app: Flask) -> URLSafeTimedSerializer:
    """What signs the cookies, and tells which ones are ours."""
    found = cast(CookieSessions, app.session_interface).get_signing_serializer(app)
    return cast(URLSafeTimedSerializer, found)  # there is one: no application is without a SECRET_KEY


def begin(token: str) -> None:
    """Put a fresh session into the browser: nothing of what the stranger had stays.

    `token`: of a session that runs.
    """
    session.clear()
    session.permanent = True
    login_user(load(token))


def remember_browser(response: Response, browser: KnownBrowser) -> None:
    """Keep in the browser that it signed in to this account, beside the few others that share it."""
    kept = [known for known in known_browsers() if known.user_id != browser.user_id]
    rows = [
        (known.user_id, known.mark, known.name, int(known.at.timestamp()))
        for known in [browser, *kept][:ACCOUNTS_KEPT]
    ]
    response.set_cookie(
        KNOWN_COOKIE,
        _known_signer().dumps(rows),
        max_age=BROWSER_KNOWN_FOR,
        path="/login",
        secure=current_app.session_interface.get_cookie_secure(current_app),
        httponly=True,
        samesite="Lax",
    )


def known_browsers() -> list[KnownBrowser]:
    """The accounts that this browser signed in to, as our signed cookie says; empty for a forged one."""
    try:
        rows = _known_signer().loads(request.cookies.get(KNOWN_COOKIE, ""))
    except BadSignature:
        return []
    return [
        KnownBrowser(user_id, mark, name, datetime.fromtimestamp(at, UTC)) for user_id, mark, name, at in rows
    ]


def _known_signer() -> URLSafeSerializer:
    return URLSafeSerializer(keys_of(current_app.config), salt="known browser")


def end() -> None:
    """Take the session out of the browser; `end_session` ends it on the server."""
    logout_user()
    session.clear()


def forget_user() -> None:
    """For the rest of this request nobody is signed in.

    Templates ask who is, and the database just failed to say.
    """
    g._login_user = Stranger()


def oldest_session() -> datetime:
    """Sessions that began before this have ended by their age."""
    return clock.now() - timedelta(hours=current_app.config["SESSION_MAX_HOURS"])


@login_manager.user_loader
def load(token: str) -> SignedIn | None:
    """Who holds this token's session; None when it ended, is too old, or its account is off. One query."""
    state = session_state(token, oldest_session())
    return SignedIn(token, state) if state else None


def request_place() -> Place:
    """Where the request comes from, as far as it says so."""
    return Place(request.remote_addr or "", request.user_agent.string)


def note_use(response: Response) -> Response:
    """After an answer to somebody who is signed in: the session was used. It is kept every five minutes.

    A database that takes nothing keeps nobody from reading.
    """
    person, now = g.get("_login_user"), clock.now()  # who was not looked up is not looked up for this
    if not isinstance(person, SignedIn) or response.is_streamed:
        return response
    seen = person.state.seen_at
    if seen is None or seen <= now - SEEN_EVERY:
        try:
            note_seen(person.state.id, actor=person.actor, now=now)
        except SQLAlchemyError as error:
            log.info("not kept that a session is used: %s", error)
            db.session.rollback()
    return response


def sign_in_client(client, token: str) -> None:
    """Give a test client the session of this token."""
    with client.session_transaction("/login") as cookie:
        cookie.clear()
        cookie.permanent = True
        cookie["_user_id"], cookie["_fresh"] = token, True


def init_app(app: Flask) -> None:
    """Set up cookies and Flask-Login. A session ends after SESSION_IDLE_HOURS without a request."""
    app.config.update(
        SESSION_COOKIE_NAME="majorops",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict would lose the session on the way back from the provider
        PERMANENT_SESSION_LIFETIME=timedelta(hours=app.config["SESSION_IDLE_HOURS"]),
    )
    app.session_interface = CookieSessions()
    login_manager.session_protection = None  # phones change their address in the middle of an incident
    login_manager.anonymous_user = Stranger
    login_manager.init_app(app)
    app.after_request(note_use)
