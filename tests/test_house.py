"""The house rules, as far as a machine can see them (the prose is in docs/house.md)."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from majorops.fields import FIELDS
from majorops.projections import PublicIncident
from majorops.regions import REGIONS
from majorops.screen.commands import sections
from majorops.web.access import is_admin_endpoint
from tests.operations.loaded import VERBS

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted((ROOT / "majorops").rglob("*.py"))

# Package → what of ours it may import; "*" is everything.
MAY_IMPORT = {
    "domain": {"domain"},
    "clock": set(),
    "db": {"storage"},
    "storage": set(),
    "models": {"models", "db", "domain"},
    "projections": {"projections", "models", "db", "domain"},
    "fields": {"models", "domain"},
    "operations": {"operations", "models", "db", "domain", "fields"},
    "screen": {"screen", "operations", "models", "db", "domain", "fields"},
    "realtime": {"realtime", "signing", "fields", "operations", "regions"},
    "signing": set(),
    "ai": {"ai", "projections", "domain"},
    "notifications": {
        "notifications",
        "operations",
        "projections",
        "models",
        "db",
        "domain",
        "clock",
        "signing",
        "publishing",
        "i18n",
    },
    "asgi": {
        "asgi",
        "create_app",
        "first_run",
        "health",
        "notifications",
        "operations",
        "publishing",
        "realtime",
        "storage",
        "web",
    },
    "publishing": {"publishing", "clock", "projections", "i18n", "web"},
    "i18n": set(),
    "regions": {"models", "db", "domain", "fields"},
    "replay": {"replay", "operations", "models", "domain", "fields"},
}


def names_imported(path: Path) -> set[str]:
    """Parts of majorops that a file imports: `domain`, `models`, …"""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("majorops"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("majorops.")}
    return found


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    part = path.relative_to(ROOT / "majorops").parts[0].removesuffix(".py")
    if part in MAY_IMPORT:
        assert names_imported(path) <= MAY_IMPORT[part], part
    if part == "domain":
        tree = ast.parse(path.read_text())
        modules = {
            n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module
        }
        assert not modules & {"flask", "sqlalchemy", "wtforms", "jinja2"}


def test_public_views_reach_no_model():
    imported = names_imported(ROOT / "majorops/web/public/__init__.py")
    assert not imported & {"models", "db", "operations", "screen", "fields"}


def test_one_door():
    for path in CODE:
        if path.parent.name == "operations" and path.name == "__init__.py":
            continue
        if path.parent.name == "notifications" and path.name == "worker.py":
            continue  # it keeps what became of a message; nothing else of the record
        assert not re.search(r"\bcommit\(", path.read_text()), path


def test_one_clock():
    for path in CODE:
        if path.name != "clock.py":
            assert not re.search(r"datetime\.(now|utcnow)\(|time\.time\(", path.read_text()), path


def test_files_are_short():
    limits = {"*.py": 300, "*.css": 300, "*.js": 300}
    for pattern, limit in limits.items():
        for path in (ROOT / "majorops").rglob(pattern):
            if "vendor" not in path.parts:
                assert len(path.read_text().splitlines()) <= limit, path
    for path in (ROOT / "templates").rglob("*.html"):
        assert len(path.read_text().splitlines()) <= 120, path


def test_every_route_says_who_may_use_it(app):
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or is_admin_endpoint(rule.endpoint) or rule.endpoint.startswith("admin"):
            continue
        assert getattr(app.view_functions[rule.endpoint], "access", None), rule


@pytest.mark.own_app
def test_a_route_that_says_nothing_is_closed(app, cast):
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert app.test_client().get("/forgotten").status_code == 303
    assert cast.browser("ada").get("/forgotten").status_code == 403


def test_views_only_translate(app):
    for rule in app.url_map.iter_rules():
        view = inspect.unwrap(app.view_functions[rule.endpoint])
        if not view.__module__.startswith("majorops.web"):
            continue
        body = ast.parse(inspect.getsource(view).lstrip()).body[0]
        assert body.end_lineno - body.lineno < 18, rule.endpoint
        assert not re.search(r"\bselect\(|db\.session", inspect.getsource(view)), rule.endpoint


def test_every_region_has_its_partial(cast):
    cast.open()
    page = cast.browser("maya").get("/admin/incidents/1").text
    for name in REGIONS:
        assert (ROOT / f"templates/fireground/_{name}.html").exists()
        assert f'id="{name}"' in page, name


def test_verbs_carry_their_contract():
    for name, verb in VERBS.items():
        assert verb.__doc__, name
        assert {"actor", "now"} <= set(inspect.signature(verb).parameters), name


def test_every_verb_of_the_fireground_is_a_command(app, cast, clock):
    """A new POST route of the fireground needs its line in screen/commands.py."""
    cast.full_house()
    reached = {command.verb for f in cast.firegrounds() for _, part in sections(f) for command in part}
    routes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint.startswith("fireground.")
    }
    assert routes - reached == {"fireground.presence"}  # said by the page itself, no verb


def test_every_field_is_a_command(cast, clock):
    cast.full_house()
    edited = {c.takes.get("name") for f in cast.firegrounds() for _, part in sections(f) for c in part}
    assert set(FIELDS) - edited == set()


def test_staff_and_public_templates_share_nothing():
    for path in (ROOT / "templates/public").glob("*.html"):
        assert not re.search(r'"(fireground|shared|intake|auth)/', path.read_text()), path


def test_nothing_inline_in_templates():
    """The Content-Security-Policy would drop it without a word."""
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r'\sstyle="|\son[a-z]+="|javascript:', text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path


def test_a_field_is_public_where_a_projection_shows_it_and_nowhere_else():
    shown = set(PublicIncident.__dataclass_fields__) | {"systems", "bridge_is_public", "is_public"}
    for field in FIELDS.values():
        column = {"affected_systems": "systems", "alert.customer_count": "customer_count"}.get(
            field.name, field.column
        )
        assert (column in shown) == (field.audience == "public") or field.name == "detected_at", field.name
