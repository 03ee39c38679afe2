"""CSV files: what each line says, and what is wrong at which line and column."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from majorops.domain.importing import (
    INCIDENTS,
    MOST,
    SYSTEMS,
    Problem,
    read_incidents,
    read_systems,
    template,
    zoned_time,
)

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
HEAD = "title,severity,opened,resolved,systems"


def read(text: str):
    return read_incidents(text, UTC_ZONE, NOW)


@pytest.mark.parametrize(
    ("typed", "zone", "hour"),
    [
        ("2024-03-01 14:00", "UTC", 14),
        ("2024-03-01 14:00", "Europe/Berlin", 13),
        ("2024-07-01 14:00", "Europe/Berlin", 12),
        ("2024-03-01 14:00 +01:00", "America/New_York", 13),
        ("2024-03-01T14:00:30-0500", "UTC", 19),
        ("2024-03-01T14:00Z", "Europe/Berlin", 14),
        ("2024-03-01 14:00 UTC", "Europe/Berlin", 14),
        ("2024-03-01 14:00 Asia/Tokyo", "Europe/Berlin", 5),
    ],
)
def test_times_have_zones(typed, zone, hour):
    found = zoned_time(typed, ZoneInfo(zone))
    assert (found.hour, found.tzinfo) == (hour, UTC)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2024-03-01", "use a time"),
        ("yesterday", "use a time"),
        ("", "use a time"),
        ("2024-03-01 14:00 Mars/Base", "no time zone Mars/Base"),
        ("2024-10-27 02:30", "twice or never"),
        ("2024-03-31 02:30", "twice or never"),
        ("0001-01-01 00:30 +02:00", "beyond the calendar"),
    ],
)
def test_what_is_no_time_is_said(typed, said):
    with pytest.raises(ValueError, match=said):
        zoned_time(typed, ZoneInfo("Europe/Berlin"))


def test_the_templates_can_be_imported():
    rows, problems = read(template(INCIDENTS))
    assert problems == []
    assert (rows[0].line, rows[0].systems, rows[0].opened.hour) == (2, ["checkout-web", "payments-api"], 13)
    rows, problems = read_systems(template(SYSTEMS))
    assert problems == []
    assert (rows[0].name, rows[0].group, rows[0].public) == ("payments-api", "Money", False)


def test_errors_stand_at_their_line_and_column():
    text = (
        f"{HEAD},description,reference\r\n"
        'one,HIGH,2024-03-01 14:00,2024-03-01 15:00,a;b,"two\r\nlines",X-1\r\n'
        "\r\n"
        ",urgent,soon,2024-03-01 15:00,,,X-2\r\n"
        "late,low,2024-03-01 14:00,2024-03-01 13:00,a,,X-1\r\n"
        "ahead,low,2027-03-01 14:00,2027-03-01 15:00,a\r\n"
        "many,low,2024-03-01 14:00,2024-03-01 15:00,a,,X-9,more\r\n"
    )
    rows, problems = read(text)
    assert rows[0].description == "two\nlines"
    assert rows[0].systems == ["a", "b"]
    assert [(one.line, one.column) for one in problems] == [
        (5, "title"),
        (5, "severity"),
        (5, "opened"),
        (5, "systems"),
        (6, "resolved"),
        (6, "reference"),
        (7, "opened"),
        (7, "resolved"),
        (8, ""),
    ]
    assert "stands in line 2 already" in {one.text for one in problems}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem(1, "", "there is no line below the head")),
        (HEAD, Problem(1, "", "there is no line below the head")),
        (f"{HEAD},owner\n", Problem(1, "owner", "is no column of the template")),
        (f"{HEAD},title\n", Problem(1, "title", "stands there twice")),
        ("title,severity,opened,resolved\nx\n", Problem(1, "systems", "is missing")),
    ],
)
def test_what_no_line_can_be_read_from(text, problem):
    assert read(text)[1][0] == problem


def test_other_ways_to_write_the_same():
    text = "\ufeffTitle;Severity;Opened;Resolved;Systems\rone;low;2024-03-01 14:00;2024-03-01 15:00;a,b\r"
    rows, problems = read(text)
    assert problems == []
    assert rows[0].systems == ["a", "b"]


def test_a_file_is_not_endless():
    lines = f"{HEAD}\n" + "x,low,2024-03-01 14:00,2024-03-01 15:00,a\n" * (MOST + 1)
    assert read(lines)[1][0].text == "at most 10,000 lines in one file"
    assert len(read(f"{HEAD}\n" + "x\n" * 5_000)[1]) < 1_000
    assert "is no line of a CSV file" in read(f"{HEAD}\n{'x' * 200_000}\n")[1][0].text


def test_names_of_systems():
    _, problems = read_systems('name,public\ncdn,maybe\nCDN,yes\n"a,b",no\ncdn,no\n')
    assert [(one.line, one.column) for one in problems] == [(2, "public"), (4, "name"), (5, "name")]
