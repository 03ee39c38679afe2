"""The catalogues of the public pages: every language says all that English says, with the same gaps to
fill, in as many plural forms as it has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from majorops.domain.enums import Visibility
from majorops.domain.measures import words
from majorops.i18n import DEFAULT, ENGLISH, ENGLISH_FILE, LANGUAGE_FILES, LANGUAGES, languages
from majorops.operations import updates
from majorops.web import formats


def catalogue(path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def messages(of: Catalog) -> dict[str, Message]:
    return {message.context: message for message in of if message.id}


def forms(text) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


ROOT = Path(__file__).resolve().parents[2]
SEVENTH = datetime(2026, 9, 7, tzinfo=UTC)
TEMPLATE = messages(catalogue(ENGLISH_FILE))


@pytest.mark.parametrize("language", sorted(LANGUAGE_FILES))
class TestALanguage:
    def test_says_all_that_english_says_today(self, language):
        its = messages(catalogue(LANGUAGE_FILES[language]))
        assert {name: its[name].id for name in its} == {name: TEMPLATE[name].id for name in TEMPLATE}

    def test_has_every_form_and_none_in_doubt(self, language):
        of = catalogue(LANGUAGE_FILES[language])
        for name, message in messages(of).items():
            needed = of.num_plurals if message.pluralizable else 1
            assert len(forms(message.string)) == needed, name
            assert all(forms(message.string)), name
            assert not message.fuzzy, name

    def test_has_the_same_gaps_to_fill(self, language):
        for name, message in messages(catalogue(LANGUAGE_FILES[language])).items():
            english = gaps(forms(message.id)[0])
            assert all(gaps(form) == english for form in forms(message.string)), name


def test_what_has_gaps_is_flagged_for_the_translators_tool():
    """Babel flags by itself what it reads, so the text is looked at."""
    flagged = ENGLISH_FILE.read_text().count("\n#, python-brace-format\n")
    assert flagged == sum(any(map(gaps, forms(message.id))) for message in TEMPLATE.values())


def test_one_file_adds_a_language(tmp_path):
    """With its own plurals, months and numbers; what is not translated yet is English."""
    path, polish = tmp_path / "public.po", Catalog(locale="pl")
    translated = {"status.active": ("{n} incydent", "{n} incydenty", "{n} incydentów")}
    for name, message in TEMPLATE.items():
        polish.add(message.id, translated.get(name), context=name)
    with path.open("wb") as file:
        write_po(file, polish)
    t = languages({DEFAULT: ENGLISH_FILE, "pl": path})["pl"]
    said = [t.plural("status.active", n) for n in (0, 1, 3, 5, 22)]
    assert said == ["0 incydentów", "1 incydent", "3 incydenty", "5 incydentów", "22 incydenty"]
    assert (t.own_name, t.month(SEVENTH), t.day(SEVENTH)) == ("Polski", "wrzesień 2026", "7 wrz")
    assert t.number(12_345) == "12\xa0345"
    assert t("links.all") == ENGLISH("links.all")


def test_english_is_written_as_on_the_pages_of_operators():
    days = [SEVENTH.replace(month=month) for month in range(1, 13)]
    assert [ENGLISH.day(day) for day in days] == [formats.day(day) for day in days]
    spans = [timedelta(minutes=minutes) for minutes in (0, 59, 60, 1439, 1440, 2879, 2880, 99_999)]
    assert [ENGLISH.duration(span) for span in spans] == [words(span) for span in spans]
    assert [ENGLISH.number(number) for number in (999, 1240, 1_234_567)] == ["999", "1,240", "1,234,567"]


def test_german_days_and_numbers():
    t = LANGUAGES["de"]
    assert [t.day(SEVENTH.replace(month=month)) for month in (1, 3, 9)] == ["7. Jan.", "7. März", "7. Sept."]
    assert (t.month(SEVENTH.replace(month=12)), t.number(12_345)) == ("Dezember 2026", "12.345")


def test_a_page_says_its_language_and_leads_to_the_others(cast, client):
    cast.open()
    page = client.get("/").text
    assert '<html lang="en">' in page
    assert 'href="/de/" lang="de" hreflang="de"' in page
    assert ">Deutsch</a>" in page
    german = client.get("/de/").text
    assert '<html lang="de">' in german
    assert 'href="/" lang="en" hreflang="en"' in german
    assert "1 aktiver Vorfall" in german


def test_a_language_that_is_not_there_is_no_page(cast, client):
    assert client.get("/xx/").status_code == 404


def test_what_was_posted_is_called_by_the_pages_language(cast, client, clock):
    incident, who = cast.open(), {"actor": cast.maya, "now": clock()}
    given = {"visibility": Visibility.PUBLIC, "next_update_eta": clock() + timedelta(minutes=30)}
    first = updates.publish_milestone(incident, "Payments fail.", **given, **who)
    updates.publish_update(incident, "Some work again.", **given, **who)
    updates.correct_publication(incident, first.id, "Card payments fail.", **who)
    german, english = (client.get(f"{before}/incidents/{incident.id}").text for before in ("/de", ""))
    for title, its in (
        ("Milestone 1", "Meilenstein 1"),
        ("Update", "Update"),
        ("Correction of Milestone 1", "Korrektur von Meilenstein 1"),
    ):
        assert f"<b>{its}</b> veröffentlicht." in german
        assert f"<b>{title}</b> posted." in english
    assert "Milestone" not in german


def test_a_title_of_another_kind_stays_as_it_is():
    assert LANGUAGES["de"].posted("Milestone 2 was late") == "Milestone 2 was late"


def test_the_number_of_active_incidents_stands_out_in_each_language(cast, client):
    cast.open()
    cast.open(title="search-index lag")
    assert "<h1><b>2</b> active incidents</h1>" in client.get("/").text
    assert "<h1><b>2</b> aktive Vorfälle</h1>" in client.get("/de/").text


def test_one_file_makes_the_pages_offer_a_language(tmp_path):
    """No code names a language: the file alone brings pages, feeds' links, mails and errors."""
    catalogue_of_polish = tmp_path / "pl/LC_MESSAGES/public.po"
    catalogue_of_polish.parent.mkdir(parents=True)
    polish = Catalog(locale="pl")
    translated = {"links.all": "Wszystkie incydenty", "error.incident": "{ref} nie jest publiczny."}
    for name, message in TEMPLATE.items():
        polish.add(message.id, translated.get(name), context=name)
    with catalogue_of_polish.open("wb") as file:
        write_po(file, polish)
    copy = tmp_path / "majorops"
    shutil.copytree(ROOT / "majorops", copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(tmp_path / "pl", copy / "i18n/pl")
    for name in ("templates", "migrations", "config.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "read.py").write_text(READ)
    done = subprocess.run(
        [sys.executable, "read.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    english, german, own, error, paths = json.loads(done.stdout)
    assert 'href="/pl/" lang="pl" hreflang="pl"' in english
    assert ">Polski</a>" in english
    assert 'href="/pl/" lang="pl" hreflang="pl"' in german
    assert '<html lang="pl">' in own
    assert "INC-042 nie jest publiczny." in error
    assert "/pl/history" in paths


READ = """
import json
from flask_migrate import upgrade
from majorops import create_app
from majorops.publishing.files import in_languages
given = {"DATABASE_URL": "sqlite:///own.db", "SECRET_KEY": "x" * 40, "TESTING": True}
app = create_app(given)
with app.app_context():
    upgrade()
app.extensions["has_accounts"] = True
reader = app.test_client()
pages = [reader.get(path).text for path in ("/", "/de/", "/pl/", "/pl/incidents/42")]
print(json.dumps([*pages, in_languages(["/history"])]))
"""
