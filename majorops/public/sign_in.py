"""Signing in and out: local accounts, single sign-on, and the first admin."""

from __future__ import annotations

from flask import (
    Blueprint,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import SYSTEM, Permission
from majorops.domain.enums import SignInMethod
from majorops.domain.errors import Busy, Invalid, Refused
from majorops.operations.accounts import create_first_admin, end_session, start_session
from majorops.operations.delivery import account_of
from majorops.operations.sign_in import (
    SignIn,
    is_setup_paused,
    sign_in_sso,
    sign_in_with_password,
    throttle_setup,
)
from majorops.public import oidc
from majorops.public.first_run import is_code, needs_first_admin
from majorops.public.sign_in_forms import SetupForm, SignInForm
from majorops.web import session as sessions
from majorops.web.access import own_start, public, role_map
from majorops.web.assertions import sign_out_address
from majorops.web.error_handlers import refused_page
from majorops.web.redirects import ours_or
from majorops.web.selftest import try_out

bp = Blueprint("sign_in", __name__)


def next_address(wanted: str | None) -> str:
    """Where to go after sign-in: the wanted address if it is one of ours, else the role's own start page."""
    return ours_or(wanted, url_for(own_start()))


def origin() -> dict:
    """The keywords of operations where there is no account yet: who acts, from which address, and when."""
    return {"address": request.remote_addr or "unknown", "actor": SYSTEM, "now": clock.now()}


@bp.get("/login")
@public
def login() -> Response:
    """The form; while there is no account at all, on to /setup. Who is signed in already goes on.

    Without `next`, an account that may not read the fireground gets a page on which it can sign out.
    """
    wanted = request.args.get("next", "")
    if current_user.is_authenticated:
        if not wanted and not current_user.actor.can(Permission.INCIDENT_READ):
            return make_response(render_template("public/sign_in/signed_in.html"))  # where they can sign out
        return redirect(next_address(wanted), 303)
    if refused := sessions.refusal():
        return refused_page(refused, sign_out_address())
    if needs_first_admin():
        return redirect(url_for("sign_in.setup"), 303)
    return draw_login(wanted)


@bp.post("/login")
@public
def login_local() -> Response:
    """Sign in with e-mail and password; refused, the form again.

    403: switched off here. 401: wrong. 429: paused after failures. 503: too many are checked at this moment.
    """
    form = SignInForm()
    email, wanted = form.email.data or "", form.next.data or ""
    if not current_app.config["LOCAL_LOGIN"]:
        return draw_login(wanted, email, "Sign-in with a password is switched off here.", 403)
    try:
        known = sessions.known_browsers()
        outcome = sign_in_with_password(email, form.password.data or "", browsers=known, **origin())
    except Busy as problem:
        answer = draw_login(wanted, email, str(problem), 503)
        answer.headers["Retry-After"] = 5
        return answer
    return enter(outcome, wanted, email)


def enter(outcome: SignIn, wanted: str, email: str = "") -> Response:
    """Begin a session and go on to where the person wanted to go, or show the form again with the reason.

    `email`: what stands in the form then, where sign-in was by password.
    """
    if outcome.token is None:
        answer = draw_login(wanted, email, outcome.problem, 429 if outcome.paused_until else 401)
        if outcome.paused_until:
            answer.headers["Retry-After"] = int((outcome.paused_until - clock.now()).total_seconds()) + 1
        return answer
    leave()
    sessions.begin(outcome.token)
    answer = redirect(next_address(wanted), 303)
    if outcome.browser:
        sessions.remember_browser(answer, outcome.browser)
    return answer


def leave() -> str | None:
    """End the session that this browser has, on the server too.

    Returns where the session at the provider, or at the proxy, ends; empty where only the proxy can end it,
    None where there is none.
    """
    address = None
    if current_user.is_authenticated:
        address = sign_out_address() if sessions.is_asserted() else None
        elsewhere = end_session(current_user.token, actor=current_user.actor, now=clock.now())
        address = elsewhere if address is None else address
    sessions.end()
    return address


def draw_login(wanted: str, email: str = "", problem: str = "", status: int = 200) -> Response:
    """The sign-in form; `problem`: why not, empty at first; `wanted`: where to go afterwards, unchecked."""
    page = render_template(
        "public/sign_in/login.html",
        wanted=wanted,
        email=email,
        problem=problem,
        has_local=current_app.config["LOCAL_LOGIN"],
        has_sso=oidc.is_on(),
        now=clock.now(),
    )
    return make_response(page, status)


@bp.post("/logout")
@public
def logout() -> Response:
    """Sign out, on the server too, and on to the status page; a stranger only goes there.

    Where a provider or a proxy has a session of its own, a page leads on to its end: browsers let no form
    lead to another host (form-action of the Content-Security-Policy, on the way too).
    """
    address = leave()
    if address is None:
        return redirect(url_for("public.status"), 303)
    return make_response(render_template("public/sign_in/signed_out.html", address=address))


@bp.get("/login/oidc")
@public
def login_oidc() -> Response:
    """Send the browser to the provider, or say what is wrong. Aborts with 404 without single sign-on."""
    if not oidc.is_on():
        abort(404)
    wanted = request.args.get("next", "")
    try:
        return oidc.begin(wanted)
    except oidc.ProviderProblem as problem:
        return draw_problem(problem, wanted)


@bp.get("/auth/callback")
@public
def callback() -> Response:
    """Sign in whom the provider sent back, or say what is wrong. Aborts with 404 without single sign-on.

    Whom it sends back from a sign-out goes on to the status page.
    """
    if not oidc.is_on():
        abort(404)
    if not {"code", "error"} & set(request.args):  # back from the end of the provider's session
        return redirect(url_for("public.status"), 303)
    wanted = oidc.wanted()
    try:
        person = oidc.finish()
    except oidc.ProviderProblem as problem:
        return draw_problem(problem, wanted)
    outcome = sign_in_sso(**person, role_map=role_map(), actor=SYSTEM, now=clock.now())
    if outcome.email:
        return refused_page(outcome, person["sign_out_address"] or "")
    return enter(outcome, wanted)


def draw_problem(problem: oidc.ProviderProblem, wanted: str) -> Response:
    """What is wrong with the provider, and the other ways in; the status is the problem's."""
    page = render_template(
        "public/sign_in/provider_error.html",
        problem=problem,
        has_local=current_app.config["LOCAL_LOGIN"],
        wanted=wanted,
        now=clock.now(),
    )
    return make_response(page, problem.status)


@bp.get("/setup")
@public
def setup() -> Response:
    """The form for the first admin; once there is an account, on to /login."""
    if not needs_first_admin():
        return redirect(url_for("sign_in.login"), 303)
    return draw_setup(SetupForm(), {}, 200)


@bp.post("/setup")
@public
def make_first_admin() -> Response:
    """Make the first admin with the console's code, sign in, and send a test message to their address.

    422: a wrong code, values that cannot be taken, or an account that is there already.
    """
    form, now = SetupForm(), clock.now()
    try:
        check_code(form.code.data or "")
        user = create_first_admin(**form.account, actor=SYSTEM, now=now)
    except Refused as problem:
        return draw_setup(form, getattr(problem, "errors", {"code": str(problem)}), 422)
    actor = user.actor
    token = start_session(user, method=SignInMethod.LOCAL, actor=actor, now=now)
    answer = enter(SignIn(token=token), "/admin/reach")
    try_out(actor, account_of(actor))
    return answer


def check_code(typed: str) -> None:
    """Raises Invalid for a wrong code, and for any code after too many wrong ones."""
    who = origin()
    if is_setup_paused(who["address"], who["now"]) or not is_code(typed):
        raise Invalid({"code": throttle_setup(**who)})


def draw_setup(form: SetupForm, errors: dict[str, str], status: int) -> Response:
    """The form for the first admin; `errors`: field → sentence."""
    return make_response(
        render_template("public/sign_in/setup.html", errors=errors, form=form, now=clock.now()), status
    )
