"""The life raft: public pages as files, whole, current, and gone when they are not public."""

from __future__ import annotations

import errno
import os
import re
import stat
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import Visibility
from majorops.models import Incident, System
from majorops.operations import updates
from majorops.operations.catalogue import add_system, update_system
from majorops.operations.curation import merge_incident, undo_merge
from majorops.operations.edit import edit_field
from majorops.operations.maintenance import plan_maintenance
from majorops.operations.redaction import look, redact
from majorops.publishing import files as files_module
from majorops.publishing.files import FIXED, UNAVAILABLE, PublicFiles, file_of
from majorops.publishing.folder import MARKER, NotOurs, claim
from majorops.web import assets
from majorops.web.health import files_problem
from tests.server import Person, Server
from tests.waiting import wait_for


@pytest.fixture
def files(app, cast, tmp_path):
    app.extensions["has_accounts"] = True
    return PublicFiles(app, app.extensions["snapshots"], tmp_path / "public")


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "index.html"),
        ("/de/", "de/index.html"),
        ("/incidents/42", "incidents/42.html"),
        ("/history/2026-11", "history/2026-11.html"),
        ("/history.atom", "history.atom"),
        ("/api/v2/incidents/unresolved.json", "api/v2/incidents/unresolved.json"),
    ],
)
def test_where_a_page_lies(path, file):
    assert file_of(path) == file


def test_everything_is_written_whole_and_readable_by_others(files, cast):
    cast.open()
    old = os.umask(0o077)
    try:
        count = files.write_all()
    finally:
        os.umask(old)
    names = {p.relative_to(files.folder).as_posix() for p in files.folder.rglob("*") if p.is_file()}
    assert {file_of(path) for path in FIXED} <= names
    assert {
        "index.html",
        "incidents/1.html",
        "incidents/1.txt",
        "de/incidents/1.html",
        "history/2026-11.html",
    } <= names
    assert count == len([n for n in names if not n.startswith("static/") and n != MARKER])
    for file in files.folder.rglob("*"):
        mode = stat.S_IMODE(file.stat().st_mode)
        assert mode & 0o044 or file.is_relative_to(files.folder / "static"), file


# What only MajorOps itself can do: in its place web servers show `unavailable.html`.
LIVE = re.compile(r"(/de)?/(subscribe(\?incident=\d+)?|login)")
REFERENCE = re.compile(r"""(?:\b(?:href|src|srcset)=|url\()["']?([^"')\s>]+)""")


@pytest.fixture
def dressed(app, tmp_path, monkeypatch):
    """An organisation with logos, an icon and a colour of its own, as the start reads them."""
    monkeypatch.setattr(assets, "_names", dict(assets._names))
    monkeypatch.setattr(assets, "_files", dict(assets._files))
    for name, setting in assets.PICTURES.items():
        path = tmp_path / f"{name}.svg"
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><!-- {name} --></svg>')
        app.config[setting] = str(path)
        assets.add_picture(name, str(path))
    app.config.update(ACCENT="#0057b8", ORG_NAME="Acme & Co")
    app.extensions["public_origin"] = "http://localhost"


def test_everything_that_an_exported_page_refers_to_lies_in_the_folder(dressed, files, years, cast, clock):
    add_system(name="payments-api", is_public=True, actor=cast.ada, now=clock())
    who = {"actor": cast.maya, "now": clock()}
    times = {"starts_at": clock() + timedelta(hours=1), "ends_at": clock() + timedelta(hours=2)}
    plan_maintenance(title="Failover", body="", systems="payments-api", is_public=True, **times, **who)
    cast.open(systems=["payments-api"])
    files.write_all()
    pages = sorted(files.folder.rglob("*.html"))
    missing, pictures = set(), set()
    for page in pages:
        for found in map(unescape, REFERENCE.findall(page.read_text())):
            path = found.partition("#")[0]
            if not path.startswith("/") or LIVE.fullmatch(path):
                continue
            pictures |= {path} if path.startswith("/assets/") else set()
            if not (files.folder / file_of(path)).is_file() and not (files.folder / path[1:]).is_file():
                missing.add((page.name, found))
    assert missing == set()
    assert {path.rpartition("/")[2].rpartition("-")[0] for path in pictures} == set(assets.PICTURES)
    logo = next(path for path in pictures if "/logo-dark-" in path)
    assert "<!-- logo-dark -->" in (files.folder / logo[1:]).read_text()
    names = {page.relative_to(files.folder).as_posix() for page in pages}
    assert {"widget.html", "de/widget.html", "maintenance.html", "de/maintenance/1.html"} <= names
    for page in pages:
        assert "brand-" not in page.read_text()  # the colour stands inside
        assert "--accent:" in page.read_text(), page


