"""The bar of the phases: green is what was gone through, never what was skipped."""

from __future__ import annotations

import pytest

from majorops.domain.enums import Phase
from majorops.domain.phases import steps

D, S, C, F = "done", "skipped", "current", "future"


@pytest.mark.parametrize(
    ("current", "entered", "is_over", "states"),
    [
        (1, [], False, [C, F, F, F, F, F, F, F]),
        (3, [2, 3], False, [D, D, C, F, F, F, F, F]),
        (6, [2, 6], False, [D, D, S, S, S, C, F, F]),
        (8, [2, 3, 4, 5, 6, 7, 8], False, [D] * 7 + [C]),
        (8, [2, 3, 4, 5, 6, 7, 8], True, [D] * 8),
        (2, [2], True, [D, D, F, F, F, F, F, F]),  # a false alarm, closed with an override
        (8, [8], True, [D, S, S, S, S, S, S, D]),
    ],
)
def test_steps(current, entered, is_over, states):
    assert [step.state for step in steps(Phase(current), map(Phase, entered), is_over)] == states
