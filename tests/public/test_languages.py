"""The catalogue of the public pages: every language says all that English says,
with the same gaps to fill.
"""

from __future__ import annotations

from string import Formatter

import pytest

from majorops.i18n import DEFAULT, LANGUAGES


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {DEFAULT}))
def test_a_language_has_every_sentence_and_every_gap(language):
    english, other = LANGUAGES[DEFAULT].table, LANGUAGES[language].table
    assert set(other) == set(english)
    assert {name for name in english if gaps(other[name]) != gaps(english[name])} == set()


def test_a_page_says_its_language_and_leads_to_the_others(cast, client):
    cast.open()
    page = client.get("/").text
    assert '<html lang="en">' in page
    assert 'href="/de/" lang="de" hreflang="de"' in page
    german = client.get("/de/").text
    assert '<html lang="de">' in german
    assert 'href="/" lang="en" hreflang="en"' in german
    assert "aktiver Vorfall" in german


def test_a_language_that_is_not_there_is_no_page(cast, client):
    assert client.get("/xx/").status_code == 404
