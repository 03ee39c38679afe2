"""What is typed to search, read; and what was found, marked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from majorops.domain.enums import Severity
from majorops.domain.search import Query, marked, parse, score


def test_words_phrases_and_what_is_left_out():
    query = parse('Überweisung "connection pool" -drill -"false alarm" payments-api')
    assert query.words == ("uberweisung", "payments", "api")
    assert query.phrases == (("connection", "pool"),)
    assert query.without == (("drill",), ("false", "alarm"))
    assert not query.problem


def test_filters():
    query = parse('SYSTEM:Payments-API severity:High before:2026-11-23 mim:"Maya Okafor" slow')
    assert query.system == "payments-api"
    assert query.severity is Severity.HIGH
    assert query.before == datetime(2026, 11, 23, tzinfo=UTC)
    assert query.mim == "Maya Okafor"
    assert query.words == ("slow",)
    assert query.has_filter
    assert parse("severity:low").has_filter


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("severity:huge", "severity: takes critical, high, medium or low."),
        ("before:tomorrow", "before: takes a date such as 2026-11-23."),
        ('system:""', "system: takes a name, such as system:payments-api."),
        ('mim:"  "', 'mim: takes a name, such as mim:"Maya Okafor".'),
        ("-drill", "Say a word to look for, too."),
        ("before:no severity:huge", "before: takes a date such as 2026-11-23."),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(typed, problem):
    assert parse(typed).problem == problem


def test_what_is_no_filter_is_words():
    query = parse('http://x colour:red -system:a one-phrase-only "x" "open')
    assert query.words == ("http", "x", "colour", "red", "one", "phrase", "only", "open")
    assert query.without == (("system", "a"),)
    assert parse("") == Query()
    assert parse('\x00 \u202e -- ""') == Query()
    assert len(parse("w " + " ".join(f"w{n}" for n in range(90))).words) == 12


def test_words_are_marked_where_they_stand():
    query = parse('pool "idle sessions" fail')
    assert marked(query, "The Pool fails: idle sessions", is_whole=True) == (
        ("The ", False),
        ("Pool", True),
        (" ", False),
        ("fails", True),
        (": ", False),
        ("idle", True),
        (" ", False),
        ("sessions", True),
    )
    assert marked(query, "") == ()


def test_of_a_long_text_what_stands_around_the_first_word_is_shown():
    text = "a " * 200 + "the pool is empty " + "b " * 200
    pieces = marked(parse("pool"), text)
    assert pieces[0] == ("… ", False)
    assert ("pool", True) in pieces
    assert pieces[-1] == (" …", False)
    assert sum(len(piece[0]) for piece in pieces) < 300
    assert marked(parse("none"), "short") == (("short", False),)


def test_a_title_counts_more_and_a_phrase_most():
    query = parse("pool sessions")
    assert score(query, "pool", "") > score(query, "", "pool")
    assert score(query, "pool", "") > score(query, "pools", "")
    assert score(parse('"idle sessions"'), "", "idle sessions") > score(
        parse('"idle sessions"'), "", "sessions idle"
    )
