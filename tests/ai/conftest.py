from __future__ import annotations

import pytest

from tests.ai.model_server import ModelServer


@pytest.fixture
def model():
    """A model's endpoint of our own; `model.mode` says how it behaves."""
    server = ModelServer()
    yield server
    server.stop()
