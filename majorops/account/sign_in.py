"""How one signs in here: password, passkeys, authenticator app, recovery codes. Only for local accounts."""

from __future__ import annotations

import segno
from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from majorops import clock
from majorops.account.blueprint import bp, local
from majorops.domain.access import Permission
from majorops.domain.enums import SecondFactor
from majorops.domain.errors import Invalid, Refused
from majorops.domain.text import count
from majorops.models import User
from majorops.operations import own_account, second_factor
from majorops.operations.passwords import SHORTEST
from majorops.signing import Sealer, keys_of
from majorops.web import passkeys
from majorops.web.proof import proven, proven_now

SETUP_FOR = 30 * 60  # seconds for which the secret on the page may be taken


def who() -> dict:
    """The keywords of operations: who acts, and when."""
    return {"actor": current_user.actor, "now": clock.now()}


def me() -> User:
    """The account of who asks."""
    return own_account.own_user(current_user.actor)


@bp.get("/sign-in")
@local
def sign_in() -> Response:
    """Draw the page."""
    return draw({})


def draw(errors: dict[str, str]) -> Response:
    """The page; with 422 and the sentences at their fields after a refusal."""
    user = me()
    factors = second_factor.factors_of(user.id)
    is_asked = current_app.config["ADMIN_SECOND_FACTOR"] and current_user.actor.can(Permission.DATA_MANAGE)
    page = render_template(
        "account/sign_in.html",
        errors=errors,
        email=user.email,
        passkeys=second_factor.passkeys_of(user.id),
        refusal=passkeys.refusal(),
        has_app=SecondFactor.APP in factors,
        codes=second_factor.codes_left(user.id) if factors else None,
        must_set_up=is_asked and not factors,
        shortest=SHORTEST,
    )
    return make_response(page, 422 if errors else 200)


@bp.post("/sign-in/password")
@local
def change_password() -> Response:
    """Change the password: the old one is asked for, every other session ends. 422: refused."""
    old, new, again = (request.form.get(name, "") for name in ("old_password", "password", "again"))
    try:
        if new != again:
            raise Invalid({"again": "This is another one. Type the new password twice."})
        ended = own_account.change_own_password(current_user.token, old, new, **who())
    except Refused as problem:
        return draw(getattr(problem, "errors", {"old_password": str(problem)}))
    flash(f"The password is changed. {count(ended, 'other session')} ended.", "done")
    return redirect(url_for(".sign_in"), 303)


@bp.post("/sign-in/app")
@local
@proven
def begin_app() -> Response:
    """Show a new secret for an authenticator app; nothing changes before its first code is typed."""
    return draw_app(second_factor.new_app_secret())


@bp.post("/sign-in/app/confirm")
@local
@proven
def confirm_app() -> Response:
    """Set up the app with the code that it shows. 422: wrong; then the same secret again."""
    try:
        secret = sealer().open(request.form.get("sealed", ""), max_age=SETUP_FOR)
    except ValueError:
        flash("This took longer than 30 minutes. Begin again.", "error")
        return redirect(url_for(".sign_in"), 303)
    try:
        codes = second_factor.add_app(me(), secret, request.form.get("code", "")[:20], **who())
    except Invalid as problem:
        return draw_app(secret, problem.errors["code"])
    return done("The authenticator app is set up.", codes)


def draw_app(secret: str, problem: str = "") -> Response:
    """The secret as a QR code and to be typed, and the field for the first code."""
    drawing = segno.make(second_factor.app_address(secret, me()), error="m")
    svg = drawing.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    page = render_template(
        "account/app.html",
        qr=Markup(svg),  # noqa: S704 (drawn by the library)
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        sealed=sealer().seal(secret),
        problem=problem,
    )
    return make_response(page, 422 if problem else 200)


def sealer() -> Sealer:
    """What a secret is sealed with while its app is being set up: for one account."""
    return Sealer(keys_of(current_app.config), f"app of account {current_user.actor.user_id}")


@bp.post("/sign-in/app/remove")
@local
@proven_now
def remove_app() -> Response:
    """Take the authenticator app away, after password or passkey."""
    second_factor.remove_app(me(), **who())
    flash("The authenticator app is removed.", "done")
    return redirect(url_for(".sign_in"), 303)


@bp.post("/sign-in/passkeys/new")
@local
@proven
def begin_passkey() -> Response:
    """Ask the browser for a new passkey."""
    return draw_passkey({})


def draw_passkey(errors: dict[str, str]) -> Response:
    """The form for a new passkey; with 422 and why after a refusal."""
    page = render_template("account/passkey.html", passkey=passkeys.to_add(me()), errors=errors)
    return make_response(page, 422 if errors else 200)


@bp.post("/sign-in/passkeys")
@local
@proven
def add_passkey() -> Response:
    """Keep the passkey that the browser made. 422: refused; then the form again."""
    answer = passkeys.answered("add", request.form.get("credential", ""), request.form.get("ticket", ""))
    try:
        if answer is None:
            raise Invalid({"passkey": "This took too long. Nothing was added. Try again."})
        codes = second_factor.add_passkey(me(), request.form.get("name", ""), answer, **who())
    except Invalid as problem:
        return draw_passkey(problem.errors)
    return done("The passkey is added.", codes)


@bp.post("/sign-in/passkeys/<int:number>/remove")
@local
@proven_now
def remove_passkey(number: int) -> Response:
    """Forget a passkey, after password or passkey."""
    try:
        name = second_factor.remove_passkey(me(), number, **who())
        flash(f"The passkey {name} is removed.", "done")
    except Refused as problem:
        flash(str(problem), "error")
    return redirect(url_for(".sign_in"), 303)


@bp.post("/sign-in/recovery-codes")
@local
@proven
def renew_codes() -> Response:
    """Make new recovery codes and show them once."""
    try:
        codes = second_factor.renew_recovery_codes(me(), **who())
    except Refused as problem:
        flash(str(problem), "error")
        return redirect(url_for(".sign_in"), 303)
    return done("New recovery codes are made. The old ones are worth nothing.", codes)


def done(says: str, codes: list[str]) -> Response:
    """After something was set up: the recovery codes where there are new ones, else back to the page."""
    if not codes:
        flash(says, "done")
        return redirect(url_for(".sign_in"), 303)
    return make_response(render_template("account/codes.html", says=says, codes=codes))
