"""How a mail looks: text and HTML say the same, in the organisation's colour, readable in the dark."""

from __future__ import annotations

from datetime import timedelta
from email import policy
from email.parser import Parser

import pytest

from majorops.domain.enums import ChannelKind, Severity
from majorops.notifications import mail
from majorops.notifications.mail import Look, ink_on
from majorops.notifications.message import Message, Part
from tests.notifications.conftest import BASE, subscriber

LOOK = Look("Northwind & Co", "#ffd400")


def message(**given) -> Message:
    given = {"subject": "Resolved <b>", "body": "One.\n\nTwo: https://a.example/x.", "link": BASE, **given}
    plain = {"id": 1, "key": "k", "kind": ChannelKind.EMAIL, "address": "a@b.cd", "secret": ""}
    return Message(**plain, notice="alarm", incident=1, **given)


def bodies(found) -> tuple[str, str]:
    return found.get_body(("plain",)).get_content(), found.get_body(("html",)).get_content()


def test_both_say_the_same_and_what_people_wrote_is_text():
    parts = (Part("A <i>heading</i>", "line 1\nline 2", f"{BASE}/1"),)
    foot = {"foot": "Why it comes.", "foot_link": f"{BASE}/manage", "foot_label": "Change"}
    found = mail.compose(message(parts=parts, **foot, link_label="Open"), "Org <m@example.org>", LOOK)
    assert found.get_content_type() == "multipart/alternative"
    text, html = bodies(found)
    for said in ("One.", "https://a.example/x", "line 2", f"{BASE}/1", "Why it comes.", f"{BASE}/manage"):
        assert said in text
        assert said in html
    assert "A &lt;i&gt;heading" in html
    assert "Resolved &lt;b&gt;" in html
    assert 'href="https://a.example/x"' in html  # the full stop is the sentence's
    assert "Northwind &amp; Co" in html


def test_the_colour_of_the_organisation_with_ink_that_reads_on_it():
    html = mail.as_html(message(), LOOK)
    assert 'bgcolor="#ffd400"' in html
    assert "color:#000000" in html
    assert (ink_on("#0057b8"), ink_on("#ffffff"), ink_on("#0a0a0a")) == ("#ffffff", "#000000", "#ffffff")


def test_dark_mail_programs_are_told_and_nothing_is_fetched():
    html = mail.as_html(message(), LOOK)
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert "<img" not in html
    assert "url(" not in html
    assert "<script" not in html
    assert len(html) < 8_000


@pytest.mark.parametrize(
    ("name", "is_shown"), [("logo.png", True), ("logo.svg", False), ("logo.webp", False)]
)
def test_the_logo_comes_along_where_mail_programs_show_it(tmp_path, name, is_shown):
    file = tmp_path / name
    file.write_bytes(b"\x89PNG picture")
    look = mail.look_of({"ORG_NAME": "Org", "ACCENT": None, "LOGO": str(file)})
    found = Parser(policy=policy.default).parsestr(mail.compose(message(), "m@b.cd", look).as_string())
    pictures = [part for part in found.walk() if part.get_content_maintype() == "image"]
    assert len(pictures) == is_shown
    assert ("cid:logo@majorops" in bodies(found)[1]) is is_shown
    assert all(picture["Content-ID"] == "<logo@majorops>" for picture in pictures)


def test_subscribers_and_accounts_have_the_one_layout(app, reader, mails, worker, cast, monkeypatch):
    app.config["ACCENT"] = "#0057b8"
    monkeypatch.setitem(app.extensions, "public_origin", BASE)
    monkeypatch.setitem(app.config, "BASE_URL", BASE)
    subscriber(reader, mails, worker)
    cast.open(severity=Severity.MEDIUM)
    worker.drain()
    found = [Parser(policy=policy.default).parsestr(text) for text in mails.mails]
    assert {one["To"] for one in found} >= {"vic@example.org", "omar@example.org"}
    for one in found:
        html = bodies(one)[1]
        assert 'bgcolor="#0057b8"' in html
        assert one["Subject"] in html
    assert timedelta(0) == message().waited
