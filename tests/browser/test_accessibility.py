"""axe-core finds no WCAG A or AA violation on any page, at both sizes; nothing scrolls sideways."""

from __future__ import annotations

import shutil
from datetime import datetime

import pytest
from sqlalchemy import func, select

from majorops import clock, create_app
from majorops.admin.base import Table
from majorops.db import db
from majorops.demo.data import fill
from majorops.domain.access import SYSTEM
from majorops.domain.enums import (
    AccountRole,
    ChannelKind,
    CommandRole,
    DraftState,
    HandoverState,
    Helper,
    IncidentStatus,
    Notice,
    Phase,
    Visibility,
)
from majorops.models import ChatBoard, Draft, Handover, Incident, StatusUpdate, User
from majorops.operations.delivery import add_channel, set_policy
from majorops.operations.endpoints import add_endpoint, begin_test
from majorops.operations.paging import page_role
from majorops.operations.rotas import add_rota
from majorops.operations.subscriptions import subscribe
from majorops.operations.tokens import add_token
from tests.browser import axe
from tests.conftest import SECRET
from tests.server import Server

SHOWN = (
    "/",
    "/incidents/4",
    "/incidents/2",
    "/history",
    "/maintenance",
    "/maintenance/1",
    "/widget",
    "/subscribe",
    "/de/",
    "/de/incidents/4",
)
PUBLIC = (*SHOWN, "/login", "/incidents/999")
INSIDE = (
    "/admin/incidents",
    "/admin/incidents/4",
    "/admin/incidents/5",
    "/admin/incidents/2",
    "/new",
    "/admin/incidents/4/fields/description",
    "/admin/incidents/4?q=nowhere",
    "/admin/incidents/4/commands",
    "/admin/incidents/2/commands",
    "/admin/incidents/keys",
    "/admin/incidents/4/links",
    "/admin/incidents/7/review",
    "/admin/incidents/2/review",
    "/admin/incidents/4/review",
    "/admin/incidents/7/review?version=2",
    "/admin/actions",
    "/admin/actions/3",
    "/admin/maintenance",
    "/admin/maintenance/2/edit",
    "/incidents/4/brief",
    "/incidents/4/exec",
)
# What stands in the addresses of pages behind the sign-in.
GIVEN = {"number": 4, "name": "description", "what": "systems", "measure": "resolve"}
GIVEN_AT = {
    "actions.show": {"number": 1},
    "alerts.show": {"number": 1},
    "maintenance.edit": {"number": 2},
    "review.editor": {"number": 7, "name": "summary"},
    "review.on_paper": {"number": 7},
    "review.show": {"number": 7},
}
# Answers that are no page of their own: parts of one, files, ways on to another.
NO_PAGES = frozenset(
    {
        "ajax_lookup",
        "appointment",
        "calendar",
        "changes",
        "data",
        "editors",
        "export",
        "list_changes",
        "palette",
        "prove_by_oidc",
        "quick",
        "schema",
        "similar",
        "start",
        "static",
        "table",
        "template",
    }
)
CLOSED = {"create_view": "can_create", "edit_view": "can_edit", "details_view": "can_view_details"}


def admin_pages(app) -> list[str]:
    """Every page behind the sign-in, by the URL map; of a table one row. No two are drawn alike."""
    tables = {view.endpoint: view for view in app.extensions["admin"][0]._views if isinstance(view, Table)}
    found = ["/admin/data/timeline/?flt_visibility=public&select=all", "/admin/import/incidents"]
    for rule in app.url_map.iter_rules():
        where, _, name = rule.endpoint.rpartition(".")
        is_open = getattr(app.view_functions[rule.endpoint], "access", None) == "public"
        table = tables.get(where)
        is_closed = table is not None and not getattr(table, CLOSED.get(name, ""), True)
        if "GET" not in rule.methods or is_open or is_closed or name in NO_PAGES:
            continue
        path = rule.build({**GIVEN, **GIVEN_AT.get(rule.endpoint, {})}, append_unknown=False)[1]
        if table is not None and name in ("details_view", "edit_view", "dry_run"):
            number = db.session.scalar(select(func.max(table.model.id)))
            found.append(f"{path}?id={number}")  # a table without a row fails: fill_the_rest
        else:
            found.append(path)
    return found


PARTS = 4  # of the pages of an admin


