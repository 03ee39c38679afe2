"""Signing in and out: local accounts, single sign-on, and the first admin."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user

from majorops import clock
from majorops.domain.access import SYSTEM, Permission
from majorops.domain.errors import Invalid, Refused
from majorops.first_run import is_code, needs_first_admin
from majorops.operations.accounts import (
    create_first_admin,
    end_session,
    is_setup_paused,
    sign_in_local,
    sign_in_sso,
    throttle_setup,
)
from majorops.web import oidc
from majorops.web import session as sessions
from majorops.web.access import public, signed_in

bp = Blueprint("sign_in", __name__)


def next_address(wanted: str | None) -> str:
    """Where to go after sign-in: the wanted address if it is one of ours, else the role's own start page."""
    wanted = wanted or ""
    parts = urlsplit(wanted)
    ours = (
        wanted.startswith("/")
        and not wanted.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
    )
    if ours and not any(ord(letter) < 32 or letter == "\\" for letter in wanted):
        return wanted
    reads = current_user.is_authenticated and current_user.actor.can(Permission.INCIDENT_READ)
    return url_for("fireground.index" if reads else "public.status")


@bp.get("/login")
@public
def login() -> Response:
    wanted = request.args.get("next", "")
    if current_user.is_authenticated:
        if not wanted and not current_user.actor.can(Permission.INCIDENT_READ):
            return make_response(render_template("auth/signed_in.html"))  # where they can sign out
        return redirect(next_address(wanted), 303)
    if needs_first_admin():
        return redirect(url_for("sign_in.setup"), 303)
    return draw_login(wanted)


@bp.post("/login")
@public
def login_local() -> Response:
    email, wanted = request.form.get("email", ""), request.form.get("next", "")
    if not current_app.config["LOCAL_LOGIN"]:
        return draw_login(wanted, email, "Sign-in with a password is switched off here.", 403)
    address = request.remote_addr or "unknown"
    password = request.form.get("password", "")
    outcome = sign_in_local(email, password, address=address, actor=SYSTEM, now=clock.now())
    return finish(outcome, wanted, email)


def finish(outcome, wanted: str, email: str = "") -> Response:
    """Into the session and on to where the person wanted to go, or back to the form with the reason."""
    if outcome.token is None:
        return draw_login(wanted, email, outcome.problem, 401)
    sessions.begin(outcome.token)
    return redirect(next_address(wanted), 303)


def draw_login(wanted: str, email: str = "", problem: str = "", status: int = 200) -> Response:
    page = render_template(
        "auth/login.html",
        wanted=wanted,
        email=email,
        problem=problem,
        has_local=current_app.config["LOCAL_LOGIN"],
        has_sso=oidc.is_on(),
        now=clock.now(),
    )
    return make_response(page, status)


@bp.post("/logout")
@signed_in
def logout() -> Response:
    end_session(current_user.id, actor=current_user.actor, now=clock.now())
    sessions.end()
    return redirect(url_for("public.status"), 303)


@bp.get("/login/oidc")
@public
def login_oidc() -> Response:
    try:
        answer = oidc.begin(url_for("sign_in.callback", _external=True))
    except oidc.ProviderProblem as problem:
        return draw_problem(problem, request.args.get("next", ""))
    session["next"] = request.args.get("next", "")
    return answer


@bp.get("/auth/callback")
@public
def callback() -> Response:
    wanted = session.get("next", "")
    try:
        person = oidc.finish()
    except oidc.ProviderProblem as problem:
        return draw_problem(problem, wanted)
    return finish(sign_in_sso(**person, actor=SYSTEM, now=clock.now()), wanted)


def draw_problem(problem: oidc.ProviderProblem, wanted: str) -> Response:
    has_local = current_app.config["LOCAL_LOGIN"]
    page = render_template(
        "auth/provider.html", problem=problem, has_local=has_local, wanted=wanted, now=clock.now()
    )
    return make_response(page, problem.status)


@bp.get("/setup")
@public
def setup() -> Response:
    if not needs_first_admin():
        return redirect(url_for("sign_in.login"), 303)
    return draw_setup({}, 200)


@bp.post("/setup")
@public
def make_first_admin() -> Response:
    address, typed = request.remote_addr or "unknown", request.form
    try:
        if is_setup_paused(address, clock.now()) or not is_code(typed.get("code", "")):
            raise Invalid({"code": throttle_setup(address=address, actor=SYSTEM, now=clock.now())})
        given = {name: typed.get(name, "") for name in ("email", "name", "password")}
        create_first_admin(**given, actor=SYSTEM, now=clock.now())
    except Refused as problem:
        return draw_setup(getattr(problem, "errors", {"code": str(problem)}), 422)
    current_app.extensions["has_accounts"] = True
    address = request.remote_addr or "unknown"
    outcome = sign_in_local(given["email"], given["password"], address=address, actor=SYSTEM, now=clock.now())
    return finish(outcome, url_for("fireground.index"))


def draw_setup(errors: dict[str, str], status: int) -> Response:
    page = render_template("auth/setup.html", errors=errors, typed=request.form, now=clock.now())
    return make_response(page, status)
