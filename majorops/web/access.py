"""Who may use which route.

Each view says so with `@public`, `@needs` and the like; a view that says nothing is closed.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, abort, current_app, request
from flask_login import current_user

from majorops.domain.access import GRANTS, Permission
from majorops.domain.enums import AccountRole
from majorops.domain.rights import RoleMap
from majorops.operations import Operation


def say_of(view: Callable, **says: object) -> Callable:
    """Set what is said of a view as its attributes (`check_access` and others read them). Returns it."""
    vars(view).update(says)
    return view


def public(view: Callable) -> Callable:
    """Anybody may use this view."""
    return say_of(view, access="public")


def status_page(view: Callable) -> Callable:
    """Anybody may use this view.

    Only accounts, of every role, where the status page is private (MAJOROPS_STATUS_PRIVATE).
    """
    return say_of(view, access="public", is_status_page=True)


def beside_status_page(view: Callable) -> Callable:
    """As `status_page`, but drawn for each who asks: a form."""
    return say_of(view, access="public", is_beside_status_page=True)


def by_token(view: Callable) -> Callable:
    """Whoever has the secret in its address may use this view.

    Also on the status page's own host, and while the status page is private.
    """
    return say_of(view, access="public", is_by_token=True)


def by_bearer(view: Callable) -> Callable:
    """Whoever has the token of a setting may use this view; its blueprint asks for it."""
    return say_of(view, access="public", is_by_bearer=True)


def belongs_to_status_page(view: Callable) -> bool:
    """It is as public or as private as the status page."""
    return getattr(view, "is_status_page", False) or getattr(view, "is_beside_status_page", False)


def needs(what: Permission | Operation[..., object]) -> Callable[[Callable], Callable]:
    """Only accounts with the permission, or with the one that the operation needs, may use this view;
    a stranger is asked to sign in.
    """

    def mark(view: Callable) -> Callable:
        return say_of(view, access=what if isinstance(what, Permission) else what.needs)

    return mark


def signed_in(view: Callable) -> Callable:
    """Every account may use this view, whatever its role."""
    return say_of(view, access="signed in")


def own_start() -> str:
    """The endpoint where the pages of who asks begin."""
    if not current_user.is_authenticated:
        return "public.status"
    return "fireground.index" if current_user.actor.can(Permission.INCIDENT_READ) else "brief.index"


def role_map() -> RoleMap:
    """What the groups of people mean here, by the settings."""
    return RoleMap(current_app.config["OIDC_ROLE_MAP"], current_app.config["OIDC_UNMAPPED"])


def check_access() -> None:
    """Before every request: default deny. Aborts with 401 or 403."""
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static":
        return None
    view, access = current_app.view_functions[endpoint], access_of(endpoint)
    is_private = current_app.config["STATUS_PRIVATE"] and belongs_to_status_page(view)
    if access == "public" and not is_private:
        return None
    if not current_user.is_authenticated:
        abort(401)
    if is_private or access == "signed in" or (access is not None and current_user.actor.can(access)):
        return None
    abort(403)


def access_of(endpoint: str) -> object:
    """What was said of the view: a permission, "public", "signed in", or None for nothing."""
    # Flask-Admin wraps its views; its own guard (admin/base.py) asks for the same.
    if is_admin_endpoint(endpoint):
        return Permission.DATA_MANAGE
    return getattr(current_app.view_functions[endpoint], "access", None)


def roles_for(endpoint: str | None) -> list[AccountRole]:
    """The roles that may use a view by their permission; none where a permission is not what is missing."""
    access = access_of(endpoint) if endpoint in current_app.view_functions else None
    return [role for role in AccountRole if access in GRANTS[role]]


def is_admin_endpoint(endpoint: str) -> bool:
    """The endpoint belongs to Flask-Admin (all of them are named so in majorops/admin)."""
    return endpoint.startswith("admin") or endpoint.startswith("data_")


def init_app(app: Flask) -> None:
    """Have every request looked at before its view (`check_access`)."""
    app.before_request(check_access)