def test_a_page_needs_no_other_file(files, cast):
    cast.open()
    files.write_all()
    for name in ("incidents/1.html", "widget.html"):
        page = (files.folder / name).read_text()
        assert "<style>" in page
        assert '<script type="module">' in page
        assert "/assets/" not in page


def test_a_change_is_in_the_files_and_what_is_private_is_out_of_all(files, cast, clock):
    incident = cast.open()
    files.freshen(True)
    updates.publish_update(
        incident, "In the file.", visibility=Visibility.PUBLIC, actor=cast.maya, now=clock()
    )
    files.snapshots.invalidate()
    files.freshen(True)
    assert "In the file." in (files.folder / "incidents/1.html").read_text()
    assert "In the file." in (files.folder / "index.html").read_text()
    assert "In the file." in (files.folder / "history.atom").read_text()
    edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
    files.snapshots.invalidate()
    files.freshen(True)
    assert not list(files.folder.glob("**/incidents/1.*"))
    left = "".join(
        p.read_text()
        for p in files.folder.rglob("*")
        if p.suffix in (".html", ".json", ".atom", ".rss", ".txt", ".xml")
    )
    assert "payments" not in left
    assert "In the file." not in left


def of_systems(files) -> set[str]:
    root = files.folder / "systems"
    return {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}


def test_feeds_and_badges_of_systems_are_files_and_go_with_their_system(files, cast, clock):
    for name in ("payments-api", "../x y"):
        add_system(name=name, is_public=True, actor=cast.ada, now=clock())
    incident = cast.open(systems=["payments-api"])
    files.write_all()
    kinds, odd = (".atom", ".rss", "/badge.svg"), "~2e~2e~2fx+y"
    assert of_systems(files) == {f"{name}{kind}" for name in ("payments-api", odd) for kind in kinds}
    assert "Major outage" in (files.folder / "systems/payments-api/badge.svg").read_text()
    assert (files.folder / f"de/systems/{odd}/badge.svg").is_file()
    assert not list(files.folder.parent.glob("x*"))
    assert "Opened" in (files.folder / "systems/payments-api.atom").read_text()
    edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
    files.snapshots.invalidate()
    files.freshen(True)
    assert "Opened" not in (files.folder / "systems/payments-api.atom").read_text()
    system = db.session.scalar(select(System).filter_by(name="payments-api"))
    update_system(system, name="payments-api", is_public=False, actor=cast.ada, now=clock())
    files.snapshots.invalidate()
    files.freshen(True)
    assert of_systems(files) == {f"{odd}{kind}" for kind in kinds}
    assert not list(files.folder.glob("**/payments-api*"))


def test_files_of_another_run_that_are_not_public_are_swept(files, cast):
    cast.open(is_drill=True)
    claim(files.folder)
    for name in ("incidents/1.html", "incidents/77.html", "de/incidents/77.html", "maintenance/5.html"):
        target = files.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("old")
    files.freshen(True)
    assert not list(files.folder.glob("**/incidents/*.html"))
    assert not list(files.folder.glob("maintenance/*.html"))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_in_trouble_leaves_the_page_and_tells_the_people_inside(app, files, cast, monkeypatch, code):
    cast.open()
    app.extensions["public_files"] = files

    def full(self, target):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "replace", full)
    files.freshen(True)
    assert os.strerror(code) in files.problem
    assert [file.name for file in files.folder.rglob(".*")] == [MARKER]  # no halves are left behind
    assert app.test_client().get("/").status_code == 200
    assert "is not being written" in cast.browser("maya").get("/admin/incidents/1").text
    assert "is not being written" in cast.browser("maya").get("/admin/incidents").text
    assert "is not being written" not in app.test_client().get("/").text
    monkeypatch.undo()
    files.freshen(True)
    assert files_problem(app) == ""


