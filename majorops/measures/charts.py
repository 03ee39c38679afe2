"""The charts as SVG: dots on an axis, and process behaviour.

Positions along the axis are per cent of the width, so that letters and dots keep their size on any screen.
What
a chart shows stands beside it as a table; links in it are for pointers, those of the table for keys.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import log, log10

from markupsafe import Markup, escape

from majorops.domain.measured import Kind
from majorops.domain.measures import words
from majorops.domain.spread import Behaviour, Quantile
from majorops.domain.text import reference
from majorops.measures.report import Point, Report

MINUTE, HOUR, DAY = 60, 3600, 86400
TICKS = {
    1: "1 s",
    10: "10 s",
    MINUTE: "1 min",
    10 * MINUTE: "10 min",
    HOUR: "1 h",
    10 * HOUR: "10 h",
    4 * DAY: "4 d",
    40 * DAY: "40 d",
    400 * DAY: "400 d",
    4000 * DAY: "4000 d",
    2**31: "",
}
LEFT, RIGHT, ZERO = 2.0, 98.0, 8.0  # per cent: the ends of the axis; where it begins beside a lane for zero
HEAD, FOOT = 30, 44  # pixels above the dots, for the quantiles' names, and below, for intervals and ticks
LABEL = 12.0  # per cent: what a label of a line takes beside it on a phone
LARGEST, SMALLEST = 3.0, 1.2  # radius of a dot


def spoken(value: float) -> str:
    """Seconds as people say them: `35 s`, `2 min 05 s`, `44 min`, `1 h 05 min`."""
    if value < MINUTE:
        return f"{int(value)} s"
    if value < 10 * MINUTE:
        return f"{int(value) // MINUTE} min {int(value) % MINUTE:02d} s"
    return words(timedelta(seconds=int(value)))


@dataclass(frozen=True)
class Size:
    """Of a chart: how high its dots may stand, in how many columns, how many are drawn one by one."""

    height: int
    columns: int
    linked: int


SMALL = Size(78, 60, 300)
STRIP = Size(30, 60, 60)
LARGE = Size(300, 120, 3_000)


class Axis:
    """From a value to its place in per cent of the width, and back."""

    def __init__(self, kind: Kind, least: int, most: int):
        self.is_log = kind is Kind.DURATION
        self.has_zero = self.is_log and least == 0
        self._suffix = " %" if kind is Kind.SHARE else ""
        if self.is_log:
            marks = list(TICKS)
            first = max(place for place, mark in enumerate(marks) if mark <= max(least, 1))
            last = min(place for place, mark in enumerate(marks) if mark > most)
            self.ticks = marks[first : max(last, first + 1) + 1]
        elif kind is Kind.SHARE:
            self.ticks = [0, 25, 50, 75, 100]
        else:
            step = max(1, -(-most // 5))
            self.ticks = list(range(0, step * 6, step))
        self.start = ZERO if self.has_zero else LEFT

    def _at(self, value: float) -> float:
        return log10(max(value, 1e-9)) if self.is_log else value

    def place(self, value: float) -> float:
        """In per cent of the width; zero has a lane of its own on a logarithmic axis."""
        if self.has_zero and value < 1:
            return LEFT + 1
        first, last = self._at(self.ticks[0]), self._at(self.ticks[-1])
        share = (self._at(value) - first) / (last - first)
        return self.start + min(max(share, 0.0), 1.0) * (RIGHT - self.start)

    def value(self, place: float) -> float:
        """The value at a place on the axis."""
        first, last = self._at(self.ticks[0]), self._at(self.ticks[-1])
        at = first + (place - self.start) / (RIGHT - self.start) * (last - first)
        return 10**at if self.is_log else at

    def label(self, tick: int) -> str:
        """What stands at a tick."""
        return TICKS[tick] if self.is_log else f"{tick}{self._suffix}"


@dataclass(frozen=True)
class Bin:
    """A column of dots: the values from `low` to below `high`, at `place`."""

    place: float
    low: float
    high: float
    ended: int
    running: int


def bins(report: Report, axis: Axis, columns: int) -> list[Bin]:
    """The columns that hold anything, from the left."""
    values, found = report.values, []
    wide = (RIGHT - axis.start) / columns
    edges = [axis.value(axis.start + wide * place) for place in range(columns + 1)]
    lanes = [(axis.start + wide * (n + 0.5), edges[n], edges[n + 1]) for n in range(columns)]
    lanes[-1] = (lanes[-1][0], lanes[-1][1], float("inf"))
    if axis.has_zero:
        lanes.insert(0, (LEFT + 1, 0, 1))
    for place, low, high in lanes:
        ended, running = values.between(low, high), values.between(low, high, is_open=True)
        if ended or running:
            found.append(Bin(place, low, high, ended, running))
    return found


@dataclass(frozen=True)
class Chart:
    """A drawing, and what it does not say by itself: how many incidents one dot stands for."""

    svg: Markup
    each: int


def dots(
    report: Report,
    size: Size,
    link: Callable[[int], str],
    narrowed: Callable[[float, float], str],
    target: int | None = None,
) -> Chart:
    """Every incident a dot, in columns along the axis; hollow where the value may still grow.

    Up to `size.linked` incidents each dot is a link of its own (`link`), above that each column leads to the
    list of its incidents (`narrowed`), and one dot may stand for several. `target`: in seconds.
    """
    values = report.values
    axis = Axis(report.measure.kind, values.least if report.n else 60, values.most if report.n else HOUR)
    columns = bins(report, axis, size.columns)
    highest = max((one.ended + one.running for one in columns), default=1)
    height = min(size.height, max(int(highest * 2.2 * LARGEST), STRIP.height))
    base = HEAD + height
    parts = [_axis(axis, base)]
    if target is not None and axis.ticks[0] <= target <= axis.ticks[-1]:
        at = axis.place(target)
        parts.append(_mark(at, base, "target", "target", 0, is_left=at > 50))
    each = 1
    if report.n <= size.linked:
        step = min(2 * LARGEST + 0.5, height / highest)
        parts.append(_single(report.points(), columns, base, step, link))
    else:
        each = max(1, -(-highest // int(height / (2 * SMALLEST + 0.6))))
        step = min(2 * LARGEST + 0.5, height / -(-highest // each))
        parts += [_column(one, base, step, each, narrowed(one.low, one.high)) for one in columns]
    parts += _quantiles(report.median, report.ninetieth, axis, base)
    frame = f'<svg class="chart" width="100%" height="{base + FOOT}" aria-hidden="true" focusable="false">'
    return Chart(Markup(frame) + Markup("").join(parts) + Markup("</svg>"), each)  # noqa: S704


def _axis(axis: Axis, base: int) -> Markup:
    parts = [f'<line class="chart__base" x1="{LEFT}%" x2="{RIGHT}%" y1="{base}" y2="{base}"/>']
    for tick in axis.ticks:
        at = axis.place(tick) if tick or not axis.is_log else LEFT
        end = "end" if at > 94 else "start" if at < 4 else "middle"
        parts.append(
            f'<line class="chart__grid" x1="{at:.2f}%" x2="{at:.2f}%" y1="{HEAD}" y2="{base + 4}"/>'
            f'<text x="{at:.2f}%" y="{base + 38}" text-anchor="{end}">{axis.label(tick)}</text>'
        )
    if axis.has_zero:
        parts.append(f'<text x="{LEFT + 1}%" y="{base + 38}" text-anchor="middle">0</text>')
    return Markup("".join(parts))  # noqa: S704 (numbers, and words of ours)


def _circle(place: float, y: float, radius: float, is_open: bool) -> str:
    kind = "chart__open" if is_open else "chart__dot"
    return f'<circle class="{kind}" cx="{place:.2f}%" cy="{y:.1f}" r="{radius:.1f}"/>'


def _single(
    points: Iterable[Point], columns: Sequence[Bin], base: int, step: float, link: Callable[[int], str]
) -> Markup:
    stacked: dict[float, int] = defaultdict(int)
    radius, parts = max(min(LARGEST, step * 0.46), 0.6), []
    lows = [one.low for one in columns]
    for point in sorted(points, key=lambda one: one.is_open):
        column = columns[max(bisect_right(lows, point.value + 1e-6) - 1, 0)]
        y = base - (stacked[column.place] + 0.5) * step - 1
        stacked[column.place] += 1
        parts.append(
            f'<a href="{escape(link(point.incident))}" tabindex="-1">'
            f"<title>{reference(point.incident)}</title>"
            f"{_circle(column.place, y, radius, point.is_open)}</a>"
        )
    return Markup("".join(parts))  # noqa: S704


def _column(one: Bin, base: int, step: float, each: int, address: str) -> Markup:
    """A column of dots as one dotted line: a thousand circles would be a thousand elements."""
    many, running = -(-one.ended // each), -(-one.running // each)
    radius = max(min(LARGEST, step * 0.46), 0.6)
    x, foot = f"{one.place:.2f}%", base - 0.5 * step - 1
    drawn = ""
    if many:
        top = foot - (many - 1) * step - 0.01
        drawn = (
            f'<line class="chart__dots" x1="{x}" x2="{x}" y1="{foot:.1f}" y2="{top:.2f}"'
            f' stroke-width="{2 * radius:.1f}" stroke-dasharray="0 {step:.2f}"/>'
        )
    drawn += "".join(_circle(one.place, foot - (many + n) * step, radius, True) for n in range(running))
    title = f"{one.ended + one.running:,}"
    if not address:
        return Markup(drawn)  # noqa: S704
    link = f'<a href="{escape(address)}" tabindex="-1"><title>{title}</title>{drawn}</a>'
    return Markup(link)  # noqa: S704


def _quantiles(median: Quantile | None, ninetieth: Quantile | None, axis: Axis, base: int) -> list[Markup]:
    parts, before = [], -100.0
    for quantile, name, label, line in ((median, "median", "median", 0), (ninetieth, "most", "90 %", 1)):
        if quantile is None:
            continue
        low = axis.place(quantile.low) if quantile.low is not None else LEFT
        high = axis.place(quantile.high) if quantile.high is not None else RIGHT
        y = base + 9 + 8 * line
        ends = f'x1="{low:.2f}%" x2="{high:.2f}%" y1="{y}" y2="{y}"'
        band = f'<line class="chart__band chart__band--{name}" {ends}/>'
        if quantile.high is None:
            band += f'<text x="{RIGHT}%" y="{y + 4}" text-anchor="end">›</text>'
        parts.append(Markup(band))  # noqa: S704
        if quantile.value is not None:
            at = axis.place(quantile.value)
            is_left = at > 50 and (at - before > LABEL or at > RIGHT - LABEL)
            parts.append(_mark(at, base, name, label, line, is_left=is_left))
            before = at
    return parts


def _mark(at: float, base: int, name: str, label: str, line: int, *, is_left: bool = False) -> Markup:
    end, space = ("end", -5) if is_left else ("start", 5)
    return Markup(  # noqa: S704
        f'<line class="chart__mark chart__mark--{name}" x1="{at:.2f}%" x2="{at:.2f}%" y1="{4 + 13 * line}"'
        f' y2="{base + 9 + 8 * line}"/>'
        f'<text class="chart__name" x="{at:.2f}%" dx="{space}" y="{13 + 13 * line}"'
        f' text-anchor="{end}">{label}</text>'
    )


def behaviour_chart(found: Behaviour, incidents: Sequence[int], link: Callable[[int], str]) -> Markup:
    """Process behaviour: the newest values in turn on a logarithmic axis, centre, limits, and signals.

    A value that fired a rule is a square with the rule's number.
    """
    height, top = 220, 16
    lowest = log(max(min(*found.values, found.low), 1)) - 0.2
    highest = log(max(*found.values, found.high, 2)) + 0.2

    def y(value: float) -> float:
        return top + (highest - log(max(value, 1))) / (highest - lowest) * height

    def x(place: int) -> float:
        return LEFT + (place + 0.5) / len(found.values) * (RIGHT - 14 - LEFT)

    parts = []
    for name, value in (("upper limit", found.high), ("centre", found.centre), ("lower limit", found.low)):
        kind = "centre" if name == "centre" else "limit"
        parts.append(
            f'<line class="chart__{kind}" x1="{LEFT}%" x2="{RIGHT - 14}%"'
            f' y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text x="{RIGHT - 13}%" y="{y(value) + 4:.1f}">{spoken(value)}</text>'
        )
    line = " ".join(f"{x(n):.2f},{y(value):.1f}" for n, value in enumerate(found.values))
    parts.append(
        f'<svg x="0" y="0" width="100%" height="{height + 2 * top}" preserveAspectRatio="none"'
        f' viewBox="0 0 100 {height + 2 * top}"><polyline class="chart__line" points="{line}"/></svg>'
    )
    for place, (value, incident) in enumerate(zip(found.values, incidents, strict=True)):
        parts.append(f'<a href="{escape(link(incident))}" tabindex="-1"><title>{reference(incident)}</title>')
        if rule := found.signals.get(place):
            parts.append(
                f'<svg x="{x(place):.2f}%" y="{y(value):.1f}" overflow="visible">'
                f'<rect class="chart__signal" x="-5" y="-5" width="10" height="10"/>'
                f'<text class="chart__name" x="0" y="-9" text-anchor="middle">{rule}</text></svg></a>'
            )
        else:
            parts.append(f"{_circle(x(place), y(value), LARGEST, False)}</a>")
    frame = (
        f'<svg class="chart" width="100%" height="{height + 2 * top}" aria-hidden="true" focusable="false">'
    )
    return Markup(frame + "".join(parts) + "</svg>")  # noqa: S704
