"""What many values of one measure say together, and no more than they say.

Durations of incidents are spread over decades, so that a mean says nothing of them (VOID; Davidovic,
*Incident Metrics in SRE*): the median and the 90th percentile stand with the number of values and an
interval, and neither is said below TOO_FEW. A value that has not ended counts as at least what it is now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from math import ceil, exp, lgamma, log, sqrt

from majorops.domain.measured import NONE, is_at_least, seconds

TOO_FEW = 10
CONFIDENCE = 0.95
Z = 1.959964  # of the normal distribution, for CONFIDENCE
EXACT_UP_TO = 2_000  # values; above that the normal distribution says the same to the rank


@dataclass(frozen=True)
class Quantile:
    """A quantile with its interval (CONFIDENCE, by order statistics, so for any distribution).

    `value` None: more than the values show, as they have not ended; so `high`. `low` None: less than any.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Share:
    """How many of how many, and the interval of the share in per cent (Wilson)."""

    part: int
    whole: int
    low: float
    high: float

    @property
    def per_cent(self) -> float:
        """Of the whole; 0 of none."""
        return 100 * self.part / self.whole if self.whole else 0.0


class _Ranked:
    """Values in their order, each with how many there are up to it."""

    def __init__(self, counted: Sequence[tuple[int, int]]):
        self._values = [value for value, _ in counted]
        self._ranks = list(accumulate(times for _, times in counted))

    def below(self, value: float) -> int:
        place = bisect_left(self._values, value)
        return self._ranks[place - 1] if place else 0

    def first(self, is_reached: Callable[[int], bool]) -> int | None:
        """The lowest value for which this holds, as it does for all above; None where it holds for none."""
        place = bisect_left(self._values, True, key=is_reached)
        return self._values[place] if place < len(self._values) else None


class Values:
    """The values of one measure, sorted once: `n` of them, `open_count` of which may still grow.

    `numbers`: as they are kept, or each with how often it is there.
    """

    def __init__(self, numbers: Iterable[int] | Mapping[int, int]):
        counted = Counter(numbers)  # in C: sorting every one of 40,000 takes twice as long
        counted.pop(NONE, None)
        over = {number: times for number, times in counted.items() if number >= 0}
        self.over = sorted(over.items())
        self.open = sorted((seconds(number), times) for number, times in counted.items() if number < 0)
        self.open_count = sum(times for _, times in self.open)
        self.n = sum(over.values()) + self.open_count
        self._over, self._open = _Ranked(self.over), _Ranked(self.open)

    @property
    def least(self) -> int:
        """The lowest value, open or not. ValueError for no values."""
        return min([value for value, _ in (*self.over[:1], *self.open[:1])])

    @property
    def most(self) -> int:
        """The highest value, open or not. ValueError for no values."""
        return max([value for value, _ in (*self.over[-1:], *self.open[-1:])])

    def up_to(self, value: int) -> int:
        """How many ended at `value` or below."""
        return self._over.below(value + 1)

    def between(self, low: float, high: float, *, is_open: bool = False) -> int:
        """How many that ended (or that did not) lie from `low` to below `high`."""
        of = self._open if is_open else self._over
        return of.below(high) - of.below(low)

    def quantile(self, share: float) -> Quantile | None:
        """The quantile, None below TOO_FEW values.

        The value is Kaplan and Meier's, which without open ones is the plain one. The interval holds whatever
        becomes of them: for its low end each ends now, for its high end none ever does.
        """
        if self.n < TOO_FEW:
            return None
        low, high = ranks(self.n, share)
        least = None if low is None else self._if_all_ended(low)
        return Quantile(self._estimate(share), least, None if high is None else self._at(high))

    def _at(self, rank: int) -> int | None:
        """The value of this rank of those that ended, counted from one; None above the last."""
        return self._over.first(lambda value: self._over.below(value + 1) >= rank)

    def _if_all_ended(self, rank: int) -> int | None:
        """The value of this rank if every open one ended as it is now."""

        def is_reached(value: int) -> bool:
            return self._over.below(value + 1) + self._open.below(value + 1) >= rank

        found = (self._over.first(is_reached), self._open.first(is_reached))
        return min((one for one in found if one is not None), default=None)

    def _estimate(self, share: float) -> float | None:
        if not self.open:
            return self._at(max(1, ceil(share * self.n - 1e-9)))
        left, staying, gone = self.n, 1.0, 0
        waiting = list(self.open)
        for value, times in self.over:
            while gone < len(waiting) and waiting[gone][0] < value:
                left -= waiting[gone][1]
                gone += 1
            staying *= 1 - times / left
            left -= times
            if staying <= 1 - share + 1e-12:
                return value
        return None


