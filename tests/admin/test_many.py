"""Thousands of rows: acts on all of them, filters, pages, columns, and files of all."""

import csv
import io
import json
import re

import pytest
from sqlalchemy import func, select

from majorops.admin import bulk, export
from majorops.db import db
from majorops.domain.enums import Severity
from majorops.models import AuditEntry, TimelineEvent
from majorops.operations import catalogue
from tests.admin.browsing import entries, form_of, save

LIST = "/admin/data/incidents/"


def titles(browser, query: str) -> set[str]:
    text = browser.get(f"{LIST}export/jsonl/?{query}").text
    return {json.loads(line)["title"] for line in text.splitlines()}


def sure(page) -> dict[str, str]:
    """What the page that asks first sends back."""
    assert page.status_code in (200, 422)
    return form_of(page)


@pytest.fixture
def many(cast):
    return [cast.open(title=f"row {n}", severity=Severity.LOW) for n in range(7)]


def test_ticked_rows_beyond_one_press_are_done_too(ada, many, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    data = {"act": "hide", "row": [one.id for one in many]}
    asked = ada.post(f"{LIST}several/", data=data)
    assert "Hide from the public: 7 rows" in asked.text
    assert "One press does 3 of them" in asked.text
    first = ada.post(f"{LIST}several/", data=data | {"sure": "yes"})
    assert "Not on the public page: 3 of 3." in first.text
    left = re.findall(r'name="row" value="(\d+)"', first.text)
    assert [int(id) for id in left] == [one.id for one in many[3:]]
    second = ada.post(f"{LIST}several/", data={"act": "hide", "row": left, "sure": "yes"})
    left = re.findall(r'name="row" value="(\d+)"', second.text)
    last = ada.post(f"{LIST}several/", data={"act": "hide", "row": left, "sure": "yes"})
    assert last.status_code == 303
    db.session.expire_all()
    assert not any(one.is_public for one in many)
    assert all(entries(one.id)[-1].field == "is_public" for one in many)


def test_all_rows_that_a_filter_finds_and_none_that_came_meanwhile(ada, cast, many, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 4)
    other = cast.open(title="other", severity=Severity.HIGH)
    address = f"{LIST}several/?flt_severity=low&search=row"
    page = ada.post(address, data={"act": "hide", "scope": "all"})
    assert "Hide from the public: 7 rows" in page.text
    assert page.text.count("<li>INC-") == 7
    form = sure(page)
    late = cast.open(title="row that came late", severity=Severity.LOW)
    page = ada.post(address, data=form)
    assert "Hide from the public: 3 rows left" in page.text
    assert ada.post(address, data=sure(page)).status_code == 303
    db.session.expire_all()
    assert not any(one.is_public for one in many)
    assert other.is_public
    assert late.is_public
    assert (
        "No row matches."
        in ada.post(
            f"{LIST}several/?search=nowhere", data={"act": "hide", "scope": "all"}, follow_redirects=True
        ).text
    )


def test_systems_are_assigned_to_many_and_what_was_typed_is_kept(ada, many):
    data = {"act": "systems", "row": [one.id for one in many]}
    form = data | {"sure": "yes", "how": "add", "systems": "x" * 81}
    page = ada.post(f"{LIST}several/", data=form)
    assert page.status_code == 422
    assert "a name has at most 80 characters" in page.text
    assert sure(page)["systems"] == "x" * 81
    named = many[0].system_names
    for how, typed, found in (
        ("add", "Cards, cards", [*named, "cards"]),
        ("remove", ", ".join(named), ["cards"]),
        ("replace", "ledger-db, vault", ["ledger-db", "vault"]),
    ):
        form = data | {"sure": "yes", "how": how, "systems": typed}
        assert ada.post(f"{LIST}several/", data=form).status_code == 303
        db.session.expire_all()
        assert {tuple(one.system_names) for one in many} == {tuple(found)}, how
    wrote = select(func.count()).select_from(TimelineEvent).filter_by(field="affected_systems")
    assert db.session.scalar(wrote) == 3 * len(many)


def test_systems_get_group_owner_and_place_together(ada, cast):
    who = {"actor": cast.ada, "now": cast.clock()}
    systems = [catalogue.add_system(name=name, **who) for name in ("cards", "vault")]
    data = {"row": [one.id for one in systems], "sure": "yes"}
    address = "/admin/data/systems/several/"
    for more in (
        {"act": "group", "group_name": "Money"},
        {"act": "owner", "owner": cast.rita.name},
        {"act": "show"},
    ):
        assert ada.post(address, data=data | more).status_code == 303, more
    db.session.expire_all()
    assert {(one.group_name, one.owner.email, one.is_public) for one in systems} == {
        ("Money", cast.rita.email, True)
    }
    answer = ada.post(address, data=data | {"act": "owner", "owner": "Nobody Here"})
    assert answer.status_code == 422
    assert "No account has the e-mail or the name Nobody Here." in answer.text
    changed = select(func.count()).select_from(AuditEntry).filter_by(kind="system.changed")
    assert db.session.scalar(changed) == 3 * len(systems)


def test_a_person_is_picked_by_name_or_address(ada, cast):
    who = {"actor": cast.ada, "now": cast.clock()}
    system = catalogue.add_system(name="cards", **who)
    address = f"/admin/data/systems/edit/?id={system.id}"
    page = ada.get(address)
    offered = f"{cast.rita.name} &lt;{cast.rita.email}&gt;"
    assert f'<option value="{offered}"></option>' in page.text
    assert 'list="accounts"' in page.text
    for typed in (f"{cast.rita.name} <{cast.rita.email}>", cast.rita.email.upper(), cast.rita.name):
        assert save(ada, address, owner="").status_code == 303
        assert save(ada, address, owner=typed).status_code == 303, typed
        db.session.expire_all()
        assert system.owner.email == cast.rita.email
    new = "/admin/data/channels/new/"
    form = form_of(ada.get(new)) | {"email": f"{cast.rita.name} <{cast.rita.email}>", "kind": "email"}
    assert ada.post(new, data=form | {"address": "r@example.org"}).status_code == 303


def test_filters_by_system_opener_mim_and_resolved_date(ada, cast):
    from majorops.domain.enums import CommandRole
    from majorops.operations.command import assign_role

    cast.open(title="one", systems=["cards"])
    two = cast.open(title="two", systems=["vault", "cards-db"])
    assign_role(two, CommandRole.MIM, cast.rita.name, actor=cast.maya, now=cast.clock())
    two.status, two.resolved_at = "resolved", cast.clock()
    db.session.commit()
    for query, found in (
        ("flt_system=Cards", {"one"}),
        ("flt_system=card", set()),
        ("flt_opened_by=maya", {"one", "two"}),
        ("flt_opened_by=Maya+Okafor", {"one", "two"}),
        ("flt_opened_by=rita", set()),
        ("flt_mim=rita", {"two"}),
        ("flt_mim=maya@example.org", {"one", "two"}),
        ("flt_mim=rita&flt_system=cards", set()),
        ("flt_resolved_from=2026-11-23", {"two"}),
        ("flt_resolved_from=2026-11-24", set()),
        ("flt_resolved_until=2026-11-23&flt_box=3", {"two"}),
    ):
        assert titles(ada, query) == found, query
        assert f">{len(found)}</span>" in ada.get(f"{LIST}?{query}").text, query


def test_page_size_and_a_jump_hold_with_the_filter(ada, cast):
    for n in range(53):
        cast.open(title=f"row {n}", severity=Severity.LOW)
    page = ada.get(f"{LIST}?flt_severity=low&page_size=25")
    assert page.text.count("Details<") == 25
    assert "1 of 3" in page.text
    assert '_severity" value="low"' in page.text.split('id="go"')[0].split("data-pages__form")[1]
    assert ada.get(f"{LIST}?flt_severity=low&page_size=25&go=3").text.count("Details<") == 3
    assert "There is no such page" in ada.get(f"{LIST}?page_size=25&go=9").text
    assert "nine is no number of a page." in ada.get(f"{LIST}?page_size=25&go=nine").text
    assert ada.get(f"{LIST}?page_size=7").text.count("Details<") == 50


def test_chosen_columns_are_in_the_address_and_kept_in_the_browser(ada, cast):
    cast.open(title="one")

    def heads(address: str) -> list[str]:
        head = ada.get(address).text.split("<thead>")[1].split("</thead>")[0]
        cells = re.findall(r"<th\s[^>]*>(.*?)</th>", head, re.S)
        return [re.sub(r"<[^>]+>|[↓↑]", "", cell).strip() for cell in cells][1:-1]

    usual = heads(LIST)
    answer = ada.post(
        f"{LIST}columns/?flt_severity=critical&sort=1", data={"column": ["title", "detected_at", "secret"]}
    )
    assert answer.status_code == 303
    assert "columns=title,detected_at" in answer.location.replace("%2C", ",")
    assert "_severity=critical" in answer.location
    assert heads(answer.location) == ["Title", "Problem began"]
    assert heads(LIST) == ["Title", "Problem began"], "kept in this browser"
    assert heads(f"{LIST}?columns=severity,nonsense") == ["Severity"], "a link shows what its sender saw"
    assert heads(LIST) == ["Title", "Problem began"], "and changes nothing"
    assert ada.post(f"{LIST}columns/", data={"column": ["title"], "usual": "yes"}).status_code == 303
    assert heads(LIST) == usual
    assert "secret" not in ada.get("/admin/data/channels/?columns=secret,kind").text.split("<table")[-1]


def test_files_are_sent_in_parts_and_leave_nothing_out(ada, cast, monkeypatch):
    monkeypatch.setattr(export, "PART", 5)
    monkeypatch.setattr(export, "SORTED", 4)
    for n in range(4):
        cast.open(title=f"row {n}, with a comma", severity=Severity.LOW)
    total = db.session.scalar(select(func.count(TimelineEvent.id)))
    assert total > 6
    for name, number in (("timeline", total), ("incidents", 4)):
        rows = list(csv.DictReader(io.StringIO(ada.get(f"/admin/data/{name}/export/csv/").text)))
        assert len(rows) == number
        lines = ada.get(f"/admin/data/{name}/export/jsonl/").text.splitlines()
        assert len(lines) == number
    found = [json.loads(line) for line in ada.get("/admin/data/timeline/export/jsonl/").text.splitlines()]
    assert found[-1]["at"] == "2026-11-23T14:00:00Z"
    assert found[-1]["kind"] == "incident.opened"
    assert len({(one["incident_id"], one["seq"]) for one in found}) == total
    assert ada.get("/admin/data/timeline/export/xml/").status_code == 404


def test_a_file_ends_when_its_reader_is_gone(cast):
    class Gone:
        def __init__(self):
            self.asked = 0

        def is_set(self):
            self.asked += 1
            return self.asked > 2

    assert list(export._until(Gone(), iter("abcdef"))) == ["a", "b"]


def test_the_head_of_a_file_goes_out_before_a_row_is_read():
    def unread():
        raise AssertionError("read too early")
        yield []

    assert next(export._csv([("id", "Row"), ("at", "At, UTC")], {"id": str, "at": str}, unread())) == (
        'Row,"At, UTC"\r\n'
    )


def test_what_a_part_of_a_file_holds_does_not_grow(app, cast, monkeypatch):
    """Each part is read in a transaction of its own, and its rows are let go."""
    monkeypatch.setattr(export, "PART", 2)
    for n in range(6):
        cast.open(title=f"row {n}", severity=Severity.LOW)
    table = next(view for view in app.extensions["admin"][0]._views if view.name == "Incidents")
    held, ids = [], []
    for rows in table._newest_first(table.get_query()):
        held.append(len(db.session.identity_map))
        ids += [row.id for row in rows]
    assert ids == [6, 5, 4, 3, 2, 1]
    assert max(held[1:]) <= 2 * 4, held  # an incident and its systems
