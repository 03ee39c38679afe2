"""The other ways in: a second factor after the password, a passkey alone, a new password by mail."""

from __future__ import annotations

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import SYSTEM
from majorops.domain.enums import SecondFactor
from majorops.domain.errors import Conflict, Invalid, Refused
from majorops.operations.resets import VOID, ask_reset, reset_password, reset_refusal, whose_reset
from majorops.operations.second_factor import Given, factors_of, passkeys_of
from majorops.operations.sign_in import (
    BEGIN_AGAIN,
    NO_PASSKEY,
    SecondStep,
    SignIn,
    second_step_user,
    sign_in_second,
    sign_in_with_passkey,
)
from majorops.public import second
from majorops.public.sign_in import arrival, bp, draw_login, enter, origin, say_when
from majorops.web import passkeys
from majorops.web.access import public

SECOND, SIGN_IN = "second", "sign in"  # purposes of challenges


@bp.get("/login/second")
@public
def second_step() -> Response:
    """Ask who gave the password for the second factor; anybody else begins at the form."""
    step, _ = second.current()
    return draw_second(step) if step else redirect(url_for("sign_in.login"), 303)


@bp.post("/login/second")
@public
def take_second() -> Response:
    """Sign in with the second factor; refused, the question again. 401: wrong, 429: paused."""
    step, wanted = second.current()
    if step is None:
        return draw_login(wanted, problem=BEGIN_AGAIN, status=401)
    outcome = sign_in_second(step, given_second(), **arrival())
    if outcome.token:
        return enter(outcome, wanted)
    return draw_second(step, outcome)


def given_second() -> Given:
    """What the form of the second step gives."""
    credential, answer = request.form.get("credential", ""), None
    if credential:
        answer = passkeys.answered(SECOND, credential, request.form.get("ticket", ""))
    return Given(request.form.get("code", "")[:40], answer)


def draw_second(step: SecondStep, outcome: SignIn | None = None) -> Response:
    """The question for the second factor; back to the password where that was changed meanwhile."""
    user = second_step_user(step)
    if user is None:
        second.end()
        return draw_login("", problem=BEGIN_AGAIN, status=401)
    factors = factors_of(user.id)
    known = [key.credential_id for key in passkeys_of(user.id)]
    page = render_template(
        "public/sign_in/second.html",
        passkey=passkeys.to_use(SECOND, known) if known else None,
        has_app=SecondFactor.APP in factors,
        problem=outcome.problem if outcome else "",
        now=clock.now(),
    )
    if outcome is None:
        return make_response(page)
    return say_when(make_response(page, 429 if outcome.paused_until else 401), outcome)


@bp.post("/login/passkey")
@public
def login_passkey() -> Response:
    """Sign in with a passkey alone; refused, the form again. 403: switched off here, 401, 429."""
    wanted, credential = request.form.get("next", ""), request.form.get("credential", "")
    if not current_app.config["LOCAL_LOGIN"]:
        return draw_login(wanted, problem="Sign-in with a passkey is switched off here.", status=403)
    answer = passkeys.answered(SIGN_IN, credential, request.form.get("ticket", ""))
    outcome = sign_in_with_passkey(answer, **arrival()) if answer else SignIn(problem=NO_PASSKEY)
    return enter(outcome, wanted)


@bp.get("/login/forgot")
@public
def forgot() -> str:
    """The form that asks for a link by mail, or why there is none here."""
    return draw_forgot()


@bp.post("/login/forgot")
@public
def ask_for_link() -> Response:
    """Send a link, if the account exists; the answer is the same if not. 409: not here, or too often."""
    email = request.form.get("email", "")
    try:
        ask_reset(email, **origin())
    except Conflict as problem:
        return make_response(draw_forgot(email, str(problem)), 409)
    return make_response(render_template("public/sign_in/link_sent.html", email=email, now=clock.now()))


def draw_forgot(email: str = "", problem: str = "") -> str:
    """The form; `problem`: why nothing was sent."""
    return render_template(
        "public/sign_in/forgot.html", email=email, problem=problem, refusal=reset_refusal(), now=clock.now()
    )


@bp.get("/login/reset/<token>")
@public
def reset(token: str) -> Response:
    """The form for a new password, by the link from a mail. 410: a void link. Looking uses nothing up."""
    return draw_reset(token)


@bp.post("/login/reset/<token>")
@public
def set_new_password(token: str) -> Response:
    """Set the new password, then on to the form: it signs nobody in by itself. 410: void, 422: refused."""
    try:
        check_twice(request.form.get("password", ""), request.form.get("again", ""))
        reset_password(token, request.form.get("password", ""), actor=SYSTEM, now=clock.now())
    except Invalid as problem:
        return draw_reset(token, problem.errors)
    except Refused:
        return draw_reset("")
    return make_response(render_template("public/sign_in/reset_done.html", now=clock.now()))


def check_twice(password: str, again: str) -> None:
    """Raises Invalid where a new password was not typed the same twice."""
    if password != again:
        raise Invalid({"again": "This is another one. Type the new password twice."})


def draw_reset(token: str, errors: dict[str, str] | None = None) -> Response:
    """The form for a new password; for a void link why it is void."""
    user, code = whose_reset(token), 422 if errors else 200
    page = render_template(
        "public/sign_in/reset.html",
        email=user.email if user else "",
        problem="" if user else VOID,
        errors=errors or {},
        now=clock.now(),
    )
    answer = make_response(page, code if user else 410)
    answer.headers["Referrer-Policy"] = "no-referrer"  # its address carries the token
    return answer
