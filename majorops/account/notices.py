"""How one is told: channels, what one follows, language, time zone, quiet hours."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.account.blueprint import bp
from majorops.domain.access import Permission
from majorops.domain.enums import TYPED_CHANNELS, ChannelKind, Followed, by_value
from majorops.domain.errors import Invalid, Refused
from majorops.domain.quiet_hours import clock_words, minute_of, time_zones
from majorops.domain.text import clean_line
from majorops.i18n import LANGUAGES
from majorops.operations import apprise_address
from majorops.operations.delivery import account_of
from majorops.operations.devices import devices_of
from majorops.operations.own_notices import (
    add_own_channel,
    is_briefed,
    own_channel,
    own_channels,
    remove_own_channel,
    save_notices,
    save_own_channel,
)
from majorops.web.access import signed_in
from majorops.web.error_handlers import status_of
from majorops.web.selftest import try_out

CHANNELS = "/notices/channels"
NO_TIME = "Use a time of day such as 22:00."


@bp.get("/notices")
@signed_in
def notices() -> Response:
    """Draw the page."""
    return drawn()


@bp.post("/notices")
@signed_in
def save() -> Response:
    """Keep what was chosen; refused, the form again with what was typed (422)."""
    try:
        save_notices(**chosen(), actor=current_user.actor, now=clock.now())
    except Refused as problem:
        return drawn(problem, "chosen")
    flash("Saved.", "done")
    return to_page()


@bp.post(CHANNELS)
@signed_in
def add_channel() -> Response:
    """Add a channel; refused, the form again with what was typed (422)."""
    try:
        kind = by_value(ChannelKind, request.form.get("kind", "")) or ChannelKind.EMAIL
        add_own_channel(
            kind=kind, address=request.form.get("address", ""), actor=current_user.actor, now=clock.now()
        )
    except Refused as problem:
        return drawn(problem, "new")
    flash("Channel added. Send a test to see that it works.", "done")
    return to_page()


@bp.post(f"{CHANNELS}/<int:number>")
@signed_in
def save_channel(number: int) -> Response:
    """Save the address of one's own channel, switch it off (`is_active` no) or on (yes)."""
    typed, wanted = request.form.get("address", ""), request.form.get("is_active")
    try:
        channel = own_channel(number, current_user.actor)
        is_active = channel.is_active if wanted is None else wanted == "yes"
        who = {"actor": current_user.actor, "now": clock.now()}
        save_own_channel(number, address=typed, is_active=is_active, **who)
    except Refused as problem:
        return drawn(problem, f"channel{number}")
    flash("Channel saved.", "done")
    return to_page()


@bp.post(f"{CHANNELS}/<int:number>/removal")
@signed_in
def remove_channel(number: int) -> Response:
    """Remove one's own channel."""
    try:
        remove_own_channel(number, actor=current_user.actor, now=clock.now())
    except Refused as problem:
        return drawn(problem, "page")
    flash("Channel removed.", "done")
    return to_page()


@bp.post(f"{CHANNELS}/<int:number>/test")
@signed_in
def test_channel(number: int) -> Response:
    """Send a test by one's own channel (half a minute at most), then back to the page."""
    try:
        try_out(current_user.actor, own_channel(number, current_user.actor))
    except Refused as problem:
        return drawn(problem, "page")
    return to_page()


@bp.post("/notices/mail/test")
@signed_in
def test_mail() -> Response:
    """Send a test to the account's e-mail address, then back to the page."""
    try_out(current_user.actor, account_of(current_user.actor))
    return to_page()


def chosen() -> dict[str, Any]:
    """What the form says. Raises Invalid for a time of day that cannot be read."""
    form, problems = request.form, {}
    times: dict[str, int | None] = {}
    for name in ("quiet_from", "quiet_until"):
        try:
            times[name] = minute_of(clean_line(form.get(name, "")))
        except ValueError:
            problems[name] = NO_TIME
    if problems:
        raise Invalid(problems)
    follows = by_value(Followed, form.get("follows", "")) or account_of(current_user.actor).follows
    zone = clean_line(form.get("time_zone", ""))
    wants_digest = "wants_digest" in form if can_read_digest() else None
    given = {"follows": follows, "language": form.get("language", ""), "time_zone": zone}
    return given | {"wants_digest": wants_digest, **times}


def can_read_digest() -> bool:
    """The digest leads to incidents: who may not read them is not asked."""
    return current_user.actor.can(Permission.INCIDENT_READ)


def to_page() -> Response:
    """Back to the page after an act."""
    return redirect(url_for("account.notices"), 303)


def drawn(problem: Refused | None = None, at: str = "") -> Response:
    """The page. `problem`: a refusal; `at`: the form that it was about, which keeps what was typed."""
    user = account_of(current_user.actor)
    quiet = ("quiet_from", "quiet_until")
    stored = {name: getattr(user, name) for name in ("follows", "language", "time_zone")}
    stored |= {name: "" if (at_ := getattr(user, name)) is None else clock_words(at_) for name in quiet}
    values = {
        "tab_endpoint": "account.notices",
        "me": user,
        "channels": own_channels(current_user.actor),
        "devices": devices_of(user.id),
        "kinds": [one for one in ChannelKind if can_send(one)],
        "languages": LANGUAGES,
        "zones": time_zones(),
        "follows": tuple(Followed) if is_briefed(user) else (),
        "errors": problem.errors if isinstance(problem, Invalid) else {},
        "refused": "" if problem is None or isinstance(problem, Invalid) else str(problem),
        "at": at,
        "offers_digest": can_read_digest(),
        "wants_digest": "wants_digest" in request.form if at == "chosen" else user.digest_at is not None,
        "chosen": stored | (request.form.to_dict() if at == "chosen" else {}),
        "typed": request.form if problem else {},
        "has_mail": bool(current_app.config["SMTP_URL"]),
    }
    return make_response(
        render_template("account/notices.html", **values), status_of(problem) if problem else 200
    )


def can_send(kind: ChannelKind) -> bool:
    """Whether one types the address of such a channel, and a message can go this way from here."""
    if kind not in TYPED_CHANNELS:
        return False
    return kind is not ChannelKind.APPRISE or apprise_address.is_installed()
