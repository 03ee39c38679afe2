"""What was meant by a word that nobody wrote: tried before it is shown, forgotten when redacted."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.search import parse
from majorops.domain.spelling import LONGEST, WORDS_MOST, corrected, keys_of, nearest, slips, spelled
from majorops.operations import search_index, spelling
from majorops.operations.redaction import look, redact
from majorops.operations.searching import search_as_meant
from tests.counting import queries
from tests.operations.test_search_index import HOSTILE


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        ("payments", "payments", 0),
        ("paymnets", "payments", 1),
        ("payment", "payments", 1),
        ("paymentss", "payments", 1),
        ("paxments", "payments", 1),
        ("apyments", "payments", 1),
        ("paymnetss", "payments", 2),
        ("", "ab", 2),
        ("abc", "xyz", 3),
    ],
)
def test_slips_are_counted(one, other, number):
    assert slips(one, other) == slips(other, one) == number


def test_every_single_slip_shares_a_key_with_the_word():
    for typed in ("paymnets", "payment", "paymentss", "paxments", "apyments", "ayments"):
        assert keys_of(typed) & keys_of("payments"), typed


def test_the_nearest_word_that_is_near_enough():
    known = ["payments", "payment", "pavement", "cache", "cash"]
    assert nearest("paymnets", known) == "payments"
    assert nearest("pament", known) == "payment"
    assert nearest("pyamenst", ["payments"]) == "payments"  # two slips in a long word
    assert nearest("cahe", known) == "cache"
    assert nearest("chae", ["cash"]) == ""  # two in a short one
    assert nearest("zebra", known) == ""
    assert nearest("cash", ["cash"]) == ""


def test_words_of_letters_alone_are_kept():
    assert spelled("The pool of ledger-db, 4.18.2 überläuft") == {"pool", "ledger", "uberlauft"}
    assert spelled("x" * (LONGEST + 1)) == set()
    letters = "abcdefghijklmnop"
    many = " ".join(f"word{a}{b}{c}" for a in letters for b in letters for c in letters)
    assert len(spelled(many)) == WORDS_MOST


def test_all_else_that_was_typed_stays():
    typed = 'Paymnets "conection pool" -car system:ledger-db'
    meant = {"paymnets": "payments", "conection": "connection"}
    assert corrected(typed, meant) == 'payments "connection pool" -car system:ledger-db'
    assert corrected(typed, {}) == typed


@pytest.fixture
def record(cast, clock):
    incident = cast.open(title="payments-api: connection pool exhausted")
    search_index.mend(actor=SYSTEM, now=clock())
    return incident


def test_a_search_that_finds_nothing_finds_what_was_meant(cast, record):
    for typed, meant in {
        "paymnets": "payments",
        "PAYMENTS conection": "PAYMENTS connection",
        '"conection pool"': '"connection pool"',
        "exhuasted severity:critical": "exhausted severity:critical",
    }.items():
        found, said = search_as_meant(typed, actor=cast.maya)
        assert said == meant
        assert found[0].rows[0].incident == record.id
    assert search_as_meant("payments", actor=cast.maya)[1] == ""
    assert search_as_meant("zzzyx", actor=cast.maya) == ([], "")
    assert search_as_meant("paymnets severity:low", actor=cast.maya) == ([], "")  # tried, and nothing
    assert search_as_meant("severity:huge paymnets", actor=cast.maya) == ([], "")
    assert search_as_meant("paymnets", actor=cast.xin) == ([], "")


def test_the_pages_say_so(cast, record):
    rita = cast.browser("rita")
    page = rita.get("/admin/search?q=paymnets").text
    assert "Nothing for “paymnets”. Did you mean" in page
    assert 'href="/admin/search?q=payments"' in page
    assert "<mark>payments</mark>-api" in page
    quick = rita.get("/admin/search/quick?q=paymnets")
    assert (quick.headers["X-Said"], "<b>payments</b>" in quick.text) == ("Nothing as it was typed.", True)
    assert 'href="/admin/incidents?q=payments"' in rita.get("/admin/incidents?q=paymnets").text
    assert 'href="/admin/reviews?q=payments"' in rita.get("/admin/reviews?q=paymnets").text


def test_any_text_is_looked_at_with_as_many_queries(cast, record):
    search_index.mend(actor=SYSTEM, now=cast.clock())
    for typed in [*HOSTILE, "conection " * 500, " ".join(f"paymnets{n}" for n in range(50))]:
        with queries() as sent:
            spelling.meant(typed, parse(typed))
        assert len(sent) <= 3, typed[:40]


def test_what_was_redacted_is_suggested_to_nobody(cast, clock, record):
    who = {"actor": cast.maya, "now": clock()}
    seal = look(record, "exhausted", "a name", clock()).seal
    redact(record, "exhausted", reason="a name", seal=seal, **who)
    assert db.session.scalar(select(func.count()).select_from(spelling.KEPT)) == 0
    search_index.mend(actor=SYSTEM, now=clock())
    assert search_as_meant("exhuasted", actor=cast.maya) == ([], "")
    assert search_as_meant("paymnets", actor=cast.maya)[1] == "payments"
    search_index.rebuild(actor=SYSTEM, now=clock())
    assert search_as_meant("paymnets", actor=cast.maya)[1] == "payments"