@lru_cache(maxsize=4096)
def ranks(n: int, share: float) -> tuple[int | None, int | None]:
    """Between which two of n sorted values the quantile lies, with CONFIDENCE; None: beyond them."""
    tail = (1 - CONFIDENCE) / 2
    if n > EXACT_UP_TO:
        middle, wide = n * share, Z * sqrt(n * share * (1 - share))
        low, high = int(middle - wide), int(middle + wide) + 2
        return max(low, 1), min(high, n)
    below, low = 0.0, 0
    while below + (more := _binomial(n, low, share)) <= tail:
        below, low = below + more, low + 1
    above, high = 0.0, n + 1
    while above + (more := _binomial(n, high - 1, share)) <= tail:
        above, high = above + more, high - 1
    return low or None, high if high <= n else None


def _binomial(n: int, k: int, share: float) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(share) + (n - k) * log(1 - share))


def share_of(part: int, whole: int) -> Share | None:
    """The share with Wilson's interval; None below TOO_FEW."""
    if whole < TOO_FEW:
        return None
    at, spare = part / whole, Z * Z / whole
    middle = (at + spare / 2) / (1 + spare)
    wide = Z * sqrt(at * (1 - at) / whole + spare / (4 * whole)) / (1 + spare)
    return Share(part, whole, 100 * max(middle - wide, 0.0), 100 * min(middle + wide, 1.0))


FACTOR = 2.66  # of the mean moving range: three sigma of single values (Shewhart, Wheeler)
IN_A_ROW = 8
NEAR, NEAR_OF = 3, 4  # three of four nearer to a limit than to the centre
ZEROS = 0.1
LONGEST = 60  # newest values that one chart of process behaviour shows


@dataclass(frozen=True)
class Behaviour:
    """A process behaviour chart (XmR) on logarithms: its centre and its limits, in seconds again.

    `signals`: the places of the values that fired a rule → which rule. None of them: no signal.
    """

    values: tuple[int, ...]
    centre: float
    low: float
    high: float
    signals: dict[int, int]

    @property
    def rules(self) -> tuple[int, ...]:
        """The rules that fired, each once."""
        return tuple(sorted(set(self.signals.values())))


RULES = {
    1: "a value beyond a limit",
    2: f"{IN_A_ROW} in a row on one side of the centre",
    3: f"{NEAR} of {NEAR_OF} in a row nearer to a limit than to the centre",
}


def behaviour(values: Sequence[int]) -> Behaviour | None:
    """The chart of these values in the order of time; None below TOO_FEW, and where many are zero.

    Limits: mean of the logarithms ± FACTOR × the mean of their moving range. Zero has no logarithm: a
    few count as a second, and above a share of ZEROS there is no chart.
    """
    if len(values) < TOO_FEW or sum(value <= 0 for value in values) > ZEROS * len(values):
        return None
    logs = [log(max(value, 1)) for value in values]
    centre = sum(logs) / len(logs)
    moved = sum(abs(later - sooner) for sooner, later in pairwise(logs)) / (len(logs) - 1)
    wide = FACTOR * moved
    return Behaviour(
        tuple(values), exp(centre), exp(centre - wide), exp(centre + wide), _signals(logs, centre, wide)
    )


def _signals(logs: Sequence[float], centre: float, wide: float) -> dict[int, int]:
    """Place → the first rule that it fired, of the last value of a run."""
    spare = 1e-9  # alike values differ by the last digit
    away = [value - centre for value in logs]
    found: dict[int, int] = {}
    for place in range(len(away)):
        run = away[max(0, place + 1 - IN_A_ROW) : place + 1]
        few = away[max(0, place + 1 - NEAR_OF) : place + 1]
        if abs(away[place]) > wide + spare:
            found[place] = 1
        elif len(run) == IN_A_ROW and (min(run) > spare or max(run) < -spare):
            found[place] = 2
        elif wide > spare and _near(few, away[place], wide):
            found[place] = 3
    return found


def _near(few: Sequence[float], last: float, wide: float) -> bool:
    side = 1 if last > 0 else -1
    return side * last > wide / 2 and sum(side * value > wide / 2 for value in few) >= NEAR


def over(numbers: Sequence[int], longest: int = LONGEST) -> tuple[list[int], list[int]]:
    """Places and values of the newest that ended, in the order of time. `numbers`: oldest first."""
    places: list[int] = []
    for place in range(len(numbers) - 1, -1, -1):
        if numbers[place] != NONE and not is_at_least(numbers[place]):
            places.append(place)
            if len(places) == longest:
                break
    places.reverse()
    return places, [numbers[place] for place in places]
