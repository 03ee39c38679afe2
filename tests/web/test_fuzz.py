"""No answer is a server error: every form and every query parameter, derived from the map of addresses, with
hostile values, with fields missing, sent twice, too long. The order is fixed, so that what fails comes again.
"""

from __future__ import annotations

import inspect
import os
import re
import traceback
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from wtforms.fields.core import UnboundField

from majorops.web.access import is_admin_endpoint

ALL = int(os.environ.get("FUZZ_ANSWERS", "1200"))  # `make fuzz` asks for 5,000
PARTS = ALL // 100  # which workers share
ANSWERS = ALL // PARTS
BOUNDS = {
    "max_examples": ANSWERS,
    "derandomize": True,
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
HOSTILE = (
    "",
    " ",
    "\x00",
    "\n",
    "\r\n",
    "\t",
    "0",
    "-1",
    "1",
    "2",
    "7",
    "99999999999999999999",
    "1e309",
    "NaN",
    "\u0663",
    "\u00b2",
    "1.5",
    "0x10",
    "None",
    "null",
    "[]",
    "{}",
    "{{7*7}}",
    "%00",
    "%s%n",
    "'",
    '"',
    "' OR 1=1 --",
    "<script>x</script>",
    "../../etc/passwd",
    "\\",
    "\u202e",
    "\ufeff",
    "\U0001f525" * 40,
    "e\u0301" * 200,
    "A" * 9_000,
    "word " * 5_000,
    "a:" * 400,
    "/" * 500,
    "App: 1 / 2 / 3",
    "Lena: x 5",
    "App, Database 5",
    "INC-001",
    "INC-" + "9" * 30,
    "2026-11-23",
    "2026-02-30",
    "0000-00-00 00:00",
    "9999-12-31 23:59",
    "9999-12-31",
    "0001-01-01",
    "25:61",
    "14:56",
    "12:00\x00",
    "https://a.example",
    "https://[::1",
    "http://\x00",
    "mailto:x",
    "a@b.cd",
    "@",
    "y",
    "yes",
    "no",
    "critical",
    "resolved",
    "public",
    "internal",
    "running",
    "succeeded",
    "confirmed",
    "update",
    "milestone",
    "resolution",
    "set",
    "15",
    "csv",
    "all",
    "title",
    "alert.customer_count",
    "AND",
    "NEAR(",
    '"unclosed',
    "a*",
    "col:x",
    "-x",
    "*",
    "payments-api",
    "sre",
    "can",
    "ask",
    "decision",
    "ruled_out",
    "erase",
    "again",
    "leave",
    "real",
    "overdue",
)
EVERYWHERE = ("id", "url", "next", "q", "before", "since", "request_key", "made_at", "person", "lang")
LISTS = ("search", "page", "sort", "desc", "page_size", "url", "select")
LEFT_OUT = ("static", "sign_in.logout")  # signing out is no parameter's matter


def form_names(view) -> set[str]:
    """The names that the view and its forms read."""
    body = inspect.getsource(inspect.unwrap(view))
    found = set(re.findall(r"""request\.(?:args|form|values)(?:\.get(?:list)?\(|\[)["'](\w+)""", body))
    for name in re.findall(r"\b(\w+Form)\(", body):
        form = inspect.getmodule(inspect.unwrap(view)).__dict__.get(name)
        fields = inspect.getmembers(form, lambda member: isinstance(member, UnboundField))
        found |= {field for field, _ in fields}
    return found


def admin_names(view) -> set[str]:
    """The names that a table's own pages send."""
    names = {f"flt_{filter.arg}" for filter in getattr(view, "_filters", None) or ()}
    for form in (getattr(view, "_create_form_class", None), getattr(view, "_edit_form_class", None)):
        if form is not None:
            names |= set(form()._fields)
    return names | set(LISTS)


def targets(app) -> list[tuple[str, str, tuple[str, ...]]]:
    """Method, address and names of everything that may be asked; streams never end, files take no names."""
    tables = {view.endpoint: view for view in app.extensions["admin"][0]._views}
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        if rule.endpoint in LEFT_OUT or rule.rule.endswith("/stream") or "filename" in rule.arguments:
            continue
        if rule.rule.startswith("/de/"):
            continue  # the same views
        view, table = app.view_functions[rule.endpoint], tables.get(rule.endpoint.partition(".")[0])
        if is_admin_endpoint(rule.endpoint):
            names = admin_names(table)
        else:
            names = form_names(view) | ({"value", "was", "name"} if "fields" in rule.rule else set())
        address = rule.rule.replace("<export_type>", "csv").replace("<name>", "title")
        address = re.sub(r"<any\((\w+)[^>]*>", r"\1", re.sub(r"<int:\w+>", "1", address))
        for method in sorted(rule.methods & {"GET", "POST"}):
            found.append((method, re.sub(r"<[^>]+>", "x", address), tuple(sorted(names)) or EVERYWHERE))
    return found


def values():
    return st.one_of(st.sampled_from(HOSTILE), st.sampled_from(HOSTILE), st.text(max_size=30))


def request_of(target: tuple[str, str, tuple[str, ...]]):
    """One request: some names of this address, perhaps of others, each once or twice."""
    method, address, names = target
    pairs = st.lists(
        st.tuples(st.sampled_from(names) | st.sampled_from(EVERYWHERE), values()), max_size=len(names) + 2
    )
    ids = st.sampled_from(["1", "1", "1", "2", "77", ""])
    return st.tuples(
        st.just(method), st.just(address), pairs, pairs if method == "POST" else st.just([]), ids
    )


class Wanderer:
    """Sends requests as an admin, and signs in again whenever a form signed them out."""

    def __init__(self, cast):
        self.cast, self.sent, self.wrong = cast, 0, []
        self.browser = cast.browser("ada")

    def send(self, method: str, address: str, query: list, data: list, id: str) -> None:
        self.sent += 1
        query = urlencode([*query[:6], ("id", id)])
        body = (
            {"data": urlencode(data), "content_type": "application/x-www-form-urlencoded"}
            if method == "POST"
            else {}
        )
        try:
            answer = self.browser.open(f"{address}?{query}", method=method, **body)
            if answer.status_code >= 500 and address != "/readyz":
                self.wrong.append((method, address, query, data, answer.status_code))
            answer.get_data()
            if (answer.location or "").startswith("/login"):
                self.browser = self.cast.browser("ada")
        except Exception:
            self.wrong.append((method, address, query, data, traceback.format_exc()[-1_500:]))


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


def test_every_form_and_parameter_is_known_to_the_fuzz(app):
    known = {(method, address): names for method, address, names in targets(app)}
    assert len(known) > 200
    assert "outcome" in known["POST", "/admin/incidents/1/tracks/1/outcome"]
    assert {"phase", "item", "ticked"} <= set(known["POST", "/admin/incidents/1/ticks"])
    assert "search" in known["GET", "/admin/data/timeline/"]
    assert "flt_severity" in known["GET", "/admin/data/incidents/"]
    assert "title" in known["POST", "/new"]
    assert "email" in known["POST", "/login"]


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/admin/incidents/1/ticks", {}),
        ("/admin/incidents/1/ticks", {"item": "real"}),
        ("/admin/incidents/1/checks", {"system": "payments-api"}),
        ("/admin/incidents/1/tracks/1/outcome", {}),
        ("/admin/incidents/1/tracks/1/outcome", {"outcome": " "}),
    ],
)
def test_a_form_without_its_choice_says_what_is_missing(cast, address, data):
    cast.full_house()
    answer = cast.browser("maya").post(address, data=data)
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["incidents", "timeline", "milestones", "audit", "deliveries", "systems"])
def test_five_thousand_words_in_a_search_are_no_error(cast, name):
    cast.full_house()
    answer = cast.browser("ada").get(f"/admin/data/{name}/", query_string={"search": "word " * 5_000})
    assert answer.status_code in (200, 414)


@pytest.mark.timeout(600)  # a hundred answers of busy cores
@pytest.mark.parametrize("part", range(PARTS))
def test_no_answer_is_a_server_error(app, cast, part):
    cast.full_house()
    wanderer = Wanderer(cast)
    mine = [target for place, target in enumerate(targets(app)) if place % PARTS == part]

    @bounds(**BOUNDS)
    @given(st.sampled_from(mine).flatmap(request_of))
    def wander(request):
        wanderer.send(*request)

    wander()
    assert wanderer.wrong[:3] == []
    assert wanderer.sent >= ANSWERS * 0.9