def test_what_is_not_ours_stays(files, cast):
    cast.open()
    files.write_all()
    foreign = (
        "notes.txt",
        "photos/incidents/7.html",
        "systems/readme.md",
        "incidents/plan.html",
        "xx/history/2020-01.html",
    )
    for name in foreign:
        target = files.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("somebody else's")
    files.freshen(True)
    files.write_all()
    assert [(files.folder / name).read_text() for name in foreign] == ["somebody else's"] * len(foreign)


@pytest.mark.parametrize("place", ["/", "~", ".", "..", "/home"])
def test_places_that_are_never_taken(files, place):
    before = sorted(Path(place).expanduser().iterdir())
    with pytest.raises(NotOurs, match="use an empty"):
        claim(Path(place).expanduser())
    assert sorted(Path(place).expanduser().iterdir()) == before


def test_a_folder_of_somebody_else_is_refused_before_anything_is_drawn(app, files, cast, monkeypatch):
    cast.open()
    app.extensions["has_accounts"] = True
    theirs = files.folder / "incidents/1.html"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    monkeypatch.setattr(files.snapshots, "draw", None)
    answer = app.test_cli_runner().invoke(args=["publish", str(files.folder)])
    assert answer.exit_code == 1
    said = f"Error: {files.folder} holds files that are not MajorOps' (incidents): use an empty folder\n"
    assert answer.output == said
    files.freshen(True)
    assert "use an empty folder" in files.problem
    assert [file for file in files.folder.rglob("*") if file.is_file()] == [theirs]
    assert theirs.read_text() == "theirs"


def test_a_folder_of_before_there_was_a_marker_is_taken_over(files, cast):
    cast.open()
    files.write_all()
    (files.folder / MARKER).unlink()
    files.freshen(True)
    assert (files.folder / MARKER).is_file()
    assert not files.problem


@pytest.fixture
def years(cast, clock):
    """Incidents of twelve months before, one a month, and one of now."""
    made = []
    for ago in range(12):
        incident = cast.open(title=f"old {ago}")
        incident.opened_at = clock() - timedelta(days=31 * (ago + 1))
        db.session.commit()
        made.append(incident)
    return made


def months(files) -> list[Path]:
    return sorted(files.folder.glob("history/*.html"))


def test_months_of_the_past_become_files_by_and_by(files, years):
    files.freshen(True)
    some = len(months(files))
    for _ in range(4):
        files.freshen(False)
    assert some < len(months(files)) == len(list(files.folder.glob("de/history/*.html"))) == 13
    oldest = years[-1].opened_at
    assert "old 11" in (files.folder / f"history/{oldest:%Y-%m}.html").read_text()


def test_a_month_that_names_what_is_private_by_now_is_written_again_and_no_other(files, years, cast, clock):
    files.write_all()
    files.freshen(True)
    incident = db.session.get(Incident, years[5].id)
    edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
    month = files.folder / f"history/{incident.opened_at:%Y-%m}.html"
    assert "old 5" in month.read_text()
    files.snapshots.invalidate()
    drawn = []
    draw = files.snapshots.draw
    files.snapshots.draw = lambda key: drawn.append(key[1]) or draw(key)
    files.freshen(True)
    assert "old 5" not in month.read_text()
    assert "old 5" not in (files.folder / f"de/history/{incident.opened_at:%Y-%m}.html").read_text()
    assert f"/history/{incident.opened_at:%Y-%m}" in drawn


