"""Before something delicate is changed, the person proves once more who they are.

It counts for a quarter of an hour in this session. The question comes in place of the answer to a form; what
was typed stands in the question, sealed, and goes to the same view once the proof is right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import abort, current_app, make_response, render_template, request
from flask_login import current_user
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.enums import SecondFactor, SignInMethod
from majorops.domain.errors import Busy
from majorops.operations.accounts import hash_token
from majorops.operations.own_account import PROVEN_FOR, own_user, prove_again
from majorops.operations.second_factor import Given, factors_of, passkeys_of
from majorops.signing import Sealer, keys_of
from majorops.web import passkeys
from majorops.web.session import is_asserted

KEPT_FOR = 60 * 60  # seconds for which a question may stand unanswered
FIELDS = {
    SecondFactor.PASSWORD: "proof_password",
    SecondFactor.APP: "proof_code",
    SecondFactor.PASSKEY: "proof_credential",
}
OURS = ("csrf_token", "kept", *FIELDS.values(), "proof_ticket")
TOO_LONG = "This took longer than an hour, and what was typed is gone. Go back and send it again."
ANY = (SecondFactor.PASSWORD, SecondFactor.PASSKEY, SecondFactor.APP, SecondFactor.PROVIDER)
STRONG = (SecondFactor.PASSWORD, SecondFactor.PASSKEY)


def demand_proof(*, within: timedelta = PROVEN_FOR, ways: Collection[SecondFactor] = ANY) -> None:
    """Go on only for who proved within this time, or with this form, who they are.

    Aborts with the question for everybody else. `ways`: what counts. Whoever has no way to prove anything
    here, as behind a proxy that signs people in, is not asked. Afterwards the request's form holds what was
    typed at first.
    """
    if request.method != "POST":
        return
    proof, problem = request.form, ""
    is_answered = "kept" in proof and take_back(proof)
    if is_proven(within):
        return
    offered = [way for way in ways_here() if way in ways]
    if not offered:
        return
    if is_answered:
        problem = check(proof, offered)
        if not problem:
            return
    abort(question(offered, problem))


def is_proven(within: timedelta = PROVEN_FOR) -> bool:
    """Whether the person of this session proved within this time who they are."""
    at = current_user.state.proven_at
    return at is not None and at > clock.now() - within


def ways_here() -> list[SecondFactor]:
    """How the person of this session can prove it: as they signed in. Whom a proxy vouches for has no way."""
    state, config = current_user.state, current_app.config
    if is_asserted():
        return []
    if state.method is SignInMethod.SSO:
        return [SecondFactor.PROVIDER] if config["OIDC_ISSUER"] else []
    if not state.has_local or not config["LOCAL_LOGIN"]:
        return []
    return [SecondFactor.PASSWORD, *factors_of(state.actor.user_id)]


def check(proof: ImmutableMultiDict, offered: Collection[SecondFactor]) -> str:
    """Why what the form gives is no proof; empty if it is one."""
    fields = {way: proof.get(name, "") if way in offered else "" for way, name in FIELDS.items()}
    password, code = fields[SecondFactor.PASSWORD], fields[SecondFactor.APP]
    credential, answer = fields[SecondFactor.PASSKEY], None
    if credential:
        answer = passkeys.answered("prove", credential, proof.get("proof_ticket", ""))
        if answer is None:
            return "This took too long. Press the passkey's button again."
    if not (password or code or answer):
        return "Not proved yet." if SecondFactor.PROVIDER in offered else "Give one of these."
    actor, given = current_user.actor, Given(code[:40], answer)
    try:
        return prove_again(current_user.token, password, given, offered, actor=actor, now=clock.now())
    except Busy as busy:
        return str(busy)


def question(offered: Collection[SecondFactor], problem: str) -> Response:
    """The page that asks, with what was typed sealed in each of its forms; 403."""
    asked = None
    if SecondFactor.PASSKEY in offered:
        known = [key.credential_id for key in passkeys_of(current_user.actor.user_id)]
        asked = passkeys.to_use("prove", known)
    page = render_template(
        "web/proof.html",
        ways=[way.value for way in offered],
        email=own_user(current_user.actor).email,
        passkey=asked,
        problem=problem,
        kept=keep(),
        address=request.full_path.rstrip("?"),
    )
    return make_response(page, 403)


def keep() -> str:
    """What the form carried, sealed for this session and this address."""
    typed = [pair for pair in request.form.items(multi=True) if pair[0] not in OURS]
    return _sealer().seal(json.dumps(typed))


def take_back(proof: ImmutableMultiDict) -> bool:
    """Put what was typed at first in place of the request's form. Aborts with 400 where it cannot be read."""
    try:
        typed = json.loads(_sealer().open(proof["kept"], max_age=KEPT_FOR))
    except ValueError:
        abort(400, TOO_LONG)
    # Werkzeug reads the form once and keeps it here; Flask-Admin and WTForms read it from there.
    own: dict[str, Any] = request._get_current_object().__dict__  # type: ignore[attr-defined]
    own["form"] = ImmutableMultiDict([*typed, ("csrf_token", proof.get("csrf_token", ""))])
    own.pop("values", None)
    return True


def _sealer() -> Sealer:
    whose = hash_token(current_user.token)
    return Sealer(keys_of(current_app.config), f"form of {whose} for {request.full_path}")


def proven(view: Callable) -> Callable:
    """A view that changes something delicate: after a proof within a quarter of an hour (`demand_proof`)."""

    @wraps(view)
    def asked(*args, **kwargs):
        demand_proof()
        return view(*args, **kwargs)

    return asked


def proven_now(view: Callable) -> Callable:
    """A view that takes a protection away: after password or passkey, given for this very act."""

    @wraps(view)
    def asked(*args, **kwargs):
        demand_proof(within=timedelta(0), ways=STRONG)
        return view(*args, **kwargs)

    return asked
