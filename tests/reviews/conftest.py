"""Who writes reviews in the tests of this folder: Maya, of an incident that is over."""

from __future__ import annotations

import pytest

from tests.operations.afterwards import resolve


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def incident(cast, who):
    incident = cast.open()
    resolve(incident, who)
    return incident


@pytest.fixture
def maya(cast):
    return cast.browser("maya")
