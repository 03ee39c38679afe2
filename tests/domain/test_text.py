"""Text from outside: whatever comes, what is kept is harmless and nothing visible is lost."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majorops.domain.text import clean_line, clean_text, count, reference, web_link


@given(st.text(max_size=300))
def test_cleaned_text_is_harmless_and_stable(typed):
    text = clean_text(typed)
    assert clean_text(text) == text
    for letter in text:
        assert letter in "\t\n" or unicodedata.category(letter) not in ("Cc", "Cs")
        assert letter not in "\u202e\u2066\u200f"
    assert "\n" not in clean_line(typed)
    text.encode()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        (" x ", "x"),
        ("\x00", "\u2400"),
        ("\x1b[2J", "\u241b[2J"),
        ("<b>", "<b>"),
        ("e\u0301", "é"),
    ],
)
def test_clean_text(typed, kept):
    assert clean_text(typed) == kept


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        (" https://meet.example.com/x ", "https://meet.example.com/x"),
        ("HTTP://a.b", "HTTP://a.b"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://", None),
        ("//x.example", None),
        ("https://[", None),
        ("https://a b.example", None),
    ],
)
def test_links(typed, link):
    assert web_link(typed) == link


def test_small_words():
    assert (count(1, "incident"), count(1240, "customer")) == ("1 incident", "1,240 customers")
    assert (reference(7), reference(1234)) == ("INC-007", "INC-1234")
