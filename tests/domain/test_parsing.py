"""What a person types into a field: read into its value, or refused with the rest of a sentence."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from majorops.domain.enums import AlarmLevel, ExternalImpact, RiskLevel
from majorops.domain.parsing import (
    as_text,
    choice,
    customer_count,
    flag,
    link,
    optional_line,
    options,
    required,
    required_time,
    systems,
    utc_time,
)
from majorops.domain.text import clean_line

AT = datetime(2026, 11, 23, 14, 1, tzinfo=UTC)
TITLE, RISK, BOX = required(clean_line), choice(RiskLevel, none=True), choice(AlarmLevel)


@pytest.mark.parametrize(
    ("read", "typed", "value"),
    [
        (TITLE, "  payments\n down ", "payments down"),
        (optional_line, " PAY-1 ", "PAY-1"),
        (optional_line, " \n", None),
        (utc_time, "2026-11-23 14:01", AT),
        (utc_time, "2026-11-23T14:01Z", AT),
        (utc_time, " 2026-11-23 14:01:22 UTC ", AT.replace(second=22)),
        (utc_time, " ", None),
        (required_time, "2026-11-23 14:01", AT),
        (link, " ", None),
        (link, "meet.example.org/abc", "https://meet.example.org/abc"),
        (link, "http://meet.example.org", "http://meet.example.org"),
        (customer_count, "", (None, False)),
        (customer_count, "1,240", (1240, False)),
        (customer_count, "Approximately 1 240", (1240, True)),
        (customer_count, "approx. 7", (7, True)),
        (customer_count, "~999999999", (999_999_999, True)),
        (systems, "DNS, cdn,, dns ", ["dns", "cdn"]),
        (RISK, " ", None),
        (RISK, " high ", RiskLevel.HIGH),
        (BOX, "3", AlarmLevel.BOX_3),
        (flag, " yes ", True),
        (flag, "no", False),
    ],
)
def test_what_is_typed_is_read(read, typed, value):
    assert read(typed) == value


@pytest.mark.parametrize(
    ("read", "typed", "says"),
    [
        (TITLE, " \n", "needs a text"),
        (utc_time, "14:01", "use a time in UTC such as 2026-11-23 14:01"),
        (utc_time, "2026-02-30 14:01", "use a time in UTC such as 2026-11-23 14:01"),
        (required_time, "", "needs a time in UTC such as 2026-11-23 14:01"),
        (link, "javascript:alert(1)", "use a web address, such as meet.google.com/abc-defg-hij"),
        (link, "https://a.example/" + "x" * 1983, "use a web address, such as meet.google.com/abc-defg-hij"),
        (customer_count, "some", 'digits only, with "approximately" before them if not certain'),
        (customer_count, "٣", 'digits only, with "approximately" before them if not certain'),
        (customer_count, "1000000000", 'digits only, with "approximately" before them if not certain'),
        (systems, " , ", "name at least one; a guess is enough"),
        (systems, ",".join(f"s{n}" for n in range(31)), "at most 30; this has 31"),
        (systems, "dns, " + "x" * 81, f"a name has at most 80 characters; {'x' * 20}… has 81"),
        (BOX, "4", "choose one of Box 0, Box 1, Box 2, Box 3"),
        (BOX, "Box 3", "choose one of Box 0, Box 1, Box 2, Box 3"),
        (choice(RiskLevel), "", "choose one of Low, Medium, High"),
        (flag, "", "choose yes or no"),
        (flag, "true", "choose yes or no"),
    ],
)
def test_what_cannot_be_read_is_refused(read, typed, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        read(typed)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (AT.astimezone(timezone(timedelta(hours=9))), "2026-11-23 14:01:00"),
        (AlarmLevel.BOX_2, "2"),
        (ExternalImpact.UNKNOWN, "unknown"),
        (7, "7"),
    ],
)
def test_an_editor_starts_from_a_text(value, text):
    assert as_text(value) == text


def test_a_select_may_begin_with_a_row_for_none():
    rows = (("0", "Box 0"), ("1", "Box 1"), ("2", "Box 2"), ("3", "Box 3"))
    assert options(AlarmLevel) == rows
    assert options(AlarmLevel, "Not set") == (("", "Not set"), *rows)