def test_the_page_for_when_nothing_answers(files, cast):
    files.freshen(True)
    english, german = ((files.folder / name).read_text() for name in (UNAVAILABLE, f"de/{UNAVAILABLE}"))
    assert '<html lang="en">' in english
    assert '<html lang="de">' in german
    assert english.index("does not work right now") < english.index("Das geht gerade nicht")
    assert german.index("Das geht gerade nicht") < german.index("does not work right now")
    assert 'href="/de/history"' in english
    assert "/login" not in english  # it does not work now
    assert "<link" not in english + german
    assert "<script" not in english + german


def test_the_server_keeps_them_fresh(filled_database, request, tmp_path):
    from tests.conftest import copied

    with copied(request, filled_database, tmp_path) as url:
        server = Server(url, PUBLIC_DIR=str(tmp_path / "raft"))
        server.start()
        try:
            Person(server).open()
            file = tmp_path / "raft/incidents/1.html"
            wait_for(lambda: file.exists() or not requests.get(server.url, timeout=60), "the file")
            assert "payments-api" in file.read_text()
        finally:
            server.stop()


def test_publish_on_the_command_line(app, cast, tmp_path):
    cast.open()
    app.extensions["has_accounts"] = True
    answer = app.test_cli_runner().invoke(args=["publish", str(tmp_path / "out")])
    assert answer.exit_code == 0, answer.output
    assert "files in" in answer.output
    (tmp_path / "file").write_text("x")
    assert app.test_cli_runner().invoke(args=["publish", str(tmp_path / "file")]).exit_code != 0
    app.config["STATUS_PRIVATE"] = True
    refused = app.test_cli_runner().invoke(args=["publish", str(tmp_path / "out2")])
    assert refused.exit_code == 1
    assert "STATUS_PRIVATE" in refused.output


def merged(files, cast):
    kept, duplicate = cast.open(), cast.open(title="the same")
    files.write_all()
    merge_incident(duplicate, kept, actor=cast.maya, now=cast.clock())
    files.snapshots.invalidate()
    files.freshen(True)
    return kept, duplicate


def test_the_file_of_a_duplicate_leads_to_the_kept_one_and_undo_brings_it_back(files, cast):
    _, duplicate = merged(files, cast)
    page = files.folder / "incidents/2.html"
    for _ in range(2):  # a second round changes nothing
        assert 'content="0; url=1"' in page.read_text()
        assert "INC-002 was merged into INC-001." in page.read_text()
        german = (files.folder / "de/incidents/2.html").read_text()
        assert "INC-002 wurde mit INC-001 zusammengeführt." in german
        assert (files.folder / "incidents/2.txt").read_text() == (
            "INC-002 was merged into INC-001. incidents/1.txt\n"
        )
        files.freshen(True)
    undo_merge(duplicate, actor=cast.maya, now=cast.clock())
    files.snapshots.invalidate()
    files.freshen(True)
    assert "the same" in page.read_text()


def test_where_the_kept_one_is_hidden_the_duplicate_has_no_file(files, cast):
    kept, _ = merged(files, cast)
    edit_field(kept, "is_public", "no", actor=cast.maya, now=cast.clock())
    files.snapshots.invalidate()
    files.freshen(True)
    assert not [file for file in files.folder.glob("**/incidents/*") if file.suffix in (".html", ".txt")]


def test_a_redaction_reaches_the_files_of_an_old_incident_at_once(files, cast, monkeypatch):
    monkeypatch.setattr(files_module, "HOT", 0)
    monkeypatch.setattr(files_module, "OLDEST", 0)
    old = cast.open(title="Customer ACME data breach")
    cast.resolve(old)
    who = {"actor": cast.maya, "now": cast.clock()}
    files.write_all()
    files.freshen(True)
    assert "ACME" in (files.folder / "incidents/1.html").read_text()
    seal = look(old, "Customer ACME", "why", who["now"]).seal
    redact(old, "Customer ACME", reason="why", seal=seal, **who)
    files.snapshots.forget()
    files.freshen(True)
    for file in (one for one in files.folder.rglob("*") if one.suffix in (".html", ".txt", ".rss", ".json")):
        assert "ACME" not in file.read_text(), file
