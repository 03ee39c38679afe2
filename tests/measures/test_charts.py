"""The labels of a chart: none stands on another line."""

import re

import pytest

from majorops.domain.measured import FORM, MEASURES, NONE, NUMBERS, packed, unpacked
from majorops.measures.charts import SMALL, dots
from majorops.measures.report import Report
from majorops.projections.measures import Measured


@pytest.mark.parametrize(
    ("high", "sides"),
    [
        (1_300, ["end", "start"]),  # too near for a word between the two lines
        (30_000, ["end", "end"]),
    ],
)
def test_the_label_of_the_ninetieth_percentile_leaves_the_median_line_free(high, sides):
    values = [1, *[1_000] * 8, *[high] * 3, 40_000]
    rows = [packed([value if name == "resolve" else NONE for name in NUMBERS]) for value in values]
    found = Measured(list(range(len(values))), unpacked(rows))
    assert len(rows[0]) == 4 * FORM
    chart = dots(Report(MEASURES["resolve"], found), SMALL, str, lambda low, high: "")
    assert re.findall(r'chart__name"[^>]*text-anchor="(\w+)"', chart.svg) == sides
