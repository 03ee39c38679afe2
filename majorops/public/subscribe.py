"""Subscriptions: asked for here, confirmed and ended by links in mails.

Whoever has a link may act, and only by POST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, current_app, request
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField

from majorops import clock
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, SubscriberState, by_value
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.text import clean_line
from majorops.notifications.links import CONFIRM, MANAGE, link_token, whose
from majorops.operations.subscriptions import choose_systems, confirm, leave, subscribe
from majorops.projections.systems import listed_systems
from majorops.public.page import form_page, texts
from majorops.signing import keys_of
from majorops.web.access import beside_status_page, by_token
from majorops.web.security import csrf

if TYPE_CHECKING:
    from majorops.models import Subscriber

# Strangers have no account: their acts are those of the software, and the link is their right.
bp = Blueprint("subscribe", __name__, url_prefix="/subscribe")


class SubscribeForm(FlaskForm):
    """What is typed to subscribe. `homepage` is a field that people do not see and programs fill in."""

    kind = StringField(default=ChannelKind.EMAIL.value)
    address = StringField(default="")
    homepage = StringField(default="")


def mail_works() -> bool:
    """A mail server is set (MAJOROPS_SMTP_URL); whether it answers is not asked."""
    return bool(current_app.config["SMTP_URL"])


@bp.get("")
@beside_status_page
def form() -> Response:
    """The form; opening it keeps nothing."""
    return draw(SubscribeForm())


def draw(form: SubscribeForm, errors: dict | None = None, code: int = 200) -> Response:
    """The form with what was typed; `errors`: field → sentence. It is off without a public address."""
    names = [name for name, _ in listed_systems()]
    is_on = bool(current_app.extensions["public_origin"])
    chosen = request.form.getlist("systems")
    given = {"form": form, "errors": errors or {}, "names": names, "chosen": chosen, "has_mail": mail_works()}
    return form_page("subscribe", code, is_on=is_on, **given)


@bp.post("")
@beside_status_page
def ask() -> Response:
    """Subscribe, or show the form again: 422 for a value that cannot be taken, 429 for asking too often.

    Whoever fills in the hidden `homepage` reads the same answer, and nothing is kept.
    """
    form = SubscribeForm()
    kind, names = by_value(ChannelKind, form.kind.data), {name for name, _ in listed_systems()}
    systems = [name for name in request.form.getlist("systems")[:100] if name in names]
    if form.homepage.data:
        return said("asked", ChannelKind.EMAIL)  # a program: it learns nothing
    try:
        row = ask_for(kind, form.address.data or "", systems)
    except Invalid as problem:
        return draw(form, problem.errors, 422)
    except Conflict as problem:
        return draw(form, {"address": str(problem)}, 429)
    return said("hook" if kind is ChannelKind.WEBHOOK else "asked", kind, row)


def ask_for(kind: ChannelKind | None, address: str, systems: list[str]) -> Subscriber:
    """Subscribe the address, which has to confirm. Raises Invalid, Conflict (asked too often)."""
    if not current_app.extensions["public_origin"] or (kind is ChannelKind.EMAIL and not mail_works()):
        raise Invalid({"kind": texts()("subscribe.no_mail")})
    return subscribe(
        kind=cast(ChannelKind, kind),  # what is none of these is refused there
        address=address,
        systems=systems,
        language=texts().language,
        origin=request.remote_addr or "unknown",
        actor=SYSTEM,
        now=clock.now(),
    )


def said(what: str, kind: ChannelKind | None, row: Subscriber | None = None) -> Response:
    """The answer to who asked; the same whether the address was known or not.

    A webhook's secret is shown once, here.
    """
    secret = None
    if kind is ChannelKind.WEBHOOK and row is not None and row.state is SubscriberState.WAITING:
        secret = row.secret
    return form_page("subscribed", what=what, address="", secret=secret or "")


@bp.get(f"/{CONFIRM}/<token>")
@by_token
def confirming(token: str) -> Response:
    """The page behind a mail's link. Opening it changes nothing: programs that check mails open links too."""
    return by_link(CONFIRM, token, "confirming")


@bp.post(f"/{CONFIRM}/<token>")
@by_token
def confirm_it(token: str) -> Response:
    """Confirm the address. Pressed twice, it is confirmed once."""
    if row := find(CONFIRM, token):
        confirm(row, actor=SYSTEM, now=clock.now())
    return by_link(CONFIRM, token, "confirmed")


@bp.get(f"/{MANAGE}/<token>")
@by_token
def manage(token: str) -> Response:
    """What the address hears of, to be changed or ended."""
    return by_link(MANAGE, token, "manage")


@bp.post(f"/{MANAGE}/<token>")
@csrf.exempt
@by_token
def change(token: str) -> Response:
    """Leave, or choose systems.

    Mail programs post `List-Unsubscribe=One-Click` here, without a cookie: the token is the right.
    """
    row = find(MANAGE, token)
    if row is None:
        return by_link(MANAGE, token, "left")
    if request.form.get("act") != "save":
        leave(row, actor=SYSTEM, now=clock.now())
        return by_link(MANAGE, token, "left")
    names = {name for name, _ in listed_systems()}
    choose_systems(
        row,
        [clean_line(name) for name in request.form.getlist("systems") if name in names],
        actor=SYSTEM,
        now=clock.now(),
    )
    return by_link(MANAGE, token, "manage")


def find(purpose: str, token: str) -> Subscriber | None:
    """Whose link it is, for one purpose (CONFIRM, MANAGE); None for a forged, expired or replaced one."""
    return whose(keys_of(current_app.config), purpose, token)


def by_link(purpose: str, token: str, what: str) -> Response:
    """The page of a link; one page for all that are forged, expired or replaced."""
    row = find(purpose, token)
    if row is None:
        return form_page("subscribed", 410, what="void", address="", secret="")
    is_done = what == "confirming" and row.state is SubscriberState.ACTIVE
    return form_page(
        "subscription",
        what="confirmed" if is_done else what,
        row=row,
        names=[name for name, _ in listed_systems()],
        token=token,
        manage=link_token(keys_of(current_app.config), MANAGE, row),
    )
