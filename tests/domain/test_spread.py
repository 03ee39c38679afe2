"""Quantiles with their intervals, shares, and charts of process behaviour, against values from textbooks."""

import random
from math import exp

import pytest

from majorops.domain.measured import NONE, at_least
from majorops.domain.spread import Values, behaviour, over, ranks, share_of


def test_ten_values_give_a_median_and_nine_give_nothing():
    assert Values(range(1, 10)).quantile(0.5) is None
    found = Values(range(1, 11)).quantile(0.5)
    assert (found.value, found.low, found.high) == (5, 2, 9)


@pytest.mark.parametrize(
    ("n", "share", "between"),
    [
        (10, 0.5, (2, 9)),  # Conover, Practical Nonparametric Statistics: 97.9 %
        (20, 0.5, (6, 15)),
        (100, 0.5, (40, 61)),
        (10, 0.9, (7, None)),  # ten values do not say what nine of ten of all stay below
        (50, 0.9, (41, 50)),
        (30, 0.9, (23, None)),
    ],
)
def test_the_interval_is_that_of_order_statistics(n, share, between):
    assert ranks(n, share) == between


def test_the_interval_holds_the_true_median_as_often_as_it_says():
    chance = random.Random(7)
    held = 0
    for _ in range(400):
        found = Values([int(chance.lognormvariate(8, 1)) for _ in range(25)]).quantile(0.5)
        held += found.low <= exp(8) <= found.high
    assert held / 400 >= 0.94


def test_exact_and_normal_intervals_agree_where_one_takes_over():
    exact, normal = ranks(2_000, 0.9), ranks(2_001, 0.9)
    assert abs(exact[0] - normal[0]) <= 2
    assert abs(exact[1] - normal[1]) <= 2


def test_what_runs_counts_as_at_least_and_never_pulls_a_quantile_down():
    ended = list(range(100, 1_100, 100))
    plain = Values(ended).quantile(0.5)
    found = Values([*ended, at_least(50), at_least(950)])
    assert (found.n, found.open_count) == (12, 2)
    assert found.quantile(0.5).value >= plain.value
    assert found.quantile(0.5).low <= plain.low


def test_kaplan_and_meier_by_hand():
    # 6-MP arm of Freireich's trial: the median is 23 weeks.
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    running = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    found = Values([*ended, *map(at_least, running)]).quantile(0.5)
    assert found.value == 23
    assert found.high is None  # none of those that run need ever end


def test_where_most_still_run_the_quantile_is_more_than_anything_seen():
    found = Values([10, *[at_least(20)] * 12]).quantile(0.5)
    assert (found.value, found.high) == (None, None)
    assert found.low == 20


def test_values_that_are_none_count_nowhere():
    found = Values([NONE, 5, NONE, at_least(0)])
    assert (found.n, found.least, found.most, found.up_to(5), found.up_to(4)) == (2, 0, 5, 1, 0)
    assert (found.between(0, 6), found.between(0, 6, is_open=True)) == (1, 1)


def test_a_share_has_wilsons_interval():
    found = share_of(8, 10)
    assert (round(found.low, 1), round(found.high, 1)) == (49.0, 94.3)
    assert found.per_cent == 80
    assert share_of(9, 9) is None
    assert round(share_of(10, 10).high, 6) == 100


def test_alike_values_are_no_signal():
    found = behaviour([60] * 30)
    assert found.signals == {}
    assert found.centre == pytest.approx(60)
    assert behaviour([60] * 9) is None


def test_limits_are_the_mean_of_logarithms_and_266_moving_ranges():
    found = behaviour([100, 200] * 5)  # the moving range is log 2 each time
    assert found.centre == pytest.approx(141.42, abs=0.01)
    assert found.high == pytest.approx(141.42 * 2**2.66, rel=1e-4)
    assert found.low == pytest.approx(141.42 / 2**2.66, rel=1e-4)
    assert found.rules == ()


def test_each_rule_fires_and_says_where():
    quiet = [100, 120] * 20
    assert behaviour([*quiet, 400]).signals == {40: 1}
    shifted = behaviour([*[90, 110] * 6, *[200, 240] * 4])
    assert 2 in shifted.rules
    drifting = behaviour([*[100, 140] * 8, 230, 235, 110, 232])
    assert drifting.signals == {19: 3}
    assert behaviour([0] * 12) is None
    assert behaviour([0, *[50, 70] * 6]).signals[0] == 1


def test_noise_seldom_is_a_signal():
    chance = random.Random(3)
    fired = sum(
        bool(behaviour([int(chance.lognormvariate(8, 1)) for _ in range(30)]).rules) for _ in range(200)
    )
    assert fired < 80


def test_the_newest_that_ended_in_the_order_of_time():
    assert over([5, NONE, 7, at_least(9), 8], longest=2) == ([2, 4], [7, 8])
