"""Devices: the browsers of a person that show messages, each switched on in itself."""

from __future__ import annotations

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.account.blueprint import bp
from majorops.domain.browsers import describe
from majorops.domain.errors import Invalid, Refused
from majorops.notifications.vapid import public_key
from majorops.operations.devices import add_device, devices_of
from majorops.operations.own_notices import own_channel, remove_own_channel, save_own_channel
from majorops.web import device as browser
from majorops.web.access import signed_in
from majorops.web.error_handlers import status_of
from majorops.web.selftest import try_out

DEVICES = "/devices"


@bp.get(DEVICES)
@signed_in
def devices() -> Response:
    """Draw the page."""
    return drawn_devices()


@bp.post(DEVICES)
@signed_in
def switch_on() -> Response:
    """Switch push messages on for this browser, by what its script says of it; refused, the page (422)."""
    given = {name: request.form.get(name, "") for name in ("address", "key", "auth")}
    name = describe(request.headers.get("User-Agent"))
    try:
        device = add_device(**given, name=name, actor=current_user.actor, now=clock.now())
    except Refused as problem:
        return drawn_devices(problem)
    flash("Switched on. Send a test to see that it works.", "done")
    answer = to_devices()
    browser.remember(answer, device.id)
    return answer


@bp.post(f"{DEVICES}/<int:number>")
@signed_in
def switch_device(number: int) -> Response:
    """Switch one's own device off (`is_active` no) or on again (yes)."""
    try:
        device = own_channel(number, current_user.actor)
        is_active = request.form.get("is_active") == "yes"
        who = {"actor": current_user.actor, "now": clock.now()}
        save_own_channel(number, address=device.address, is_active=is_active, **who)
    except Refused as problem:
        return drawn_devices(problem)
    flash(f"{device.label} is switched {'on' if is_active else 'off'}.", "done")
    return to_devices()


@bp.post(f"{DEVICES}/<int:number>/removal")
@signed_in
def remove_device(number: int) -> Response:
    """Remove one's own device."""
    try:
        remove_own_channel(number, actor=current_user.actor, now=clock.now())
    except Refused as problem:
        return drawn_devices(problem)
    flash("Device removed.", "done")
    return to_devices()


@bp.post(f"{DEVICES}/<int:number>/test")
@signed_in
def test_device(number: int) -> Response:
    """Send a test to one's own device (half a minute at most), then back to the page."""
    try:
        try_out(current_user.actor, own_channel(number, current_user.actor))
    except Refused as problem:
        return drawn_devices(problem)
    return to_devices()


def to_devices() -> Response:
    """Back to the page after an act."""
    return redirect(url_for("account.devices"), 303)


def drawn_devices(problem: Refused | None = None) -> Response:
    """The page. `problem`: a refusal to show."""
    found, this = devices_of(current_user.actor.user_id), browser.known()
    said = problem.errors.get("device", str(problem)) if isinstance(problem, Invalid) else str(problem or "")
    values = {
        "tab_endpoint": "account.devices",
        "devices": found,
        "this": next((one for one in found if one.id == this), None),
        "refused": said,
        "key": public_key(current_app.config),
        "has_mail": bool(current_app.config["SMTP_URL"]),
        "email": current_user.actor.email,
    }
    return make_response(
        render_template("account/devices.html", **values), status_of(problem) if problem else 200
    )
