"""What people type after /major, and the signature of Slack by its own example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.chat_commands import (
    CAN,
    HELP,
    NOTE,
    OPEN,
    STATUS,
    Command,
    is_slacks,
    read_command,
    unescaped,
)
from majorops.domain.enums import Severity


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Command(HELP)),
        ("help", Command(HELP)),
        ("resolve INC-1", Command(HELP)),
        ("status", Command(STATUS)),
        ("STATUS inc-042", Command(STATUS, 42)),
        ("note heard on the bridge", Command(NOTE, None, "heard on the bridge")),
        ("note INC-42: heard\non the bridge", Command(NOTE, 42, "heard\non the bridge")),
        ("note INC-42x is no number", Command(NOTE, None, "INC-42x is no number")),
        (
            "open high Payments-API, ledger-db: Checkout fails: 5xx",
            Command(OPEN, None, "Checkout fails: 5xx", Severity.HIGH, ("payments-api", "ledger-db")),
        ),
        ("open LOW dns: slow", Command(OPEN, None, "slow", Severity.LOW, ("dns",))),
        (
            "can INC-7 App: 5xx on 3/4 hosts / rolling back / a freeze / now",
            Command(
                CAN,
                7,
                team="App",
                conditions="5xx on 3/4 hosts",
                actions="rolling back",
                needs="a freeze / now",
            ),
        ),
        ("can App: 5xx", Command(CAN, None, team="App", conditions="5xx")),
    ],
)
def test_a_command_is_read(typed, wanted):
    assert read_command(typed) == wanted


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("note", "Say what: /major note …"),
        ("can INC-1", "Say what: /major can …"),
        ("can INC-1 all is well", "Use /major can <team>:"),
        ("open high Checkout fails", "Use /major open <severity> <systems>: <title>"),
        ("open urgent dns: slow", "Severity is one of critical, high, medium, low."),
        ("open high ,: slow", "Systems: name at least one; a guess is enough."),
        (f"open high dns: {'x' * 201}", "A title has 1 to 200 characters; this has 201."),
    ],
)
def test_what_cannot_be_read_is_said(typed, sentence):
    with pytest.raises(ValueError, match=r".") as refused:
        read_command(typed)
    assert str(refused.value).startswith(sentence)


def test_entities_are_what_was_typed():
    assert unescaped("a &lt; b &amp;amp; c &gt; d") == "a < b &amp; c > d"


# https://docs.slack.dev/authentication/verifying-requests-from-slack
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
STAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
    b"96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
AT = datetime.fromtimestamp(int(STAMP), UTC)


@pytest.mark.parametrize(
    ("stamp", "body", "signature", "later", "is_good"),
    [
        (STAMP, BODY, SIGNATURE, timedelta(), True),
        (STAMP, BODY, SIGNATURE, timedelta(minutes=5), True),
        (STAMP, BODY, SIGNATURE, timedelta(minutes=-5), True),
        (STAMP, BODY, SIGNATURE, timedelta(minutes=5, seconds=1), False),
        (STAMP, BODY, SIGNATURE, timedelta(minutes=-5, seconds=-1), False),
        (STAMP, BODY + b"x", SIGNATURE, timedelta(), False),
        (STAMP, BODY, SIGNATURE[:-1], timedelta(), False),
        (STAMP, BODY, "v0=ü", timedelta(), False),
        (STAMP, BODY, "", timedelta(), False),
        ("", BODY, SIGNATURE, timedelta(), False),
        ("٣", BODY, SIGNATURE, timedelta(), False),
        ("9" * 400, BODY, SIGNATURE, timedelta(), False),
    ],
)
def test_slacks_signature(stamp, body, signature, later, is_good):
    assert is_slacks(SECRET, stamp, body, signature, AT + later) is is_good
