"""Every page that a person opens, from the URL map: a new page cannot be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from majorops import clock
from majorops.db import db
from majorops.domain.enums import AccountRole, SignInMethod
from majorops.models import ActionItem, AlertGroup, Incident, Review, User
from majorops.operations.accounts import start_session
from majorops.web.session import sign_in_client

# What is no page, and why.
LEFT_OUT = {
    "static": "a file",
    "admin.static": "a file",
    "assets.bundle": "a file",
    "sign_in.callback": "the provider's answer",
    "sign_in.login_oidc": "leads to the provider",
    "sign_in.prove_by_oidc": "leads to the provider",
}
VOID = ("token",)  # a link that does not exist: its page says so
FEW = ("answers for a link that is void", (400, 404, 410))

# A word that fills a page of most tables, of a short past and of a long one, and one that no row holds.
SEARCHED = "priya", "nowhere"


# The filters of the list of actions.
ACTIONS = ("show=mine", "show=overdue", "show=ended", "system=ledger-db", "incident=1", "practice=1")


# Pages that look at so many of the newest and no more.
BOUNDED = ("search.index", "search.quick", "fireground.index", "archive.index")
# Queries of the search, as an address has them.
QUERIES = (
    "priya",
    "nowhere",
    "%22deploy+freeze%22+-vendor",
    "slow+system:ledger-db",
    "severity:low+mim:dana",
    "system:ledger-db",
    "host+before:2025-01-01&order=best",
)


@dataclass(frozen=True)
class Page:
    """`kind`: page, search, bounded, sort or export; `is_public`: a stranger opens it.

    What is bounded looks at so many of the newest matches and at no more: it takes longer until there are
    as many (`operations/searching.py`).
    """

    label: str
    path: str
    kind: str = "page"
    is_public: bool = False
    may_be_void: bool = False


def every_page(app: Flask) -> list[Page]:
    """All of them, with what is in the database filled in.

    Raises AssertionError for an address that asks for something which this function does not know: say
    here what to give it.
    """
    with app.app_context(), app.test_request_context():
        known = _known()
        views = {view.endpoint: view for view in app.extensions["admin"][0]._views}
        pages = []
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
            if "GET" in rule.methods and rule.endpoint not in LEFT_OUT and not is_for_machines(rule.endpoint):
                pages += _pages(app, rule, known, views)
        db.session.rollback()
    return pages


def is_for_machines(endpoint: str) -> bool:
    """SCIM, the API and what takes alerts in: no pages, and closed without a token."""
    return endpoint.startswith(("scim.", "api.", "hooks.", "metrics."))


def _known() -> dict[str, object]:
    """A value for each argument of an address."""
    running = select(Incident).where(Incident.resolved_at.is_(None), Incident.is_public.is_(True))
    running = running.order_by(Incident.id.desc())
    one = db.session.scalar(running.limit(1))
    first = db.session.scalar(select(Incident).order_by(Incident.id).limit(1))
    return {
        "number": one.id,
        "name": "title",
        "page": "brief",
        "system": "payments-api",
        "token": "void",
        "year": first.opened_at.year,
        "month": first.opened_at.month,
        "export_type": "csv",
        "what": "incidents",
        "measure": "resolve",
        "kind": "json",
    }


def _afterwards(blueprint: str) -> dict[str, object]:
    """What reviews, actions and alerts are called, where it is something else than incidents."""
    if blueprint == "alerts":
        return {"number": db.session.scalar(select(AlertGroup.id).order_by(AlertGroup.id).limit(1))}
    if blueprint == "actions":
        return {"number": db.session.scalar(select(ActionItem.id).order_by(ActionItem.id).limit(1))}
    if blueprint != "review":
        return {}
    held = select(Review.incident_id).where(Review.held_at.is_not(None)).order_by(Review.id)
    return {"number": db.session.scalar(held.limit(1)), "name": "summary"}


def _pages(app: Flask, rule, known: dict[str, object], views: dict) -> list[Page]:
    blueprint, _, name = rule.endpoint.partition(".")
    table = views.get(blueprint)
    if table is not None and hasattr(table, "model"):
        return _of_a_table(table, rule.rule, name)
    unknown = rule.arguments - known.keys()
    assert not unknown, f"{rule}: tests/pages.py does not know what to give for {unknown}"
    given = {argument: known[argument] for argument in rule.arguments}
    if "maintenance" in rule.endpoint:
        given = {argument: 1 if argument == "number" else value for argument, value in given.items()}
    given |= {argument: value for argument, value in _afterwards(blueprint).items() if argument in given}
    path = app.url_map.bind("localhost").build(rule.endpoint, given)
    access = getattr(app.view_functions[rule.endpoint], "access", None)
    if rule.endpoint in ("fireground.changes", "fireground.list_changes"):
        path += "?since=1"
    is_void = bool(rule.arguments & set(VOID)) or rule.endpoint == "sign_in.setup"
    page = Page(rule.rule, path, is_public=access == "public", may_be_void=is_void)
    more = {
        "fireground.show": (("resolved", "/admin/incidents/1"), ("?q=", f"{path}?q=host")),
        "fireground.index": (
            ("older", f"{path}?before={known['number']}"),
            *((f"?q={asked}", f"{path}?q={asked}") for asked in QUERIES),
        ),
        "search.quick": (("?q=", f"{path}?q=priya"), ("?q=typo", f"{path}?q=paymnets")),
        "archive.index": tuple(
            (one, f"{path}?{one}")
            for one in ("show=held", "show=overdue", "practice=1", *(f"q={asked}" for asked in QUERIES))
        ),
        "public.incident": (("resolved", "/incidents/1"),),
        "alerts.index": tuple(
            (one, f"{path}?{one}")
            for one in ("show=acknowledged", "show=noise", "show=cleared", "incident=1", "page=2")
        ),
        "actions.index": tuple((one, f"{path}?{one}") for one in ACTIONS),
        "review.show": (("version", f"{path}?version=1"),),
        "search.index": tuple((f"?q={asked}", f"{path}?q={asked}") for asked in QUERIES),
        "public.history": (("?q=", f"{path}?q=the+cause"),),
        "intake.similar": (("?title=", f"{path}?title=payments-api+slow+since+a+change"),),
    }
    kind = "bounded" if rule.endpoint in BOUNDED else "page"
    others = more.get(rule.endpoint, ())
    return [page, *(Page(f"{rule.rule} {label}", at, kind) for label, at in others)]


def _of_a_table(table, path: str, name: str) -> list[Page]:
    """Lists, searched and sorted too; forms and details of its newest row."""
    last = db.session.scalar(select(table.model.id).order_by(table.model.id.desc()).limit(1))
    if name == "index_view":
        pages = [Page(path, path)]
        if table._search_supported:
            pages += [Page(f"{path}?search={word}", f"{path}?search={word}", "search") for word in SEARCHED]
        pages += [
            Page(f"{path}?sort={name}", f"{path}?sort={place}", "sort")
            for place, (name, _) in enumerate(table._list_columns)
            if table.is_sortable(name)
        ]
        return pages
    if name == "export":
        at = path.replace("<export_type>", "csv")
        return [Page(at, at, "export")]
    if name in ("details_view", "edit_view", "dry_run"):
        is_open = name != "edit_view" or table.can_edit
        return [Page(path, f"{path}?id={last}")] if last and is_open else []
    if name == "create_view":
        return [Page(path, path)] if table.can_create else []
    return [] if name == "ajax_lookup" else [Page(path, path)]


def browsers(app: Flask) -> tuple[FlaskClient, FlaskClient]:
    """A stranger, and an admin who is signed in."""
    stranger, admin = app.test_client(), app.test_client()
    with app.app_context():
        user = db.session.scalar(select(User).filter_by(role=AccountRole.ADMIN).limit(1))
        sign_in_client(
            admin, start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock.now())
        )
        db.session.remove()
    return stranger, admin


def open_page(page: Page, stranger: FlaskClient, admin: FlaskClient):
    """The answer, read to its end. Raises AssertionError where there is no such page."""
    answer = (stranger if page.is_public else admin).get(page.path)
    assert answer.data is not None
    fine = answer.status_code < 400 or (page.may_be_void and answer.status_code in FEW[1])
    assert fine, f"{page.path}: {answer.status_code}"
    return answer
