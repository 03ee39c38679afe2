"""Events for programs outside: the choice of kinds, the signature, the times of the tries."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from majorops.domain import outgoing
from majorops.domain.events import EventKind
from majorops.domain.outgoing import (
    KEY_BYTES,
    KINDS,
    PAUSES,
    key_of,
    kinds_problem,
    new_id,
    new_secret,
    next_try,
    parts,
    rest,
    retry_after,
    signed,
    wants,
)

NOW = datetime(2026, 11, 23, 14, 1, tzinfo=UTC)
BODY = '{"type":"note.logged","data":{"title":"Überlauf „ü“"}}'


def test_every_kind_of_entry_is_an_event():
    assert set(KINDS) == set(EventKind)
    assert not KINDS["incident.opened"].is_internal
    assert not KINDS["public.published"].is_internal
    assert KINDS["note.logged"].is_internal
    assert (KINDS["can.reported"].title, KINDS["can.reported"].is_internal) == ("CAN reported", True)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", ""),
        ("incident.*, phase.advanced", ""),
        ("*", ""),
        ("incident.*, fire.lit", "There is no kind of event fire.lit. The page at /api/ lists them."),
    ],
)
def test_kinds_are_chosen_by_name_or_pattern(typed, problem):
    assert kinds_problem(parts(typed)) == problem


def test_parts_are_said_once():
    assert parts(" a, b ,,a ,") == ["a", "b"]


@pytest.mark.parametrize(
    ("patterns", "systems", "is_wanted"),
    [
        ([], [], True),
        (["phase.*"], [], True),
        (["incident.*"], [], False),
        ([], ["cards"], True),
        ([], ["dns"], False),
        (["phase.advanced", "x.*"], ["dns", "ledger"], True),
    ],
)
def test_who_wants_what(patterns, systems, is_wanted):
    assert wants(patterns, systems, "phase.advanced", ["cards", "ledger"]) is is_wanted


def test_a_secret_is_32_random_bytes():
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == KEY_BYTES == len(key_of(secret))
    assert secret != new_secret()
    assert len({new_id() for _ in range(100)}) == 100


@pytest.mark.parametrize("text", ["a-secret-of-before", "whsec_no base64!"])
def test_a_secret_of_before_signs_by_its_bytes(text):
    assert key_of(text) == text.encode()


def test_standardwebhooks_verifies_ours():
    secret, now = new_secret(), datetime.now(UTC)
    headers = signed("msg_1", now, BODY.encode(), [secret])
    assert Webhook(secret).verify(BODY, headers)["type"] == "note.logged"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + " ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, signed("msg_1", now - timedelta(minutes=6), BODY.encode(), [secret]))


def test_both_secrets_are_good_while_one_replaces_the_other():
    old, new, now = new_secret(), new_secret(), datetime.now(UTC)
    headers = signed("msg_1", now, BODY.encode(), [new, old])
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers)


def test_ours_is_what_standardwebhooks_signs():
    secret = new_secret()
    theirs = Webhook(secret).sign(msg_id="msg_1", timestamp=NOW, data=BODY)
    assert signed("msg_1", NOW, BODY.encode(), [secret])["webhook-signature"] == theirs
    of_before = "a-secret-of-before"
    theirs = Webhook(of_before.encode()).sign(msg_id="msg_1", timestamp=NOW, data=BODY)
    assert signed("msg_1", NOW, BODY.encode(), [of_before])["webhook-signature"] == theirs


def test_the_tries_reach_over_75_hours_and_not_together(monkeypatch):
    assert timedelta(hours=75) < timedelta(seconds=sum(PAUSES)) < timedelta(hours=76)
    for draw, factor in ((min, 0.9), (max, 1.1)):
        monkeypatch.setattr(outgoing.random, "uniform", lambda *ends, draw=draw: draw(ends))
        for n, seconds in enumerate(PAUSES, 1):
            assert next_try(n, None) == timedelta(seconds=seconds * factor)
    assert next_try(len(PAUSES) + 1, None) is None


def test_a_receiver_is_left_alone_as_long_as_it_asks_but_a_day_at_most():
    assert next_try(1, timedelta(minutes=10)) == timedelta(minutes=10)
    assert next_try(1, timedelta(days=9)) == timedelta(days=1)
    assert next_try(6, timedelta(seconds=1)) > timedelta(hours=8)
    assert [rest(n, None).seconds for n in (1, 2, 3, 9)] == [5, 15, 60, 60]
    assert rest(1, timedelta(minutes=10)) == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("9" * 40, timedelta(seconds=999_999_999)),
        ("Mon, 23 Nov 2026 14:03:00 GMT", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 14:03:00", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 13:00:00 GMT", timedelta()),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, wait):
    assert retry_after(text, NOW) == wait
