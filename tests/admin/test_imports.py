"""Past incidents and systems from CSV files: read first, then written, and nobody is told."""

import io
import re
from html import unescape

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import CommandRole
from majorops.models import (
    Announcement,
    AuditEntry,
    CommandAssignment,
    Delivery,
    Incident,
    System,
    TimelineEvent,
)
from tests.admin.browsing import entries

ADDRESS = "/admin/import/incidents"
HEAD = "reference,title,severity,opened,resolved,systems,mim,public,opened_by\n"
LINE = (
    "OLD-1,Kartoffel <b>outage</b>,critical,2024-03-01 14:00,2024-03-01 15:30,"
    '"cards, vault",Maya Okafor,yes,Rita\n'
)


def upload(browser, text: str, address: str = ADDRESS, zone: str = "UTC"):
    file = (io.BytesIO(text.encode()), "old.csv")
    return browser.post(address, data={"file": file, "zone": zone}, content_type="multipart/form-data")


def confirm(browser, page, address: str = ADDRESS):
    """Send back what the page asks to be sure of."""
    assert page.status_code == 200, page.text
    text = unescape(re.search(r'<textarea name="text"[^>]*>\n(.*?)</textarea>', page.text, re.S)[1])
    given = {
        name: unescape(re.search(rf'name="{name}" value="([^"]*)"', page.text)[1])
        for name in ("source", "zone")
    }
    data = given | {"sure": "yes", "text": text.replace("\n", "\r\n")}
    return browser.post(address, data=data, content_type="multipart/form-data")


def count(what) -> int:
    return db.session.scalar(select(func.count()).select_from(what))


def test_nothing_is_written_before_it_was_read(ada, cast):
    page = upload(ada, HEAD + LINE, zone="Europe/Berlin")
    assert "1 line of old.csv can be imported." in page.text
    assert "<b>outage" not in page.text
    assert "13:00" in page.text
    assert count(Incident) == 0
    answer = confirm(ada, page)
    assert (answer.status_code, answer.location) == (303, "/admin/data/incidents/")
    incident = db.session.scalar(select(Incident))
    assert (incident.title, incident.old_reference) == ("Kartoffel <b>outage</b>", "OLD-1")
    assert f"{incident.opened_at:%H:%M}" == "13:00"
    assert (incident.is_resolved, incident.is_public, incident.opened_by_name) == (True, True, "Rita")
    assert incident.system_names == ["cards", "vault"]
    held = db.session.scalar(select(CommandAssignment))
    assert (held.role, held.name, held.until) == (CommandRole.MIM, "Maya Okafor", incident.resolved_at)
    columns = ada.get("/admin/data/incidents/?columns=id,intake_source").text
    assert re.search(r"Import\s*</td>", columns)
    (entry,) = entries(incident.id)
    assert entry.title == "Imported from old.csv, line 2. It was OLD-1 there."
    assert (entry.kind, entry.visibility.value, entry.actor_name) == (
        "incident.imported",
        "internal",
        cast.ada.name,
    )
    audit = db.session.scalar(select(AuditEntry).filter_by(kind="history.imported"))
    assert (audit.subject, audit.detail) == ("1 past incident, INC-001 to INC-001", "old.csv")


def test_nobody_is_told_and_every_page_shows_it(ada, cast, client):
    confirm(ada, upload(ada, HEAD + LINE))
    assert (count(Delivery), count(Announcement)) == (0, 0)
    for address in (
        "/admin/incidents/1",
        "/admin/data/incidents/details/?id=1",
        "/admin/incidents",
        "/admin/data/incidents/?search=kartoffel&flt_mim=maya&flt_system=vault",
    ):
        assert "Kartoffel" in ada.get(address).text, address
    page = client.get("/incidents/1")
    assert page.status_code == 200
    assert "OLD-1" not in page.text
    assert "old.csv" not in page.text


def test_one_wrong_line_and_nothing_is_imported(ada, cast):
    page = upload(ada, HEAD + LINE + LINE.replace("critical", "urgent").replace("OLD-1", "OLD-2"))
    assert page.status_code == 422
    cells = re.findall(r'<td data-label="(?:Line|Column|Problem)">([^<]*)</td>', page.text)
    assert cells[:2] == ["3", "severity"]
    assert "choose one of" in cells[2]
    assert 'name="sure"' not in page.text
    data = {"sure": "yes", "text": f"{HEAD}{LINE}x,y", "source": "old.csv", "zone": "UTC"}
    assert ada.post(ADDRESS, data=data).status_code == 422
    assert count(Incident) == 0


