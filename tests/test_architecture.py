"""The rules of the architecture, as far as a machine can see them (in words: docs/architecture.md)."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from majorops.domain.events import AuditKind, EventKind, Region, Signal
from majorops.fireground.palette import sections
from majorops.operations.fields import FIELDS, field_id
from majorops.projections import PublicIncident
from majorops.version import VERSION
from majorops.web.access import is_admin_endpoint
from tests.operations.loaded import OPERATIONS

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted((ROOT / "majorops").rglob("*.py"))

# From the lowest layer up: a package imports what lies below it, and nothing beside or above it.
# Screens do not know each other; what two of them need lies in `web` or deeper.
LAYERS = (
    {"clock", "domain", "i18n", "logs", "signing", "storage", "version"},
    {"db", "integrations"},
    {"backup", "models"},
    {"projections"},
    {"operations"},
    {"ai"},
    {"realtime"},
    {"notifications"},
    {"web"},
    {"publishing"},
    {
        "account",
        "admin",
        "agents",
        "alerts",
        "briefs",
        "chat",
        "fireground",
        "maintenance",
        "measures",
        "public",
        "replay",
        "reviews",
        "scim",
        "search",
    },
    {"api"},  # of what the screens show
    {"demo"},
    {"cli"},
    {"majorops"},  # create_app
    {"asgi"},
)
LAYER = {package: number for number, layer in enumerate(LAYERS) for package in layer}


def package_of(path: Path) -> str:
    part = path.relative_to(ROOT / "majorops").parts[0].removesuffix(".py")
    return "majorops" if part == "__init__" else part


def imported(path: Path, *, for_types: bool = True) -> set[str]:
    """Full names that a file imports, inside functions too.

    `for_types`: also what only a type checker reads.
    """
    found, tree = set(), ast.parse(path.read_text())
    skipped = set()
    for node in ast.walk(tree):
        if not for_types and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped |= set(ast.walk(node))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def packages_imported(path: Path, *, for_types: bool = True) -> set[str]:
    """Packages of ours: `domain`, `models`, …; `majorops` where the application itself is imported."""
    names = {
        name.split(".")[1] for name in imported(path, for_types=for_types) if name.startswith("majorops.")
    }
    return {"majorops" if name == "create_app" else name for name in names}


def test_every_package_has_its_layer():
    assert {package_of(path) for path in CODE} == set(LAYER)


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path):
    mine = package_of(path)
    for other in packages_imported(path) - {mine}:
        assert LAYER[other] < LAYER[mine], f"{mine} imports {other}"


@pytest.mark.parametrize("path", sorted((ROOT / "majorops/domain").glob("*.py")), ids=lambda p: p.stem)
def test_rules_need_the_standard_library_alone(path):
    outside = {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names
    assert outside <= {"majorops"}


@pytest.mark.parametrize("path", sorted((ROOT / "majorops/public").glob("*.py")), ids=lambda p: p.stem)
def test_public_pages_reach_no_row(path):
    assert not packages_imported(path, for_types=False) & {"models", "db"}


@pytest.mark.parametrize("name", ["status", "feeds", "statuspage_api", "page"])
def test_what_strangers_read_comes_from_projections(name):
    path = ROOT / f"majorops/public/{name}.py"
    assert not packages_imported(path) & {"models", "db", "fields", "operations"}


def test_the_command_line_for_the_laptop_stands_alone():
    """It is installed without the server: the standard library and click, nothing of ours."""
    files = sorted((ROOT / "client").rglob("*.py"))
    outside = {name.split(".")[0] for path in files for name in imported(path)} - sys.stdlib_module_names
    assert outside == {"click", "majorops_client"}
    needs = tomllib.loads((ROOT / "client/pyproject.toml").read_text())["project"]["dependencies"]
    assert [re.match(r"\w+", name)[0] for name in needs] == ["click"]
    assert f'__version__ = "{VERSION}"' in (ROOT / "client/majorops_client/__init__.py").read_text()


def test_the_picture_is_the_codes():
    from tests.draw_architecture import DOCUMENT, picture

    assert picture() in DOCUMENT.read_text(), "make picture"


def test_the_data_dictionary_is_the_registrys():
    from tests.list_fields import DOCUMENT, dictionary

    assert dictionary() == DOCUMENT.read_text(), "make fields"


def test_the_newest_heading_of_the_changelog_is_this_version():
    newest = re.search(r"^## (\S+?)[,\n]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest[1] == VERSION


WRITTEN = ("*.py", "*.js", "*.css", "*.html", "*.txt", "*.svg", "*.po", "*.pot")
PICTURES = {"majorops/static/icon.svg"}  # a drawing's path cannot be broken


@pytest.mark.parametrize("folder", ["majorops", "client", "templates", "tests", "bench"])
def test_no_line_is_longer_than_a_reader_sees(folder):
    """The linters let some pass: an address, a marker for themselves, a text without a space."""
    for path in (path for pattern in WRITTEN for path in (ROOT / folder).rglob(pattern)):
        if "vendor" in path.parts or str(path.relative_to(ROOT)) in PICTURES:
            continue
        long = [n for n, line in enumerate(path.read_text().splitlines(), 1) if len(line) > 110]
        assert long == [], path


def test_no_two_places_share_ten_lines():
    """What is written twice is mended once: it belongs into one place."""
    places = defaultdict(list)
    sources = [p for folder in ("majorops", "templates") for p in (ROOT / folder).rglob("*.*")]
    for path in sources:
        if path.suffix not in (".py", ".js", ".css", ".html") or "vendor" in path.parts:
            continue
        lines = list(filter(None, map(str.strip, path.read_text().splitlines())))
        for start in range(len(lines) - 9):
            places[tuple(lines[start : start + 10])].append(path.name)
    assert {names[0]: names for names in places.values() if len(names) > 1} == {}


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
        if not view.__module__.startswith("majorops.") or is_admin_endpoint(rule.endpoint):
            continue
        body = ast.parse(inspect.getsource(view).lstrip()).body[0]
        told = (ast.get_docstring(body, clean=False) or "").splitlines()
        assert body.end_lineno - body.lineno - len(told) < 18, rule.endpoint
        assert not re.search(r"\bselect\(|db\.session", inspect.getsource(view)), rule.endpoint


def test_every_kind_of_entry_is_recorded_and_every_recorded_one_is_declared():
    """`record` and `audit` take members alone; a member that no operation names would never be seen."""
    text = "".join(path.read_text() for path in (ROOT / "majorops/operations").glob("*.py"))
    for kinds in (EventKind, AuditKind):
        named = set(re.findall(rf"\b{kinds.__name__}\.([A-Z_]+)", text))
        computed = {kind.name for kind in kinds if kind.startswith("maintenance.")}  # by its status
        assert {kind.name for kind in kinds} == named | (computed & {kind.name for kind in kinds}), kinds
    bare = re.findall(r"\b(?:record|audit)\([^()]*?\"[a-z_]+\.[a-z_]+\"", text)
    assert bare == []


def test_every_region_becomes_stale():
    """By an entry or a signal; but for what a screen asks for by name."""
    named = {region for kind in EventKind for region in kind.stale}
    named |= {region for signal in Signal for region in signal.stale}
    assert set(Region) - named == {Region.SINCE}


def test_every_region_has_its_partial(cast):
    cast.open()
    page = cast.browser("maya").get("/admin/incidents/1").text
    for name in Region:
        assert (ROOT / f"templates/fireground/_{name}.html").exists()
        assert f'id="{name}"' in page, name


def test_verbs_carry_their_contract():
    for name, operation in OPERATIONS.items():
        assert operation.__doc__, name
        assert {"actor", "now"} <= set(inspect.signature(operation).parameters), name


def test_every_operation_of_the_fireground_is_a_command(app, cast, clock):
    """A new POST route of the fireground needs its line in fireground/palette/."""
    cast.full_house()
    reached = {command.endpoint for f in cast.firegrounds() for _, part in sections(f) for command in part}
    routes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint.startswith("fireground.")
    }
    assert routes - reached == {"fireground.presence"}  # said by the page itself, no operation


def test_every_field_stands_on_the_page(cast):
    """A field of the registry that no region draws could not be edited."""
    cast.resolve(cast.open())
    cast.open()
    cast.open(is_public=False)
    pages = [cast.browser("maya").get(f"/admin/incidents/{number}").text for number in (1, 2, 3)]
    for name in FIELDS:
        assert any(f'id="{field_id(name)}"' in page for page in pages), name


def test_every_field_is_a_command(cast, clock):
    cast.full_house()
    edited = {c.takes.get("name") for f in cast.firegrounds() for _, part in sections(f) for c in part}
    assert set(FIELDS) - edited == set()


def test_staff_and_public_templates_share_nothing():
    for path in (ROOT / "templates/public").glob("*.html"):
        assert not re.search(r'"(fireground|web|public/intake|public/sign_in)/', path.read_text()), path


def test_nothing_inline_in_templates():
    """The Content-Security-Policy would drop it without a word. A mail has none, and needs it inline."""
    for path in (ROOT / "templates").rglob("*.html"):
        if path.parent.name == "notifications":
            continue
        text = path.read_text()
        assert not re.search(r'\sstyle="|\son[a-z]+="|javascript:', text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path


def test_a_field_is_public_where_a_projection_shows_it_and_nowhere_else():
    shown = set(PublicIncident.__dataclass_fields__) | {"systems", "bridge_is_public", "is_public"}
    shown = shown - {"title"} | {"public_title"}  # the public's title is the public one, and has no other
    for field in FIELDS.values():
        is_shown = bool(field.columns) and field.columns[0] in shown
        assert is_shown == (field.audience == "public") or field.name == "detected_at", field.name
