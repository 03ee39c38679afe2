"""What a draft claims, held against the record."""

from __future__ import annotations

import pytest

from majorops.domain.facts import check, pieces

RECORD = """Incident: INC-042
Severity: Critical, Box 3
Problem began: 2026-11-23 14:01 UTC
Alert fired: 2026-11-23 14:01:22 UTC
Customers affected: approximately 1,240
Affected systems: payments-api, ledger-db
Error rate 61.5 %, lag 42 s. Rollback of release 4.18.2 at 2/6 pods. Case PL-88213 at PayLink.
Suspect release 4.18.2; not confirmed.
https://status.example.org/incidents/42
This update promises the next one: in 20 minutes"""
CUSTOMERS = (1240, True)


def marked(text: str, record: str = RECORD, customers=CUSTOMERS) -> list[str]:
    return [mark.text for mark in check(text, record, customers)]


@pytest.mark.parametrize(
    "text",
    [
        "Card payments fail for approximately 1,240 customers since 14:01 UTC.",
        "About 1240 customers are affected.",
        "Customers affected: approximately 1,240.",
        "Since 14:01:22 on 23 November the error rate is 61.5%.",
        "Since Nov 23 the error rate is 61.5 percent.",
        "We roll back release 4.18.2, 2 of 6 pods are done. Lag is 42 s.",
        "PayLink has case PL-88213. See https://status.example.org/incidents/42.",
        "INC-042 is Critical, Box 3. Payments-api and ledger-db do not respond.",
        "Next update in 20 minutes.",
        "Next update in twenty minutes.",
        "The cause is not known yet. The root cause is under investigation.",
        "We suspect release 4.18.2 as the cause.",
        "It is possibly caused by release 4.18.2.",
        "Two of the pods are done.",
        "We follow up on customer-facing, error-free and read-only paths.",
        "not known",
        "",
    ],
)
def test_what_stands_in_the_record_is_not_marked(text):
    assert marked(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5,000 orders wait.", ["5,000"]),
        ("The error rate is 61 %.", ["61 %"]),
        ("It began at 14:05 UTC.", ["14:05"]),
        ("It began at 14:01:30 UTC.", ["14:01:30"]),
        ("It began at 2 pm.", ["2 pm"]),
        ("It began on 24 November.", ["24 November"]),
        ("It began on 2026-11-24.", ["2026-11-24"]),
        ("1,240 customers are affected.", ["1,240"]),  # approximately is lost
        ("Customers affected: 1,240.", ["1,240"]),
        ("Approximately 1,300 customers are affected.", ["1,300"]),
        ("42 customers called.", ["42"]),  # the number stands there, for something else
        ("More than 1,240 orders wait.", ["More than 1,240"]),
        ("1.2 million requests failed.", ["1.2 million"]),
        ("5k requests failed.", ["5k"]),
        ("Dozens of requests failed, half of all.", ["Dozens", "half"]),
        ("Seven teams work on it.", ["Seven"]),
        ("We roll back release 4.18.3.", ["4.18.3"]),
        ("The redis-cache is down, so is checkout_web.", ["redis-cache", "checkout_web"]),
        ("We work with Stripe on it.", ["Stripe"]),
        ("The AWS region is down.", ["AWS"]),
        ("Case PL-88214 is open.", ["PL-88214"]),
        ("See https://evil.example.com/x for more.", ["https://evil.example.com/x"]),
        ("Write to help@evil.example.com.", ["help@evil.example.com"]),
        ("It is caused by a faulty network switch.", ["caused by a faulty network switch"]),
        ("The root cause is release 4.18.2.", ["root cause is release 4.18.2"]),  # only suspected
        ("Payments fail due to an expired certificate.", ["due to an expired certificate"]),
    ],
)
def test_what_does_not_is(text, found):
    assert marked(text) == found


def test_a_cause_that_the_record_states_may_be_told():
    record = "The root cause is an expired certificate on payments-api."
    assert marked("Payments fail because of an expired certificate.", record) == []
    assert marked("Payments fail because of an expired certificate on ledger-db.", record) == [
        "because of an expired certificate on ledger-db"
    ]


def test_without_a_count_no_count_of_people_is_told():
    assert marked(
        "300 customers are affected.", "Customers affected: not known. 300 requests failed.", None
    ) == ["300"]
    assert marked("300 customers called.", "Support: 300 customers called.", None) == []


def test_a_text_full_of_digits_is_read_in_no_time():
    assert len(check("1,2,3.4:5-" * 400, RECORD)) > 0
    assert check("a" * 4000, "b" * 30_000) == ()


def test_pieces_are_the_text_again():
    text = "At 14:05 UTC 5,000 orders waited."
    found = pieces(text, check(text, RECORD))
    assert "".join(piece for piece, _ in found) == text
    assert [piece for piece, why in found if why] == ["14:05", "5,000"]
    assert pieces("", ()) == []


def test_marks_go_with_the_words_that_were_deleted():
    from majorops.domain.facts import Mark, still_said

    marks = tuple(Mark(0, 1, text, "why") for text in ("14:05", "EU", "EU", "40"))
    assert still_said(marks, "Since 14:05 in EU and EU, 400 users.") == marks[:3]
    assert still_said(marks, "In EU, 40 users.") == (marks[1], marks[3])
    assert still_said(marks, "") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It began at 2:01 pm.", []),
        ("It began at 2:07 pm.", ["2:07 pm"]),
        ("More than 500 orders wait.", []),
        ("More than 600 orders wait.", ["More than 600"]),
        ("It was because of it.", []),
    ],
)
def test_a_clock_of_twelve_hours_a_bound_and_a_cause_that_names_nothing(text, found):
    assert marked(text, RECORD + "\nMore than 500 orders wait.") == found
