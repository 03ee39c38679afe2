"""What stands of one measure on a page: its numbers in words, its chart, the same as a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import url_for

from majorops.domain.measured import Group, Kind
from majorops.domain.spread import RULES, TOO_FEW, Quantile
from majorops.domain.text import reference
from majorops.measures.charts import (
    LARGE,
    SMALL,
    STRIP,
    Axis,
    Bin,
    Chart,
    Size,
    behaviour_chart,
    bins,
    dots,
    spoken,
)
from majorops.measures.choice import Choice
from majorops.measures.report import Point, Report

ROWS = 30  # incidents that a table beside a small chart names; above that it has the columns
COLUMNS = 20


@dataclass(frozen=True)
class Number:
    """A number with its name and its interval, in words."""

    name: str
    value: str
    interval: str


class Panel:
    """One measure as a page shows it. `choice`: which incidents; `size`: of its chart."""

    def __init__(self, report: Report, choice: Choice, size: Size | None = None):
        self.report, self.measure, self.choice = report, report.measure, choice
        self.size = size or (STRIP if report.measure.group is Group.PHASES else SMALL)

    @property
    def n(self) -> str:
        """`n = 30, 2 of them at least`."""
        running = self.report.values.open_count
        return f"n = {self.report.n:,}" + (f", {running:,} of them at least" if running else "")

    @property
    def numbers(self) -> list[Number]:
        """What is said of all its incidents together; nothing below ten."""
        report = self.report
        if self.measure.kind is Kind.SHARE:
            if report.share is None:
                return []
            part, whole = report.counts
            between = f"{report.share.low:.0f} to {report.share.high:.0f} %, {part:,} of {whole:,}"
            return [Number("Share", f"{report.share.per_cent:.0f} %", between)]
        if self.measure.kind is Kind.COUNT:
            part, whole = report.counts
            none = report.values.between(0, 1) + report.values.between(0, 1, is_open=True)
            return (
                [Number("All together", f"{part:,}", f"{none:,} of {whole:,} without any")] if whole else []
            )
        found = (("Median", report.median), ("90th percentile", report.ninetieth))
        return [_number(name, quantile) for name, quantile in found if quantile]

    @property
    def silent(self) -> str:
        """Why no number is said; empty where one is."""
        if self.numbers:
            return ""
        if self.report.n == 0:
            return "0 incidents have this measure."
        whole = self.report.counts[1] if self.measure.kind is Kind.SHARE else self.report.n
        return f"{whole} of {TOO_FEW}: too few for a number. Each stands for itself."

    @property
    def target(self) -> str:
        """How many met the target, where one severity is chosen that has one."""
        if (met := self.report.met(self.choice.asked.severity)) is None:
            return ""
        return f"Target {met[0]} min met by {met[1]:,} of {met[2]:,} that ended."

    @property
    def signal(self) -> str:
        """What process behaviour says, in a sentence; empty for what is no duration."""
        if self.measure.kind is not Kind.DURATION:
            return ""
        found = self.report.behaviour
        if found is None:
            if len(self.report.behaving) >= TOO_FEW:
                return "Process behaviour: many are zero, which has no logarithm, so no limits."
            return f"Process behaviour: fewer than {TOO_FEW} ended, so no limits."
        if not found.rules:
            return f"Process behaviour: no signal in the newest {len(found.values)}."
        fired = "; ".join(f"rule {rule}, {RULES[rule]}, {self._where(rule)}" for rule in found.rules)
        return f"Process behaviour: signal. {fired[0].upper()}{fired[1:]}."

    def _where(self, rule: int) -> str:
        behaving = self.report.behaving
        signals = self.report.behaviour.signals if self.report.behaviour else {}
        places = [place for place, fired in signals.items() if fired == rule]
        named = ", ".join(reference(behaving[place]) for place in places[:3])
        return named + (f" and {len(places) - 3} more" if len(places) > 3 else "")

    def link(self, incident: int) -> str:
        """Where a dot leads."""
        return f"/admin/incidents/{incident}"

    def narrowed(self, low: float, high: float) -> str:
        """Where the list of the incidents between two values is."""
        end = "" if high == float("inf") else f"&high={high:.6g}"
        return f"{self._own}&low={low:.6g}{end}"

    @cached_property
    def _own(self) -> str:
        return self.address()

    def address(self, **more: str) -> str:
        """The measure's own page with the same incidents."""
        given: dict[str, Any] = {"measure": self.measure.name, **self.choice.address}
        return url_for("measures.one", **given | {name: value for name, value in more.items() if value})

    @cached_property
    def chart(self) -> Chart:
        """Its dots."""
        severity = self.choice.asked.severity
        minutes = self.measure.targets.get(severity) if severity else None
        target = minutes * 60 if minutes else None
        return dots(self.report, self.size, self.link, self.narrowed, target)

    @property
    def behaviour(self) -> str:
        """The chart of process behaviour, or nothing where there is none."""
        found = self.report.behaviour
        return behaviour_chart(found, self.report.behaving, self.link) if found else ""

    @property
    def limits(self) -> str:
        """Centre and limits of process behaviour in words; empty where there are none."""
        found = self.report.behaviour
        if not found:
            return ""
        return f"Centre {spoken(found.centre)}, limits {spoken(found.low)} and {spoken(found.high)}."

    @property
    def listed(self) -> list[Point]:
        """Its incidents, the highest first, where they are few; else none."""
        if self.report.n > ROWS:
            return []
        return sorted(self.report.points(), key=lambda point: -point.value)

    @property
    def columns(self) -> list[Bin]:
        """Its incidents by value, where they are many; else none."""
        if self.report.n <= ROWS:
            return []
        values = self.report.values
        return bins(self.report, Axis(self.measure.kind, values.least, values.most), COLUMNS)

    def said(self, value: float, *, is_open: bool = False) -> str:
        """A value as people read it."""
        return said(self.measure.kind, value, is_open=is_open)


def said(kind: Kind, value: float, *, is_open: bool = False) -> str:
    """A value of this kind as people read it: `44 min`, `80 %`, `2`, `at least 12 min`."""
    shown = {
        Kind.DURATION: spoken,
        Kind.SHARE: lambda one: f"{one:.0f} %",
        Kind.COUNT: lambda one: f"{one:.0f}",
    }
    if value == float("inf"):
        return "and more"
    return ("at least " if is_open else "") + shown[kind](value)


def _number(name: str, found: Quantile) -> Number:
    value = spoken(found.value) if found.value is not None else "not reached"
    low = spoken(found.low) if found.low is not None else ""
    high = spoken(found.high) if found.high is not None else ""
    if low and high:
        between = f"{low} to {high}"
    else:
        between = f"at least {low}" if low else f"at most {high}" if high else "anything"
    return Number(name, value, between)


def large(report: Report, choice: Choice) -> Panel:
    """A measure on its own page."""
    return Panel(report, choice, LARGE)
