"""CSV files of past incidents and of systems: what each line says, and what is wrong where.

Pure: what is in the database is asked elsewhere (`operations/imports.py`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from majorops.domain.enums import Severity
from majorops.domain.parsing import flag, optional_line, required, systems
from majorops.domain.text import clean_line, clean_text

MOST = 10_000  # lines of a file
LONGEST_TEXT = 10_000  # characters
OFFSET = re.compile(r"\s+([+-]\d\d:?\d\d)$")
NAMED_ZONE = re.compile(r"\s+([A-Za-z]+(?:/[A-Za-z0-9_+-]+)+)$")
TOO_MANY = 500  # problems after which a file is not read on

Row = TypeVar("Row")


@dataclass(frozen=True)
class Problem:
    """What is wrong where: line of the file, from 1; name of the column, empty for the whole line."""

    line: int
    column: str
    text: str


@dataclass(frozen=True)
class PastIncident:
    """An incident that is over, as a line tells it; times in UTC. `reference`: what it was called before."""

    line: int
    reference: str | None
    title: str
    severity: Severity
    opened: datetime
    resolved: datetime
    systems: list[str]
    began: datetime | None
    opened_by: str | None
    mim: str | None
    description: str
    customer_impact: str
    public: bool
    drill: bool


@dataclass(frozen=True)
class CatalogueLine:
    """A system of the catalogue, as a line tells it; `owner` as it was typed. None: no column of the file."""

    line: int
    name: str
    description: str | None = None
    owner: str | None = None
    group: str | None = None
    public: bool | None = None

    @property
    def given(self) -> list[str]:
        """The columns that the file has."""
        return [name for name in SYSTEMS if getattr(self, name) is not None]


INCIDENTS = tuple(name for name in PastIncident.__dataclass_fields__ if name != "line")
SYSTEMS = tuple(name for name in CatalogueLine.__dataclass_fields__ if name != "line")
NEEDED = {INCIDENTS: ("title", "severity", "opened", "resolved", "systems"), SYSTEMS: ("name",)}
EXAMPLES = {
    INCIDENTS: (
        "CHG-4711",
        "Checkout slow",
        "high",
        "2024-03-01 14:00 +01:00",
        "2024-03-01T15:30Z",
        "checkout-web, payments-api",
        "",
        "",
        "",
        "",
        "",
        "no",
        "no",
    ),
    SYSTEMS: ("payments-api", "Takes cards", "", "Money", "no"),
}


def template(columns: tuple[str, ...]) -> str:
    """A file with the head and one line to write over."""
    kept = io.StringIO()
    csv.writer(kept).writerows([columns, EXAMPLES[columns]])
    return kept.getvalue()


def zoned_time(typed: str, zone: ZoneInfo) -> datetime:
    """A time in UTC, for one with an offset (`+01:00`, `Z`), a zone (`Europe/Berlin`), or in `zone`.

    Raises ValueError with the rest of a sentence, also where the clocks of a zone show a time twice or never.
    """
    text = clean_line(typed)
    text = OFFSET.sub(r"\1", re.sub(r"\s*(UTC|Z)$", "Z", text))
    if named := NAMED_ZONE.search(text):
        text = text[: named.start()]
        try:
            zone = ZoneInfo(named[1])
        except (KeyError, ValueError, OSError):
            raise ValueError(f"there is no time zone {named[1]}") from None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) < 14:
        raise ValueError("use a time such as 2024-03-01 14:00, with +01:00, Z or Europe/Berlin after it")
    try:
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
            if found.utcoffset() != found.replace(fold=1).utcoffset():
                raise ValueError(f"the clocks of {zone.key} show this time twice or never: add the offset")
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


def read_incidents(text: str, zone: ZoneInfo, now: datetime) -> tuple[list[PastIncident], list[Problem]]:
    """The lines of a file of past incidents, and what is wrong in it. `zone`: of times that name none."""

    def past(typed: str) -> datetime:
        if (at := zoned_time(typed, zone)) > now:
            raise ValueError("has not come yet")
        return at

    reads: dict[str, Callable[[str], Any]] = {
        "reference": _short(optional_line, 120),
        "title": _short(required(clean_line), 200),
        "severity": _severity,
        "opened": past,
        "resolved": past,
        "systems": lambda typed: systems(typed.replace(";", ",")),
        "began": lambda typed: past(typed) if typed.strip() else None,
        "opened_by": _short(optional_line, 120),
        "mim": _short(optional_line, 120),
        "description": _short(clean_text, LONGEST_TEXT),
        "customer_impact": _short(clean_text, LONGEST_TEXT),
        "public": _flag,
        "drill": _flag,
    }
    rows, problems = _read(text, INCIDENTS, reads, PastIncident)
    seen: dict[str, int] = {}
    for row in rows:
        if row.resolved < row.opened:
            problems.append(Problem(row.line, "resolved", "is before opened"))
        if row.began and row.began > row.opened:
            problems.append(Problem(row.line, "began", "is after opened"))
        if row.reference and (line := seen.setdefault(row.reference, row.line)) != row.line:
            problems.append(Problem(row.line, "reference", f"stands in line {line} already"))
    return rows, sorted(problems, key=lambda one: one.line)


def read_systems(text: str) -> tuple[list[CatalogueLine], list[Problem]]:
    """The lines of a file of systems, and what is wrong in it.

    An empty cell says that nothing is there; a column that the file lacks says nothing (None).
    """
    reads: dict[str, Callable[[str], Any]] = {
        "name": _system_name,
        "description": _short(clean_line, 300),
        "owner": clean_line,
        "group": _short(clean_line, 80),
        "public": _flag,
    }
    rows, problems = _read(text, SYSTEMS, reads, CatalogueLine, only_given=True)
    seen: dict[str, int] = {}
    for row in rows:
        if (line := seen.setdefault(row.name, row.line)) != row.line:
            problems.append(Problem(row.line, "name", f"stands in line {line} already"))
    return rows, sorted(problems, key=lambda one: one.line)


def _read(
    text: str,
    columns: tuple[str, ...],
    reads: dict[str, Callable[[str], Any]],
    make: Callable[..., Row],
    only_given: bool = False,
) -> tuple[list[Row], list[Problem]]:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    rows: list[Row] = []
    problems: list[Problem] = []
    head: list[str] = []
    begins = 1
    try:
        for cells in lines:
            line, begins = begins, lines.line_num + 1
            if not head:
                head = [clean_line(cell).lower() for cell in cells]
                problems = _wrong_in_head(head, columns)
                columns = tuple(name for name in columns if name in head or not only_given)
            elif any(cell.strip() for cell in cells):
                given, wrong = _values(line, head, cells, columns, reads)
                problems += wrong
                rows += [] if wrong else [make(line=line, **given)]
            if len(rows) > MOST:
                problems.append(Problem(line, "", f"at most {MOST:,} lines in one file"))
            if (problems and not rows and line == 1) or len(problems) > TOO_MANY or len(rows) > MOST:
                break
    except csv.Error as error:
        problems.append(Problem(begins, "", f"is no line of a CSV file: {error}"))
    if not rows and not problems:
        problems.append(Problem(1, "", "there is no line below the head"))
    return rows, problems


def _wrong_in_head(head: list[str], columns: tuple[str, ...]) -> list[Problem]:
    wrong = [Problem(1, name[:60], "is no column of the template") for name in head if name not in columns]
    wrong += [Problem(1, name, "stands there twice") for name in columns if head.count(name) > 1]
    return wrong + [Problem(1, name, "is missing") for name in NEEDED[columns] if name not in head]


def _values(
    line: int,
    head: list[str],
    cells: list[str],
    columns: tuple[str, ...],
    reads: dict[str, Callable[[str], Any]],
) -> tuple[dict[str, Any], list[Problem]]:
    if len(cells) > len(head):
        return {}, [Problem(line, "", f"has {len(cells)} cells, the head has {len(head)}")]
    typed = dict.fromkeys(columns, "") | dict(zip(head, cells, strict=False))
    given: dict[str, Any] = {}
    wrong = []
    for name in columns:
        try:
            given[name] = reads[name](typed[name])
        except ValueError as error:
            wrong.append(Problem(line, name, str(error)))
    return given, wrong


def _short(read: Callable[[str], Any], most: int) -> Callable[[str], Any]:
    def check(typed: str) -> Any:
        value = read(typed)
        if value and len(value) > most:
            raise ValueError(f"at most {most:,} characters; this has {len(value):,}")
        return value

    return check


def _severity(typed: str) -> Severity:
    try:
        return Severity(clean_line(typed).lower())
    except ValueError:
        raise ValueError("choose one of " + ", ".join(one.value for one in Severity)) from None


def _flag(typed: str) -> bool:
    return flag(clean_line(typed).lower() or "no")


def _system_name(typed: str) -> str:
    name = clean_line(typed).lower()
    if not name or len(name) > 80 or "," in name:
        raise ValueError("a name has 1 to 80 characters and no comma")
    return name
