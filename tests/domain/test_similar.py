"""Which earlier incidents one resembles, and why."""

from __future__ import annotations

import pytest

from majorops.domain.causes import stated_cause
from majorops.domain.similar import UNKNOWN, Case, alike, forms, rarity, stem, words_of

POOL = Case(
    31,
    "payments-api: pool of connections exhausted, requests time out",
    ("payments-api", "ledger-db"),
    ended="Roll back release 4.17",
    minutes=44,
)
DISK = Case(7, "search-index: disk full on node 3", ("search-index",), minutes=700)


def found(case: Case, *earlier: Case) -> list[int]:
    return [like.case.number for like in alike(case, earlier, lambda what: 2.0)]


def test_it_says_what_is_shared_how_long_it_took_and_what_ended_it():
    asked = Case(50, "payments-api timeouts, connection pool empty", ("payments-api",))
    (like,) = alike(asked, [POOL, DISK], lambda what: 2.0)
    assert like.why == "same system payments-api, same words: time-out, connections, pool"
    assert like.course == "INC-031, 44 min, ended by: Roll back release 4.17"
    (long,) = alike(Case(50, "disk full", ("search-index",)), [DISK], lambda what: 2.0)
    assert long.why == "same system search-index, same words: disk, full"
    assert long.course == "INC-007, 11 h"


def test_words_of_the_cause_are_said_apart():
    earlier = Case(3, "checkout-web slow", ("checkout-web",), cause="Cause: an index was missing on carts.")
    (like,) = alike(Case(9, "carts slow, index lost", ("checkout-web",)), [earlier], lambda what: 2.0)
    assert like.why == "same system checkout-web, same word: slow, in its cause: carts, index"


def test_several_systems_are_named():
    asked = Case(50, "requests time out", ("ledger-db", "payments-api"))
    assert alike(asked, [POOL], lambda what: 2.0)[0].why.startswith("same systems ledger-db, payments-api, ")


@pytest.mark.parametrize(
    "asked",
    [
        Case(50, "", ()),
        Case(50, "the and of", ("ledger-db",)),  # a system alone: it has many incidents
        Case(50, "payments-api", ("payments-api",)),
        Case(50, "requests are refused after the certificate of the host expired", ()),  # one word of many
        Case(50, "4711 17 3", ("payments-api",)),
        Case(50, "pool\x00\u202e cleaning broke elevators; basement flooded", ("payments-api",)),
    ],
)
def test_what_shares_too_little_is_not_offered(asked):
    assert found(asked, POOL) == []


def test_the_nearest_first_then_the_newer_and_three_at_most():
    same = [Case(number, "disk full on a node", ("search-index",)) for number in range(1, 6)]
    other = Case(99, "disk full on a node", ("mail-relay",))
    assert found(Case(0, "disk full on a node", ("search-index",)), other, *same) == [5, 4, 3]
    assert found(Case(0, "disk full on a node", ("mail-relay",)), *same, other)[0] == 99


def test_of_two_that_share_as_much_the_one_whose_end_is_known_stands_first():
    ended, not_ended = Case(1, "disk full", (), ended="Add a volume"), Case(2, "disk full", ())
    assert found(Case(0, "disk full", ()), ended, not_ended) == [1, 2]


def test_a_rare_word_is_worth_more_and_what_none_has_little():
    assert rarity(0, 1_000) == UNKNOWN < rarity(900, 1_000) < rarity(10, 1_000)
    assert rarity(1, 100_000) == rarity(2, 100_000)  # one other incident does not outweigh all else
    rare = Case(1, "shard leader", ())
    often = Case(2, "shard slow", ())
    worth = {"shard": 1.0, "lead": 1.0, "leader": 3.0, "slow": 0.8}
    like = alike(Case(0, "shard slow leader", ()), [often, rare], lambda what: worth[what])
    assert [one.case.number for one in like] == [1, 2]
    assert like[0].words == ("leader", "shard")


@pytest.mark.parametrize(
    ("one", "other"),
    [("expired", "expires"), ("connections", "connection"), ("failing", "fails"), ("queues", "queue")],
)
def test_endings_do_not_matter(one, other):
    assert stem(one) == stem(other)
    assert {one, other} <= set(forms(one)) | {other}
    assert stem(one) in forms(one)


def test_short_words_and_those_that_end_alike_are_left():
    words = ["dns", "class", "status", "bus", "red"]
    assert [stem(word) for word in words] == words


def test_spellings_of_a_time_out_are_one_word_and_accents_none():
    for text in ("time-outs", "times out", "timed out", "timeout", "Time Out"):
        assert list(words_of(text)) == ["timeout"]
    assert list(words_of("Überweisung 5xx p95 4711")) == list(words_of("uberweisung 5XX P95"))
    assert {"time", "timeout"} <= set(forms("timeout"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("All is well. Cause: a routing policy change; it is reverted.", "Cause: a routing policy change"),
        ("It was caused by an expired certificate. Sorry.", "It was caused by an expired certificate"),
        ("payments-api works normally again. The cause is fixed.", ""),
        ("The cause is not known.", ""),
        ("Possibly due to a bad deploy.", ""),
        ("", ""),
    ],
)
def test_a_cause_that_a_text_states(text, cause):
    assert stated_cause(text) == cause
