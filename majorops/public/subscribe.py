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
from majorops.domain.chat import chat_of
from majorops.domain.enums import ChannelKind, Frequency, SubscriberState, by_value
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.systems import feed_name
from majorops.i18n import LANGUAGES
from majorops.notifications.links import CONFIRM, MANAGE, link_token, whose
from majorops.operations.subscriptions import (
    NOTHING,
    ONLY_EACH,
    change_subscription,
    confirm,
    leave,
    resume,
    subscribe,
)
from majorops.projections.feed import FeedIncident, feed_incidents
from majorops.projections.systems import listed_systems
from majorops.public.embed import snippets
from majorops.public.page import form_page, texts
from majorops.signing import keys_of
from majorops.web.access import beside_status_page, by_token
from majorops.web.error_handlers import number_of
from majorops.web.security import csrf

if TYPE_CHECKING:
    from majorops.models import Subscriber

# Strangers have no account: their acts are those of the software, and the link is their right.
bp = Blueprint("subscribe", __name__, url_prefix="/subscribe")

NAMES_MOST = 100  # systems that one subscription names
SAID = {NOTHING: "subscribe.nothing", ONLY_EACH: "subscribe.only_each"}  # refusals in the page's language
PAGES = {  # of a subscription by its state
    SubscriberState.ACTIVE: "manage",
    SubscriberState.LEFT: "left",
    SubscriberState.BOUNCED: "bounced",
    SubscriberState.WAITING: "waiting",
}


class SubscribeForm(FlaskForm):
    """What is typed to subscribe. `homepage` is a field that people do not see and programs fill in."""

    kind = StringField(default=ChannelKind.EMAIL.value)
    address = StringField(default="")
    homepage = StringField(default="")
    scope = StringField(default="")
    incident = StringField(default="")
    frequency = StringField(default=Frequency.EACH.value)
    language = StringField(default="")


def mail_works() -> bool:
    """A mail server is set (MAJOROPS_SMTP_URL); whether it answers is not asked."""
    return bool(current_app.config["SMTP_URL"])


@bp.get("")
@beside_status_page
def form() -> Response:
    """The form; opening it keeps nothing. With `?incident=` for that one, and 410 where it is over."""
    number = request.args.get("incident", type=number_of)
    if number is None:
        return draw(SubscribeForm())
    one = followable(number)
    return draw(SubscribeForm(scope="incident"), one=one) if one else said("over", code=410)


def followable(number: int | None) -> FeedIncident | None:
    """The incident, while it runs and is public; None for any other number."""
    found = feed_incidents(number=number) if number is not None and number < 2**31 else ()
    return next((one for one in found if one.resolved_at is None), None)


def draw(
    form: SubscribeForm, errors: dict | None = None, code: int = 200, one: FeedIncident | None = None
) -> Response:
    """The form with what was typed; `errors`: field → sentence. It is off without a public address.

    `one`: the incident that may be subscribed to.
    """
    names = [name for name, _ in listed_systems()]
    given = {
        "form": form,
        "one": one,
        "errors": in_words(errors or {}),
        "names": names,
        "feeds": [(name, feed_name(name)) for name in names],
        "snippets": snippets(names),
        "chosen": request.form.getlist("systems"),
        "has_mail": mail_works(),
        "spoken": LANGUAGES,
    }
    return form_page("subscribe", code, is_on=bool(current_app.extensions["public_origin"]), **given)


def in_words(errors: dict[str, str]) -> dict[str, str]:
    """Refusals of operations in the page's language, where it has them."""
    t = texts()
    return {field: t(SAID[text]) if text in SAID else text for field, text in errors.items()}


@bp.post("")
@beside_status_page
def ask() -> Response:
    """Subscribe, or show the form again: 422 for a value that cannot be taken, 429 for asking too often.

    Whoever fills in the hidden `homepage` reads the same answer, and nothing is kept.
    """
    form = SubscribeForm()
    if form.homepage.data:
        return said("asked")  # a program: it learns nothing
    one = followable(number_of(form.incident.data or ""))
    if one is None and form.scope.data == "incident":
        return said("over", code=410)
    try:
        row = ask_for(form, one)
    except Invalid as problem:
        return draw(form, problem.errors, 422, one)
    except Conflict as problem:
        return draw(form, {"address": str(problem)}, 429, one)
    return said_to(row)


def ask_for(form: SubscribeForm, one: FeedIncident | None) -> Subscriber:
    """Subscribe the address, which has to confirm. Raises Invalid, Conflict (asked too often)."""
    kind = by_value(ChannelKind, form.kind.data)
    if not current_app.extensions["public_origin"] or (kind is ChannelKind.EMAIL and not mail_works()):
        raise Invalid({"kind": texts()("subscribe.no_mail")})
    is_one = one is not None and form.scope.data == "incident"
    return subscribe(
        kind=cast(ChannelKind, kind),  # what is none of these is refused there
        address=form.address.data or "",
        systems=[] if is_one else chosen_systems(form.scope.data or ""),
        incident=one.number if one and is_one else None,
        frequency=Frequency.EACH if is_one else frequency_of(form.frequency.data),
        language=language_of(form.language.data),
        origin=request.remote_addr or "unknown",
        actor=SYSTEM,
        now=clock.now(),
    )


def chosen_systems(scope: str) -> list[str]:
    """The ticked systems that are listed; none for everything. Raises Invalid where they are to be chosen.

    Without a `scope`, as of a program: everything where none is ticked.
    """
    names = {name for name, _ in listed_systems()}
    ticked = [name for name in request.form.getlist("systems")[:NAMES_MOST] if name in names]
    if scope == "systems" and not ticked:
        raise Invalid({"systems": texts()("subscribe.none_chosen")})
    return ticked if scope in ("systems", "") else []


