"""Words are found as people read them, also where a column or a summary cut them off."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from majorops.domain.redaction import Words, mark_of, replace_in, texts_in, words_refusal

MARK = "[redacted 2026-11-28]"
ACME = Words.of("Customer ACME")


@pytest.mark.parametrize(
    ("text", "new", "times"),
    [
        ("Customer ACME data breach", f"{MARK} data breach", 1),
        ("customer acme, Customer\n  Acme.", f"{MARK}, {MARK}.", 2),
        ("Customers of ACME", "Customers of ACME", 0),
        ("It hit Custome…", f"It hit {MARK}…", 1),
        ("It hit Cust…", "It hit Cust…", 0),
        ("", "", 0),
    ],
)
def test_replaced(text, new, times):
    assert ACME.replace(text, MARK) == (new, times)
    assert ACME.count(text) == times


def test_letters_that_mean_something_in_a_pattern_mean_nothing():
    assert Words.of("pay.(1)").replace("pay.(1) payx(1)", MARK) == (f"{MARK} payx(1)", 1)


def test_a_full_column_may_have_cut_the_words():
    cut = "x" * 20 + " Customer A"
    assert ACME.replace(cut, MARK, len(cut)) == (("x" * 20 + f" {MARK}")[: len(cut)], 1)
    assert ACME.replace(cut, MARK, len(cut) + 1) == (cut, 0)


def test_a_long_text_is_found_where_a_prompt_cut_it_without_a_sign():
    long = "The pool of ledger-db was full since 14:01 and no payment of anybody went through at all."
    seen = f"Update: {long[:60]}\nNext: nothing"
    assert Words.of(long).replace(seen, MARK) == (f"Update: {MARK}\nNext: nothing", 1)


def test_each_longer_line_counts_by_itself():
    words = Words.of("First line, the title of a note\nyes\nSecond line, which is longer")
    assert words.replace("First line, the title of a note", MARK) == (MARK, 1)
    assert words.count("yes") == 0


def test_the_mark_fits_its_column():
    new, times = Words.of("abc").replace("abc", MARK, 10)
    assert (new, times) == (MARK[:10], 1)


def test_json_stays_json():
    value = {"en": {"body": "Customer ACME", "n": 1}, "systems": ["a", "customer acme"]}
    new, times = replace_in(value, ACME, MARK)
    assert new == {"en": {"body": MARK, "n": 1}, "systems": ["a", MARK]}
    assert times == 2
    assert list(texts_in(new)) == [MARK, "a", MARK]


@pytest.mark.parametrize("words", ["", "a b", "...", "x" * 10_001, "[redacted 2026-11-28]"])
def test_what_cannot_be_redacted(words):
    assert words_refusal(words)


def test_the_mark_says_the_day():
    assert mark_of(datetime(2026, 11, 28, 23, 59, tzinfo=UTC)) == MARK
    assert words_refusal("ACME") == ""
