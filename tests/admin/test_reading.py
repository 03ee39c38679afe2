"""Who may see the tables; lists, search, filters, sorting, details, export."""

import csv
import io
import re

import pytest
from sqlalchemy import event

from majorops.admin import filters
from majorops.admin.base import Table
from majorops.db import db
from majorops.domain.enums import Severity, Visibility
from majorops.models import Incident
from majorops.operations import timeline
from tests.admin.browsing import TABLES, every_table

PAGES = ["/admin/", *(f"/admin/data/{name}/" for name in TABLES)]
every_page = pytest.mark.parametrize("address", PAGES)


def rows(page) -> list[str]:
    return re.findall(r"<tr>.*?</tr>", page.text.split("<tbody>")[-1], re.S) if "<tbody>" in page.text else []


def export(browser, name, query="") -> list[dict[str, str]]:
    answer = browser.get(f"/admin/data/{name}/export/csv/{query}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


@every_page
def test_a_stranger_is_asked_to_sign_in(client, cast, address):
    answer = client.get(address)
    assert answer.status_code in (302, 303, 401)
    assert "/login" in answer.headers.get("Location", "/login")
    assert client.get(f"{address}export/csv/").status_code != 200


@every_page
@pytest.mark.parametrize("nick", ["maya", "rita", "xin"])
def test_others_are_refused(sign_in, address, nick):
    assert sign_in(nick).get(address).status_code == 403


@every_page
def test_the_admin_sees_a_whole_page(ada, fill, address):
    fill(1)
    answer = ada.get(address)
    assert answer.status_code == 200
    for part in (
        '<html lang="en">',
        "<main",
        "<h1>",
        'href="/admin/incidents"',
        'action="/logout"',
        "csrf_token",
    ):
        assert part in answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:|\sstyle=", answer.text)
    assert "nonce" not in answer.headers["Content-Security-Policy"]


@every_table
def test_every_table_is_searched_sorted_and_exported(ada, fill, name):
    fill(2)
    page = ada.get(f"/admin/data/{name}/")
    assert rows(page)
    for address in re.findall(r'<a href="(/admin/data/[^"]*sort=[^"]*)"', page.text):
        assert ada.get(address.replace("&amp;", "&")).status_code == 200
    assert "0 rows match" in ada.get(f"/admin/data/{name}/?search=no-such-thing").text
    assert len(export(ada, name)) == len(rows(page))


@every_table
def test_every_filter_narrows_or_is_left_out(ada, fill, name):
    fill(1)
    page = ada.get(f"/admin/data/{name}/").text
    total = len(export(ada, name))
    for arg, options in re.findall(r'<select[^>]*name="(flt_\w+)">(.*?)</select>', page, re.S):
        values = [value for value in re.findall(r'value="([^"]*)"', options) if value]
        counts = [len(export(ada, name, f"?{arg}={value}")) for value in values]
        assert sum(counts) <= total
        assert ada.get(f"/admin/data/{name}/?{arg}={values[0]}").status_code == 200
        refused = ada.get(f"/admin/data/{name}/?{arg}=nonsense")
        assert refused.status_code == 200
        assert "This filter is left out" in refused.text
    for arg in re.findall(r'name="(flt_\w+)" type="date"', page):
        assert ada.get(f"/admin/data/{name}/?{arg}=2026-11-23").status_code == 200
        assert ada.get(f"/admin/data/{name}/?{arg}=9999-12-31").status_code == 200
        assert "left out" in ada.get(f"/admin/data/{name}/?{arg}=yesterday").text


def test_enum_filters_find_what_they_name(ada, cast):
    cast.open(title="one", severity=Severity.HIGH)
    cast.open(title="two", severity=Severity.LOW)
    cast.bring_to(cast.open(title="three", severity=Severity.LOW), 2)
    for query, found in (
        ("flt_severity=high", {"one"}),
        ("flt_box=0", {"two", "three"}),
        ("flt_phase=2", {"three"}),
        ("flt_severity=low&flt_phase=1", {"two"}),
        ("flt_drill=yes", set()),
        ("flt_opened_from=2026-11-23&flt_opened_until=2026-11-23", {"one", "two", "three"}),
        ("flt_opened_until=2026-11-22", set()),
    ):
        assert {row["Title"] for row in export(ada, "incidents", f"?{query}")} == found, query


def test_filters_hold_on_the_next_page_and_in_the_export(ada, cast):
    for n in range(51):
        cast.open(title=f"row {n}", severity=Severity.HIGH)
    cast.open(title="other", severity=Severity.LOW)
    page = ada.get("/admin/data/incidents/?flt_severity=high&search=row").text
    links = {
        text: href.replace("&amp;", "&")
        for href, text in re.findall(r'href="([^"]+)">(Next|Export CSV)<', page)
    }
    assert len(rows(ada.get(links["Next"]))) == 1
    assert ada.get(links["Export CSV"]).text.count("\r\n") == 52


def test_an_incident_is_found_as_people_call_it(ada, cast):
    numbers = [cast.open(title=f"fault {letter}").id for letter in "abc"]
    for search in (f"INC-{numbers[1]:03d}", f"inc-{numbers[1]}", "fault b"):
        assert [row["Title"] for row in export(ada, "incidents", f"?search={search}")] == ["fault b"]
    assert {r["Incident"] for r in export(ada, "timeline", f"?flt_incident=INC-{numbers[2]:03d}")} == {
        "INC-003"
    }


@pytest.mark.parametrize(
    "query", ["page=-3", f"page={10**30}", "sort=99", "sort=-1", "_scheme=x", "endpoint=1", "search=%00"]
)
@every_table
def test_odd_addresses_are_no_error(ada, name, query):
    assert ada.get(f"/admin/data/{name}/?{query}").status_code == 200
    assert ada.get(f"/admin/data/{name}/export/csv/?{query}").status_code == 200


def test_any_table_is_exported_with_any_search(ada, app):
    tables = [view for view in app.extensions["admin"][0]._views if isinstance(view, Table)]
    assert len(tables) > 20
    for table in tables:
        answer = ada.get(f"{table.url}/export/csv/?search=word")
        assert answer.status_code == 200, table.name
        assert answer.text.count(",") > 1, table.name


@every_table
@pytest.mark.parametrize("id", ["0", "-1", "abc", "999999", "9" * 30, "1.5", ""])
def test_a_row_that_is_not_there(ada, name, id):
    answer = ada.get(f"/admin/data/{name}/details/?id={id}")
    assert answer.status_code == 404


@every_table
def test_details_show_the_row_and_escape_it(ada, cast, fill, name):
    incident = cast.open(title="<script>x</script>", systems=["payments"])
    timeline.add_note(incident, "<img src=x onerror=y>", actor=cast.maya, now=cast.clock())
    fill(1)
    page = ada.get(f"/admin/data/{name}/").text
    address = re.search(rf'href="(/admin/data/{name}/details/[^"]+)"', page)[1].replace("&amp;", "&")
    details = ada.get(address)
    assert details.status_code == 200
    for text in (page, details.text, ada.get("/admin/data/incidents/details/?id=1").text):
        assert "<script>x" not in text
        assert "<img src=x" not in text


def test_secrets_of_accounts_are_shown_nowhere(ada, cast):
    from majorops.models import User

    user = db.session.get(User, cast.rita.user_id)
    user.password_hash, user.oidc_subject = "$argon2-secret", "https://idp.example/-subject"
    db.session.commit()
    for page in (
        "",
        f"details/?id={user.id}",
        f"edit/?id={user.id}",
        "export/csv/",
        "?search=argon2",
        "?sort=5",
    ):
        text = ada.get(f"/admin/data/users/{page}").text
        assert "argon2-secret" not in text
        assert "-subject" not in text


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_no_cell_of_an_export_is_a_formula(ada, cast, title):
    from majorops.operations import updates

    incident = cast.open(title=title)
    updates.publish_update(incident, title, actor=cast.maya, now=cast.clock())
    assert export(ada, "incidents")[0]["Title"].startswith("'")
    assert export(ada, "updates")[0]["Body"].startswith("'")
    assert export(ada, "incidents")[0]["Opened, UTC"] == "2026-11-23 14:00:00"


@every_table
def test_queries_do_not_grow_with_rows(ada, fill, name):
    counted = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))

    def queries(address: str) -> int:
        db.session.remove()
        counted.clear()
        assert ada.get(address).status_code == 200
        return len(counted)

    fill(1)
    queries("/admin/")  # the first request asks some things once
    before = [queries(f"/admin/data/{name}/{page}") for page in ("", "export/csv/")]
    fill(8, start=1)
    after = [queries(f"/admin/data/{name}/{page}") for page in ("", "export/csv/")]
    assert after == before
    assert max(after) <= 8, counted