def frequency_of(typed: str | None) -> Frequency:
    """How often; each update for what is none of the values."""
    return by_value(Frequency, typed) or Frequency.EACH


def language_of(typed: str | None) -> str:
    """The language of the messages; the page's for what is none."""
    return typed if typed in LANGUAGES else texts().language


def said_to(row: Subscriber) -> Response:
    """The answer to who asked; the same whether the address was known or not.

    A webhook's secret is shown once, here.
    """
    if row.kind is ChannelKind.EMAIL:
        return said("asked")
    if chat_of(row.address):
        return said("chat")
    return said("hook", secret=(row.secret or "") if row.state is SubscriberState.WAITING else "")


def said(what: str, *, secret: str = "", code: int = 200) -> Response:
    """A page that says one thing."""
    return form_page("subscribed", code, what=what, secret=secret)


@bp.get(f"/{CONFIRM}/<token>")
@by_token
def confirming(token: str) -> Response:
    """The page behind a mail's link. Opening it changes nothing: programs that check mails open links too."""
    found = find(CONFIRM, token)
    if found is None:
        return said("void", code=410)
    row, incident = found
    is_asked = row.state is SubscriberState.WAITING or incident not in (None, *row.incident_numbers)
    if row.state not in (SubscriberState.WAITING, SubscriberState.ACTIVE) or not is_asked:
        return draw_state(row, confirmed=True)
    one = followable(incident)
    if incident is not None and one is None:
        return said("over", code=410)
    return draw_page("confirming", row, one=one)


@bp.post(f"/{CONFIRM}/<token>")
@by_token
def confirm_it(token: str) -> Response:
    """Confirm the address. Pressed twice, it is confirmed once; 410 where the incident is over by now."""
    found = find(CONFIRM, token)
    if found is None:
        return said("void", code=410)
    row, incident = found
    try:
        confirm(row, incident=incident, actor=SYSTEM, now=clock.now())
    except Conflict:
        return said("over", code=410)
    return draw_state(row, confirmed=True)


@bp.get(f"/{MANAGE}/<token>")
@by_token
def manage(token: str) -> Response:
    """What the address hears of, to be changed or ended; of an ended one, how to begin again."""
    found = find(MANAGE, token)
    return draw_state(found[0]) if found else said("void", code=410)


@bp.post(f"/{MANAGE}/<token>")
@csrf.exempt
@by_token
def change(token: str) -> Response:
    """Leave, change what is heard of, or begin again.

    Mail programs post `List-Unsubscribe=One-Click` here, without a cookie: the token is the right.
    """
    found = find(MANAGE, token)
    if found is None:
        return said("void", code=410)
    row, act = found[0], request.form.get("act")
    if act == "save":
        return save(row)
    if act == "again":
        return begin_again(row)
    leave(row, actor=SYSTEM, now=clock.now())
    return draw_state(row)


def save(row: Subscriber) -> Response:
    """Save what was chosen, and say so; an ended subscription says that instead (409)."""
    form, numbers = SubscribeForm(), request.form.getlist("incidents")
    try:
        scope = form.scope.data or ""
        systems = [] if scope == "none" else chosen_systems(scope)
        change_subscription(
            row,
            wants_all=scope != "none" and not systems,
            systems=systems,
            incidents=[int(number) for number in numbers if number.isdecimal()],
            frequency=frequency_of(form.frequency.data),
            language=language_of(form.language.data),
            actor=SYSTEM,
            now=clock.now(),
        )
    except Invalid as problem:
        return draw_page("manage", row, errors=in_words(problem.errors), code=422)
    except Conflict:
        return draw_state(row, notice="not_saved", code=409)
    return draw_state(row, notice="saved")


def begin_again(row: Subscriber) -> Response:
    """Begin an ended subscription again; of one that was never confirmed, its page says so (409)."""
    try:
        resume(row, actor=SYSTEM, now=clock.now())
    except Conflict:
        return draw_state(row, code=409)
    return draw_state(row, confirmed=True)


def find(purpose: str, token: str) -> tuple[Subscriber, int | None] | None:
    """Whose link it is, for one purpose (CONFIRM, MANAGE), and the incident that is to be followed by it.

    None for a forged, expired or replaced one.
    """
    return whose(keys_of(current_app.config), purpose, token)


def draw_state(row: Subscriber, *, confirmed: bool = False, notice: str = "", code: int = 200) -> Response:
    """The page that says how the subscription stands. `confirmed`: it was begun just now."""
    what = PAGES[row.state]
    return draw_page("confirmed" if confirmed and what == "manage" else what, row, notice=notice, code=code)


def draw_page(
    what: str,
    row: Subscriber,
    *,
    one: FeedIncident | None = None,
    errors: dict | None = None,
    notice: str = "",
    code: int = 200,
) -> Response:
    """A page of one subscription, with what can be done there; `one`: the incident that it asks about."""
    numbers = row.incident_numbers if what in ("manage", "left") else []
    followed = feed_incidents(numbers=numbers) if numbers else ()
    return form_page(
        "subscription",
        code,
        what=what,
        row=row,
        one=one,
        errors=errors or {},
        notice=notice,
        names=[name for name, _ in listed_systems()],
        followed=[each for each in followed if each.resolved_at is None],
        spoken=LANGUAGES,
        is_hook=row.kind is ChannelKind.WEBHOOK and chat_of(row.address) is None,
        manage=link_token(keys_of(current_app.config), MANAGE, row),
    )