def test_what_is_here_already_is_not_imported_again(ada, cast):
    page = upload(ada, HEAD + LINE)
    confirm(ada, page)
    assert "is here already, as INC-001" in upload(ada, HEAD + LINE).text
    data = {"sure": "yes", "text": HEAD + LINE, "source": "old.csv", "zone": "UTC"}
    assert ada.post(ADDRESS, data=data).status_code == 422
    assert count(Incident) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Choose a CSV file."),
        ({"file": (b"\xff\xfe\x00", "x.csv")}, "not UTF-8"),
        ({"file": (b"title", "x.csv"), "zone": "Mars/Base"}, "There is no time zone Mars/Base."),
    ],
)
def test_what_is_no_file_is_said(ada, data, said):
    data = {key: (io.BytesIO(value[0]), value[1]) if key == "file" else value for key, value in data.items()}
    answer = ada.post(ADDRESS, data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert said in answer.text


def test_five_thousand_lines_at_once(ada, cast):
    line = "OLD-{0},outage {0},low,2024-03-01 14:00,2024-03-01 15:30,cards,Maya Okafor,yes,\n"
    lines = "".join(line.format(n) for n in range(5_000))
    page = upload(ada, HEAD + lines)
    assert "5,000 lines of old.csv can be imported" in page.text
    assert "and 4,500 more lines without a problem." in page.text
    assert confirm(ada, page).status_code == 303
    assert (count(Incident), count(TimelineEvent), count(CommandAssignment)) == (5_000,) * 3
    assert db.session.get(Incident, 5_000).old_reference == "OLD-4999"
    assert "INC-4321" in ada.get("/admin/data/incidents/?search=outage+4320").text
    after = cast.open(title="next")
    assert after.id == 5_001


def test_systems_are_added_and_changed(ada, cast):
    address = "/admin/import/systems"
    text = f"name,description,owner,group,public\nCards,Takes cards,{cast.rita.email},Money,yes\nvault,,,,\n"
    page = upload(ada, text, address)
    assert page.text.count(">Added<") == 2
    assert confirm(ada, page, address).status_code == 303
    system = db.session.scalar(select(System).filter_by(name="cards"))
    assert (system.group_name, system.owner.email, system.is_public) == ("Money", cast.rita.email, True)
    page = upload(ada, text.replace("Money", "Payments"), address)
    assert (page.text.count(">Changed: group Money › Payments<"), page.text.count(">Unchanged<")) == (1, 1)
    assert confirm(ada, page, address).status_code == 303
    db.session.expire_all()
    assert system.group_name == "Payments"
    assert (
        "No account has the e-mail nobody@example.org"
        in upload(ada, "name,owner\ncards,nobody@example.org\n", address).text
    )


@pytest.mark.parametrize("what", ["incidents", "systems"])
def test_the_page_and_its_template(ada, sign_in, what):
    page = ada.get(f"/admin/import/{what}")
    assert page.status_code == 200
    assert f"/admin/import/{what}/template.csv" in page.text
    answer = ada.get(f"/admin/import/{what}/template.csv")
    assert answer.mimetype == "text/csv"
    assert upload(ada, answer.text, f"/admin/import/{what}").status_code == 200
    assert f"/admin/import/{what}" in ada.get(f"/admin/data/{what}/").text


@pytest.mark.parametrize("nick", ["maya", "rita"])
def test_others_import_nothing(sign_in, nick):
    assert upload(sign_in(nick), HEAD + LINE).status_code == 403
    assert count(Incident) == 0


def test_an_import_leaves_a_systems_public_title(ada, cast):
    cast.list_systems("cards", public_title="Problems paying")
    address = "/admin/import/systems"
    assert (
        confirm(ada, upload(ada, "name,group,public\ncards,Money,yes\n", address), address).status_code == 303
    )
    system = db.session.scalar(select(System).filter_by(name="cards"))
    assert (system.group_name, system.public_title) == ("Money", "Problems paying")


def test_a_column_that_the_file_lacks_leaves_what_is_there(ada, cast):
    address = "/admin/import/systems"
    text = f"name,description,owner,group,public\ncards,Takes cards,{cast.rita.email},Money,yes\n"
    confirm(ada, upload(ada, text, address), address)
    system = db.session.scalar(select(System).filter_by(name="cards"))

    def now() -> tuple:
        db.session.expire_all()
        return (system.description, system.owner_id, system.group_name, system.is_public)

    before = now()
    page = upload(ada, "name\ncards\n", address)
    assert ">Unchanged<" in page.text
    assert "The file has no column description, owner, group, public: what is there stays." in page.text
    assert confirm(ada, page, address).status_code == 303
    assert now() == before
    assert db.session.scalar(select(AuditEntry).filter_by(kind="system.changed")) is None


def test_an_empty_cell_clears_and_the_dry_run_says_so(ada, cast):
    address = "/admin/import/systems"
    text = f"name,description,owner,group,public\ncards,Takes cards,{cast.rita.email},Money,yes\n"
    confirm(ada, upload(ada, text, address), address)
    page = upload(ada, "name,owner,group\ncards,,\nvault,,Money\n", address)
    rita = f"{cast.rita.name} &lt;{cast.rita.email}&gt;"
    assert f">Changed: owner {rita} › (empty), group Money › (empty)<" in page.text
    assert "An empty cell clears what is there. The file has no column description, public:" in page.text
    assert confirm(ada, page, address).status_code == 303
    system = db.session.scalar(select(System).filter_by(name="cards"))
    assert (system.description, system.owner_id, system.group_name, system.is_public) == (
        "Takes cards",
        None,
        "",
        True,
    )
    assert db.session.scalar(select(System.is_public).filter_by(name="vault")) is False