def test_visibility_is_shown_on_the_timeline(ada, cast):
    incident = cast.open()
    timeline.add_note(incident, "heard", actor=cast.maya, now=cast.clock(), visibility=Visibility.PUBLIC)
    assert len(export(ada, "timeline", "?flt_visibility=public")) == 2


def test_long_tables_are_counted_paged_and_sorted_so_far_and_say_so(ada, fill, monkeypatch):
    from majorops.admin import reading

    fill(4)
    total = len(export(ada, "timeline"))
    assert total > 12
    monkeypatch.setattr(reading, "COUNTED", 10)
    monkeypatch.setattr(reading, "SKIMMED", 5)
    monkeypatch.setattr(reading, "SORTED", 6)
    page = ada.get("/admin/data/timeline/").text
    assert ">over 10<" in page
    assert ada.get("/admin/").text.count(">over 5<") >= 1
    assert "There is no such page" in ada.get("/admin/data/timeline/?page=200001").text
    kinds = ada.get("/admin/data/timeline/?sort=4").text
    assert "Sorted: the newest 6." in kinds
    assert kinds.count("Details<") == 6
    assert len(export(ada, "timeline", "?sort=4")) == total  # a file leaves nothing out
    assert "Sorted:" not in ada.get("/admin/data/users/?sort=1").text  # eight, whatever happens


def test_every_table_grows_or_stays():
    from majorops.models.growth import GROWS, STAYS

    assert set(db.metadata.tables) == GROWS | STAYS
    assert not GROWS & STAYS


@pytest.mark.parametrize("kind", [filters.Contains, filters.By])
def test_what_no_database_takes_is_no_part_of_a_filter(kind):
    assert kind(Incident.title, "Title").clean("pay\x00ments\n") == "pay␀ments"
