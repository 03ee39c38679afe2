"""What one measure says of the incidents that were asked for: the same for the page, its files and /exec."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from majorops.domain.enums import Severity
from majorops.domain.measured import MEASURES, NONE, Group, Kind, Measure, is_at_least, seconds
from majorops.domain.spread import Behaviour, Quantile, Share, Values, behaviour, over, share_of
from majorops.projections.measures import Measured


@dataclass(frozen=True)
class Point:
    """One incident of a chart; `is_open`: its value may still grow."""

    incident: int
    value: int
    is_open: bool


class Report:
    """One measure of many incidents."""

    def __init__(self, measure: Measure, found: Measured):
        self.measure, self.incidents = measure, found.incidents
        self._numbers = found.of(measure.kept_as)
        self._of = found.of(measure.of) if measure.of else None

    @cached_property
    def shown(self) -> array[int]:
        """What its dots show, of each incident: seconds, times, or per cent; NONE for none."""
        if self.measure.kind is not Kind.SHARE:
            return self._numbers
        return array("i", (_per_cent(*pair) for pair in self._pairs()))

    def _pairs(self) -> Iterator[tuple[int, int]]:
        """Of a share, of each incident: how many of how many."""
        if self._of is None:
            return ((one, 1 if one != NONE else 0) for one in self._numbers)
        return zip(self._numbers, self._of, strict=True)

    @cached_property
    def _counted(self) -> Counter[tuple[int, int]]:
        return Counter(self._pairs())  # few pairs are different

    @cached_property
    def values(self) -> Values:
        """All of them, sorted."""
        if self.measure.kind is not Kind.SHARE:
            return Values(self._numbers)
        found: Counter[int] = Counter()
        for pair, times in self._counted.items():
            found[_per_cent(*pair)] += times
        return Values(found)

    @property
    def n(self) -> int:
        """How many incidents have a value, ended or not."""
        return self.values.n

    @cached_property
    def median(self) -> Quantile | None:
        """Of durations; None below ten, and for what is no duration."""
        return self.values.quantile(0.5) if self.measure.kind is Kind.DURATION else None

    @cached_property
    def ninetieth(self) -> Quantile | None:
        """The 90th percentile; None as of `median`."""
        return self.values.quantile(0.9) if self.measure.kind is Kind.DURATION else None

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Of a share: how many of how many; of a count: how often, and in how many incidents."""
        if self.measure.kind is Kind.SHARE:
            known = [(pair, times) for pair, times in self._counted.items() if pair[1] > 0]
            return sum(part * times for (part, _), times in known), sum(
                whole * times for (_, whole), times in known
            )
        return sum(value * times for value, times in (*self.values.over, *self.values.open)), self.n

    @cached_property
    def share(self) -> Share | None:
        """Of a share, over all its incidents together; None below ten."""
        return share_of(*self.counts) if self.measure.kind is Kind.SHARE else None

    @cached_property
    def _newest(self) -> tuple[list[int], list[int]]:
        return over(self._numbers)

    @cached_property
    def behaviour(self) -> Behaviour | None:
        """The process behaviour of the newest durations; None below ten, and for what is no duration."""
        return behaviour(self._newest[1]) if self.measure.kind is Kind.DURATION else None

    @property
    def behaving(self) -> list[int]:
        """The incidents of `behaviour`, in its order."""
        return [self.incidents[place] for place in self._newest[0]]

    def points(self) -> Iterator[Point]:
        """Its incidents, oldest first."""
        for incident, number in zip(self.incidents, self.shown, strict=True):
            if number != NONE:
                yield Point(incident, seconds(number), is_at_least(number))

    def ranked(self, low: float, high: float, page: int, size: int) -> tuple[list[Point], int]:
        """A page of these incidents, the highest value first, and how many pages there are."""
        found = [
            (value, place)
            for place, number in enumerate(self.shown)
            if number != NONE and low <= (value := seconds(number)) < high
        ]
        found.sort(reverse=True)
        shown = found[(page - 1) * size : page * size]
        points = [Point(self.incidents[at], value, is_at_least(self.shown[at])) for value, at in shown]
        return points, -(-len(found) // size)

    def met(self, severity: Severity | None) -> tuple[int, int, int] | None:
        """The target in minutes, how many met it, of how many that ended; None where there is no target."""
        target = self.measure.targets.get(severity) if severity else None
        ended = self.n - self.values.open_count
        return (target, self.values.up_to(target * 60), ended) if target and ended else None


def _per_cent(part: int, whole: int) -> int:
    return 100 * part // whole if whole > 0 else NONE


def reports(found: Measured, names: Iterable[str] = MEASURES) -> list[Report]:
    """One report a measure, in the order of the page."""
    return [Report(MEASURES[name], found) for name in names]


def grouped(found: list[Report]) -> list[tuple[Group, list[Report]]]:
    """By what decides them: what command controls first."""
    return [(group, [one for one in found if one.measure.group is group]) for group in Group]