def fill_the_rest(now: datetime) -> None:
    """A row of each table in which the demo data have none."""
    priya = db.session.scalar(select(User).filter_by(email="priya@example.org"))
    who = {"actor": SYSTEM, "now": now}
    add_channel(email=priya.email, kind=ChannelKind.WEBHOOK, address="https://hooks.example.org/x", **who)
    set_policy(AccountRole.STAKEHOLDER, Notice.UPDATE, False, **who)
    add_token(priya, name="deploy bot", scopes=["timeline:note"], **who)
    add_rota(name="SRE", role=CommandRole.SRE, **who)
    running = db.session.scalars(select(Incident).filter_by(resolved_at=None).order_by(Incident.id)).all()
    page_role(running[-1], CommandRole.LEADER, whom=priya.email, **who)
    endpoint, _ = add_endpoint(name="Warehouse", address="https://hooks.example.org/x", **who)
    begin_test(endpoint, now, **who)
    given = {"kind": ChannelKind.EMAIL, "systems": [], "language": "en", "origin": "192.0.2.1"}
    subscribe(address="vic@example.org", **given, **who)
    of = {"incident_id": 3, "user_id": priya.id}
    draft = {
        "helper": Helper.UPDATE,
        "visibility": Visibility.INTERNAL,
        "by_name": priya.name,
        "made_at": now,
    }
    texts = {"prompt": "update 1", "seen": "{}", "text": "Payments fail.", "state": DraftState.STOPPED}
    said = {"body": "We look at it.", "by_name": priya.name, "at": now, "visibility": Visibility.INTERNAL}
    offer = {"from_name": "Dana", "to_name": priya.name, "offered_at": now, "brief": "Six lines."}
    db.session.add_all(
        [
            ChatBoard(incident_id=3, service="slack", next_at=now),
            Draft(**of, **draft, **texts, phase=Phase.ALERT),
            Handover(**of, **offer, state=HandoverState.WITHDRAWN),
            StatusUpdate(incident_id=3, status_at_cut=IncidentStatus.ACTIVE, **said),
        ]
    )
    db.session.commit()


@pytest.fixture(scope="module")
def demo(template_database, tmp_path_factory):
    """A server full of demo data."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copy(template_database.removeprefix("sqlite:///"), path)
    app = create_app({"DATABASE_URL": f"sqlite:///{path}", "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        fill(clock.now())
        fill_the_rest(clock.now())
        pages = admin_pages(app)
        db.session.remove()
        db.engine.dispose()
    mail = {"BASE_URL": "http://status.example.org", "SMTP_URL": "smtp://127.0.0.1:9"}
    server = Server(f"sqlite:///{path}", **mail)
    server.start()
    server.admin_pages = pages
    yield server
    server.stop()


def violations(page) -> list[str]:
    """What axe finds.

    A target is small only where it is small in the middle of the screen too: at the edge what stays in
    place (head, dock) lies over half of one or the other.
    """
    found = axe.find(page)
    for one in [v for v in found if v["id"] == "target-size"]:
        one["nodes"] = [node for node in one["nodes"] if _is_small(page, node["target"][0])]
    return [f"{v['id']}: {n['target']} {n['failureSummary'][:160]}" for v in found for n in v["nodes"][:4]]


def _is_small(page, target: str) -> bool:
    page.evaluate("target => document.querySelector(target).scrollIntoView({ block: 'center' })", target)
    return bool(axe.find(page, target, runOnly={"type": "rule", "values": ["target-size"]}))


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_pages(chromium, demo, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=demo.url
    )
    page, problems = context.new_page(), {}

    def look(paths):
        for path in paths:
            answer = page.goto(path)
            assert answer.status == (404 if "999" in path else 200), path
            page.wait_for_timeout(150)
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            if found := violations(page) + (["scrolls sideways"] if wide else []):
                problems[path] = found

    look(PUBLIC)
    if scheme == "dark":  # operator pages are dark only
        page.goto("/login")
        page.fill("[name=email]", "admin@example.org")
        page.fill("[name=password]", "fireground-demo")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/incidents")
        look(INSIDE)
    context.close()
    assert problems == {}


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_that_an_admin_may_open(chromium, demo, width, part):
    """In one tab, one after another; in parts, so that several look at once."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=demo.url)
    page, problems = context.new_page(), {}
    page.goto("/login")
    page.fill("[name=email]", "admin@example.org")
    page.fill("[name=password]", "fireground-demo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/incidents")
    for path in demo.admin_pages[part::PARTS]:
        answer = page.goto(path)
        assert (answer.status, page.url) == (200, f"{demo.url}{path}")
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if found := violations(page) + (["scrolls sideways"] if wide else []):
            problems[path] = found
    context.close()
    assert problems == {}


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_public_pages_without_their_script(chromium, demo, scheme):
    """The script is held back, not switched off: axe is one too."""
    context = chromium.new_context(color_scheme=scheme, base_url=demo.url)
    page, problems = context.new_page(), {}
    page.route("**/*.js", lambda route: route.abort())
    for path in SHOWN:
        page.goto(path)
        problems |= {path: found} if (found := violations(page)) else {}
    context.close()
    assert problems == {}


