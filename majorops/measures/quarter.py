"""A quarter on one page: the numbers of it beside those of the one before, and whether they differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import url_for

from majorops.domain.enums import Severity
from majorops.domain.measured import MEASURES, Kind
from majorops.domain.spread import Quantile
from majorops.measures.choice import Choice
from majorops.measures.panels import Number, Panel
from majorops.measures.report import Report
from majorops.projections.measures import Asked, counted, is_unmeasured, measured
from majorops.projections.systems import SystemUptime, uptimes

LED_BY = ("first_word", "cadence", "silence", "without_mim", "after_action", "actions")
RESPONSE = ("detect", "acknowledge", "mitigate", "resolve")
DRAWN = ("first_word", "resolve")
LONGEST = 5


@dataclass(frozen=True)
class Quarter:
    """`2026-Q4`: its first day and its last."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """As addresses have it."""
        return f"{self.year}-Q{self.number}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.moved(1).first - timedelta(days=1)

    def moved(self, by: int) -> Quarter:
        """The one so many after it."""
        place = self.year * 4 + self.number - 1 + by
        return Quarter(place // 4, place % 4 + 1)


def quarter_of(typed: str, today: date) -> Quarter:
    """The quarter that an address names, the present one for none and for what is none or lies ahead."""
    present = Quarter(today.year, (today.month + 2) // 3)
    found = re.fullmatch(r"(\d{4})-Q([1-4])", typed, re.ASCII)
    named = Quarter(int(found[1]), int(found[2])) if found and int(found[1]) >= 1990 else present
    return named if named.first <= today else present


class BriefPanel(Panel):
    """A measure whose dots lead to the executive briefs: who reads /exec may not read firegrounds."""

    def link(self, incident: int) -> str:
        """The incident's executive brief."""
        return url_for("brief.executive", number=incident)

    def narrowed(self, low: float, high: float) -> str:
        """No list of its own."""
        return ""


@dataclass(frozen=True)
class Row:
    """A measure in this quarter and in the one before, and what the numbers say of the difference."""

    panel: Panel
    before: Panel
    difference: str


@dataclass(frozen=True)
class Page:
    """All that /exec shows of a quarter."""

    quarter: Quarter
    until: date
    counts: dict[Severity, int]
    counts_before: dict[Severity, int]
    groups: tuple[tuple[str, list[Row]], ...]
    drawn: list[Panel]
    longest: list[tuple[int, str]]
    months: list[date]
    systems: list[SystemUptime]
    is_unmeasured: bool

    @property
    def is_running(self) -> bool:
        """The quarter is not over."""
        return self.until < self.quarter.last


def page_of(quarter: Quarter, now: datetime) -> Page:
    """The page of a quarter; incidents alone, neither drills nor private ones."""
    until = min(quarter.last, now.date())
    earlier = quarter.moved(-1)
    asked, asked_before = Asked(quarter.first, until), Asked(earlier.first, earlier.last)
    found, before = measured(asked, now), measured(asked_before, now)
    choice = Choice(asked, {}, {})

    def row(name: str) -> Row:
        panel = BriefPanel(Report(MEASURES[name], found), choice)
        other = BriefPanel(Report(MEASURES[name], before), choice)
        return Row(panel, other, difference(panel.report, other.report))

    groups = (
        ("What command controls", list(map(row, LED_BY))),
        ("Detection to resolution", list(map(row, RESPONSE))),
    )
    panels = {one.panel.measure.name: one.panel for _, rows in groups for one in rows}
    resolve = panels["resolve"]
    points = sorted(resolve.report.points(), key=lambda point: -point.value)[:LONGEST]
    months, systems = uptimes(quarter.first, until, now)
    return Page(
        quarter,
        until,
        counted(asked),
        counted(asked_before),
        groups,
        [panels[name] for name in DRAWN],
        [(point.incident, resolve.said(point.value, is_open=point.is_open)) for point in points],
        months,
        systems,
        is_unmeasured(asked_before) or is_unmeasured(asked),
    )


def numbers(panel: Panel) -> list[Number]:
    """What a row says of one quarter: the median, or the share."""
    return panel.numbers[:1]


def difference(now: Report, before: Report) -> str:
    """What two quarters say of the difference: none is shown while the intervals overlap."""
    if now.measure.kind is Kind.SHARE:
        if now.share is None or before.share is None:
            return "too few to say"
        pairs = (now.share.low, now.share.high), (before.share.low, before.share.high)
        words = ("higher", "lower")
    else:
        pairs = _ends(now.median), _ends(before.median)
        words = ("longer", "shorter")
        if now.median is None or before.median is None:
            return "too few to say"
    (low, high), (low_before, high_before) = pairs
    if low > high_before:
        return words[0]
    return words[1] if high < low_before else "no difference shown"


def _ends(found: Quantile | None) -> tuple[float, float]:
    if found is None:
        return 0, float("inf")
    return found.low or 0, float("inf") if found.high is None else found.high
