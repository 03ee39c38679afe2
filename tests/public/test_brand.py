"""Whose page it is: the organisation comes first on what strangers see; MajorOps is a small word."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import config
from majorops.i18n import LANGUAGES
from majorops.notifications.mail import sender_of
from majorops.web import assets, branding, posture

PAGES = ("/", "/de/", "/history", "/incidents/1", "/subscribe", "/login", "/nothing-here", "/de/nothing-here")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 20"><path d="M0 0h80v20H0z"/></svg>'


def png(width: int, height: int) -> bytes:
    return branding.PNG + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\0" * 8


@pytest.fixture
def client(app, cast, monkeypatch):
    monkeypatch.setattr(posture, "RECENT", 0)
    app.extensions["has_accounts"] = True
    app.extensions["public_origin"] = "http://localhost"
    app.config["ORG_NAME"] = "Acme & Co"
    return app.test_client()


@pytest.fixture
def pictures(app, tmp_path, monkeypatch):
    """A logo, one for dark grounds and a favicon, as the start reads them."""
    monkeypatch.setattr(assets, "_names", dict(assets._names))
    monkeypatch.setattr(assets, "_files", dict(assets._files))
    for name, setting in assets.PICTURES.items():
        path = tmp_path / f"{name}.svg"
        path.write_text(SVG + f"<!-- {name} -->")
        app.config[setting] = str(path)
        assets.add_picture(name, str(path))


def header(page: str) -> str:
    return page.partition("<body")[2].partition("</header>")[0]


def test_the_name_comes_first_and_the_product_is_a_word_in_the_footer(client, cast):
    cast.open()
    for path in PAGES:
        page = client.get(path).text
        assert 'class="brand"' in header(page), path
        assert "Acme &amp; Co" in header(page), path
        assert "MAJOR" not in page, path
        title = page.partition("<title>")[2].partition("</title>")[0]
        assert "MajorOps" not in title, path
        assert page.count("MajorOps") == 1, path
        assert "MajorOps" in page.partition("<footer")[2], path


def test_the_intake_form_shows_the_organisation(client, cast):
    page = cast.browser("maya").get("/new").text
    assert 'class="brand"' in header(page)
    assert "<title>Open incident, Acme &amp; Co</title>" in page


def test_where_nobody_said_whose_page_it_is_the_wordmark_stands(client, app):
    app.config["ORG_NAME"] = "MajorOps"
    for path in PAGES[:3] + PAGES[4:]:
        page = client.get(path).text
        assert 'class="wordmark"' in page, path
        assert 'class="brand"' not in page, path


def test_logo_dark_logo_and_favicon_are_served(client, app, pictures):
    for path in ("/", "/nothing-here"):
        page = client.get(path).text
        source = re.search(r'<source srcset="([^"]+)" media="\(prefers-color-scheme: dark\)">', page)[1]
        image = re.search(r'<img class="logo" src="([^"]+)" alt="Acme &amp; Co">', page)[1]
        icon = re.search(r'<link rel="icon"[^>]* href="([^"]+)" type="image/svg\+xml">', page)[1]
        for address, name in ((source, "logo-dark"), (image, "logo"), (icon, "favicon")):
            answer = client.get(address)
            assert (answer.status_code, answer.content_type) == (200, "image/svg+xml"), name
            assert f"<!-- {name} -->" in answer.text
    login = client.get("/login").text  # dark, whatever people prefer
    assert "logo-dark-" in header(login)
    assert "<source" not in login


@pytest.mark.parametrize(
    ("name", "body", "is_icon"),
    [
        ("logo.svg", SVG.encode(), True),
        ("logo.png", png(64, 64), True),
        ("wide.png", png(200, 40), False),
        ("logo.webp", b"RIFF", False),
    ],
)
def test_the_icon_is_made_of_a_logo_that_fits(tmp_path, name, body, is_icon):
    path = tmp_path / name
    path.write_bytes(body)
    assert branding.icon_file(None, str(path)) == (str(path) if is_icon else "")
    assert branding.icon_file("/f.svg", str(path)) == "/f.svg"
    assert branding.icon_file(None, None) == ""


def test_the_accent_reads_on_dark_and_on_light(client, app):
    app.config["ACCENT"] = "#003366"
    page = client.get("/").text
    dark, light = re.findall(r"[;{]--accent:(#\w+);--accent-ink:(#\w+)", page)
    assert (light, dark[0] != "#003366") == (("#003366", "#ffffff"), True)
    assert 'href="/assets/brand-' in client.get("/nothing-here").text
    assert 'href="/assets/brand-' in client.get("/login").text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "wartime",
            {"/": ("PEACETIME", "WARTIME"), "/de/": ("RUHE", "EINSATZ"), "/login": ("PEACETIME", "WARTIME")},
        ),
        (
            "neutral",
            {
                "/": ("NO INCIDENT", "INCIDENT"),
                "/de/": ("KEIN VORFALL", "VORFALL"),
                "/login": ("NO INCIDENT", "INCIDENT"),
                "/nothing-here": ("NO INCIDENT", "INCIDENT"),
            },
        ),
        ("none", {"/": ("", ""), "/de/": ("", ""), "/login": ("", ""), "/nothing-here": ("", "")}),
    ],
)
def test_the_words_of_the_posture_are_a_setting(client, app, cast, words, said):
    app.config["POSTURE_WORDS"] = words
    for turn in (0, 1):
        for path, both in said.items():
            page = client.get(path).text
            found = re.findall(r'class="posture">([^<]+)<', page)
            assert found == [both[turn]] * bool(both[turn]), path
            if words != "wartime":
                assert not re.search("WARTIME|PEACETIME|Peacetime|EINSATZ|RUHE|Ruhe", page), path
        if not turn:
            cast.open()
    assert 'class="posture">WARTIME<' in cast.browser("maya").get("/admin/incidents").text


def test_a_server_error_shows_the_organisation_too(client, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("select", {}, Exception("gone"))

    from sqlalchemy.orm import Session

    for name in ("execute", "scalar", "scalars", "get"):
        monkeypatch.setattr(Session, name, fail)
    answer = client.get("/history")
    assert answer.status_code == 503
    assert "Acme &amp; Co" in header(answer.text)
    assert "MAJOR" not in answer.text


def test_feeds_and_programs_read_the_name(client):
    for path in ("/history.atom", "/history.rss", "/maintenance.ics", "/badge.svg", "/api/v2/status.json"):
        assert re.search("Acme (&amp;|&) Co", client.get(path).text), path


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ("MajorOps <status@example.org>", "Acme <status@example.org>"),
        ("status@example.org", "Acme <status@example.org>"),
        ("Status desk <status@example.org>", "Status desk <status@example.org>"),
    ],
)
def test_mails_come_from_the_organisation(given, sender):
    assert sender_of({"MAIL_FROM": given, "ORG_NAME": "Acme"}) == sender


def test_settings_that_cannot_be_right(tmp_path):
    for name, value in (("POSTURE_WORDS", "calm"), ("FAVICON", "no.svg"), ("LOGO_DARK", str(Path(__file__)))):
        with pytest.raises(config.ConfigError, match=name):
            config.load({f"MAJOROPS_{name}": value}, instance=tmp_path)
    assert config.load({"MAJOROPS_POSTURE_WORDS": "Neutral"}, instance=tmp_path).POSTURE_WORDS == "neutral"


def test_every_language_has_the_neutral_words():
    for t in LANGUAGES.values():
        assert t("neutral.wartime") != t("posture.wartime")