def test_open_parts_of_the_fireground(chromium, demo):
    """Editors, unfolded rows, sheets: states that a page does not start with."""
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        context = chromium.new_context(viewport=size, base_url=demo.url)
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=email]", "dana@example.org")
        page.fill("[name=password]", "fireground-demo")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/incidents")
        page.goto("/admin/incidents/4")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        page.click("#f-description-value")
        page.wait_for_selector(".field--editing")
        assert violations(page) == []
        if size["width"] == 390:
            page.keyboard.press("Escape")
            for sheet in ("panel", "composer", "log"):
                page.click(f"[data-opens={sheet}]")
                assert violations(page) == [], sheet
        context.close()


def test_first_run_and_a_provider_in_trouble(chromium, template_database, tmp_path):
    path = tmp_path / "empty.db"
    shutil.copy(template_database.removeprefix("sqlite:///"), path)
    provider = {"OIDC_ISSUER": "http://127.0.0.1:9", "OIDC_CLIENT_ID": "majorops"}
    server = Server(f"sqlite:///{path}", **provider)
    server.start()
    page = chromium.new_context(viewport={"width": 390, "height": 844}, base_url=server.url).new_page()
    page.goto("/")
    assert page.url.endswith("/setup")
    assert violations(page) == []
    page.goto("/login/oidc")
    assert "Sign in with a password" in page.content()
    assert violations(page) == []
    server.stop()


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_states_of_a_live_screen(chromium, demo, width):
    """Two people here, one editing; a conflict; coming back; offline with an open queue."""
    pages = []
    for email in ("admin@example.org", "priya@example.org"):
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=demo.url)
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=email]", email)
        page.fill("[name=password]", "fireground-demo")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/incidents")
        page.goto("/admin/incidents/4")
        page.wait_for_timeout(2_500)
        pages.append(page)
    page, other = pages
    problems = {}

    def look(state: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if found := violations(page) + (["scrolls sideways"] if wide else []):
            problems[state] = found

    for one, text in ((page, "mine"), (other, f"theirs {width}")):
        one.locator("#f-title-value").focus()
        one.keyboard.press("Enter")
        one.locator("#f-title-input").fill(text)
    page.wait_for_selector("#f-title, .field__who")
    look("editing")
    other.keyboard.press("Enter")
    page.wait_for_selector("#f-title-meanwhile:not(:empty)")
    look("changed meanwhile")
    page.keyboard.press("Enter")
    page.wait_for_selector(".field__conflict")
    look("conflict")
    page.click("[data-take=theirs]")
    page.wait_for_selector("#f-title-value")
    page.evaluate(
        """async () => {
          document.cookie = `looked=5.${Math.floor(Date.now() / 1000) - 900}; path=${location.pathname}`;
          const { htmx } = await import(document.querySelector("script[src*='/app-']").src);
          const since = `${location.pathname}/changes?region=since`;
          htmx.ajax("GET", since, { swap: "none", target: "#problem" });
        }"""
    )
    page.wait_for_selector(".notice--since")
    look("since")
    page.context.set_offline(True)
    page.locator("#f-description-value").click()
    page.locator("#f-description-input").fill("in the tunnel")
    page.keyboard.press("Control+Enter")
    page.click("#connection summary")
    look("offline")
    for one in pages:
        one.context.close()
    assert problems == {}


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_states_of_advance_composer_nudge_and_bridge(chromium, demo, width):
    """Pressed, unfolded and asked: what a page does not start with."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=demo.url)
    page, problems, is_phone = context.new_page(), {}, width < 840

    def look(state: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if found := violations(page) + (["scrolls sideways"] if wide else []):
            problems[state] = found

    def sheet(name: str) -> None:
        if is_phone:
            page.click(f"[data-opens={name}]")

    page.goto("/login")
    page.fill("[name=email]", "dana@example.org")
    page.fill("[name=password]", "fireground-demo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/incidents")
    page.goto("/admin/incidents/4")
    page.locator(".nudge__more:visible > summary").first.click()
    look("nudge list; composer folded")
    page.locator(".header__bridge a.field__value").click()
    page.wait_for_selector(".header__bridge .field--editing")
    look("bridge editor")
    page.keyboard.press("Escape")
    sheet("panel")
    if page.locator(".advance__soft").count():
        page.locator(".advance__soft > summary").click()
    look("soft gate; checklist with reasons")
    page.keyboard.press("Escape")
    page.reload()
    sheet("composer")
    page.fill("#composer-body", "Rolling back. Next update in 15 minutes.")
    page.locator("#next-30").check(force=True)
    look("composer unfolded")
    page.click("#composer-post")
    page.wait_for_selector("#promise-ask")
    look("promise question")
    context.close()
    assert problems == {}
