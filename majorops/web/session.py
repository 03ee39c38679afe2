"""Who is signed in. The cookie holds a random token; the session itself is a row that sign-out ends."""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import cast

from flask import Flask, Request, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import SYSTEM, Actor
from majorops.operations.accounts import hash_token, new_token, session_user
from majorops.operations.sign_in import SignIn, sign_in_asserted
from majorops.operations.throttle import BROWSER_KNOWN_FOR, KnownBrowser
from majorops.signing import LeewaySigner
from majorops.web import assertions
from majorops.web.access import role_map
from majorops.web.assertions import Vouched

KNOWN_COOKIE = "majorops_known"
ACCOUNTS_KEPT = 5  # of people who share a browser
ASSERTED = "proxy."  # how tokens of sessions begin that hold only beside the proxy's assertion
# In the cookie: for whom, and with which groups, such a session began.
RIGHTS_OF, RIGHTS_SEEN = "asserted_for", "asserted_as"

login_manager = LoginManager()


class Refused:
    """Whom the proxy vouches for, and who may not come in: for half a minute not asked about again.

    Each page of theirs, and each that it fetches, would be another entry of the audit.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Vouched, tuple[SignIn, float]] = OrderedDict()

    def get(self, person: Vouched) -> SignIn | None:
        """Why; None where it is not known, or no longer."""
        outcome, until = self._kept.get(person, (None, 0.0))
        return outcome if time.monotonic() < until else None

    def put(self, person: Vouched, outcome: SignIn) -> None:
        """Keep why."""
        self._kept[person] = outcome, time.monotonic() + 30
        while len(self._kept) > 1_000:
            self._kept.popitem(last=False)


class SignedIn(UserMixin):
    """Flask-Login's current_user: the actor, and the token of this session as its identity."""

    def __init__(self, token: str, actor: Actor):
        self.id = self.token = token
        self.actor = actor


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
        if response.cache_control.public or is_for_everybody(app):
            return  # a shared cache would hand one person's session to the next
        super().save_session(app, session, response)


def is_for_everybody(app: Flask) -> bool:
    """What is asked for is the same whoever asks: nobody is signed in for it, and no cookie goes with it."""
    name = request.blueprint or ""
    if name == "public" or name.startswith("public_"):
        return not app.config["STATUS_PRIVATE"]
    return name in ("assets", "health", "brief_link") or request.endpoint == "static"


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
    login_user(SignedIn(token, load(token).actor))


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
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known browser")


def is_asserted() -> bool:
    """The person who asks is signed in by the proxy's word."""
    return current_user.is_authenticated and current_user.token.startswith(ASSERTED)


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
    actor = session_user(token, oldest_session())
    if actor is None or (token.startswith(ASSERTED) and not still_asserted(actor)):
        return None
    return SignedIn(token, actor)


def still_asserted(actor: Actor) -> bool:
    """The proxy vouches for this person with this request too, in the groups that the session began with."""
    person = assertions.vouched()
    if person is None or person.email != actor.email:
        return False
    return session.get(RIGHTS_SEEN) == rights_mark(person)


def rights_mark(person: Vouched) -> str:
    """A short text that differs where person, or groups, do."""
    mapped = sorted(set(person.groups) & set(current_app.config["OIDC_ROLE_MAP"]))
    return hash_token("\n".join([person.email, *mapped]))[:16]


@login_manager.request_loader
def admit(request: Request) -> SignedIn | None:
    """Whom the proxy vouches for: signed in without a word, with the role of the groups that it passes on.

    Why not, if not, is kept for `refusal`.
    """
    if is_for_everybody(current_app) or (person := assertions.vouched()) is None:
        return None
    refused: Refused = current_app.extensions["refused"]
    if known := refused.get(person):
        g.refusal = known
        return None
    before, token = session.get("_user_id", ""), ASSERTED + new_token()
    outcome = sign_in_asserted(
        email=person.email,
        name=person.name,
        groups=list(person.groups),
        role_map=role_map(),
        token=token,
        before=before if before.startswith(ASSERTED) else "",
        actor=SYSTEM,
        now=clock.now(),
    )
    actor = session_user(token, oldest_session()) if outcome.token else None
    if actor is None:
        if outcome.wanted:
            refused.put(person, outcome)
        g.refusal = outcome
        return None
    if session.get(RIGHTS_OF) != person.email:
        session.clear()  # nothing of what a stranger had stays; the forms of the same person go on
    session.permanent = True
    session.update({"_user_id": token, "_fresh": True})
    session.update({RIGHTS_OF: person.email, RIGHTS_SEEN: rights_mark(person)})
    return SignedIn(token, actor)


def has_lost_proxy() -> bool:
    """The browser has a session that began through the proxy, and this request did not come that way.

    To be sent to sign in would lead in a circle where that is behind the proxy and this address is not.
    """
    return session.get("_user_id", "").startswith(ASSERTED) and assertions.vouched() is None


def refusal() -> SignIn | None:
    """Why whom the proxy vouches for is not signed in; None where nobody was refused."""
    found: SignIn | None = g.get("refusal")
    return found


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
    if "assertions" in app.extensions:
        app.extensions["refused"] = Refused()
    login_manager.session_protection = None  # phones change their address in the middle of an incident
    login_manager.anonymous_user = Stranger
    login_manager.init_app(app)
