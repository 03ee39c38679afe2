"""The recorded incidents that tests play: our own, and those of the folder `shared` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

OURS = Path(__file__).parent / "replays"
SHARED = Path(__file__).resolve().parents[2] / "shared/replays"
WITHOUT = "MAJOROPS_TESTS_WITHOUT_SHARED"
NAMES = sorted(
    {"cloudflare-2022-06-21", *(path.stem for folder in (OURS, SHARED) for path in folder.glob("*.yaml"))}
)


def recording(name: str) -> Path:
    """The file of this recording.

    One that is absent fails the test, unless the environment says that it may be.
    """
    for folder in (OURS, SHARED):
        if (folder / f"{name}.yaml").exists():
            return folder / f"{name}.yaml"
    sentence = f"{SHARED / name}.yaml is not here"
    if os.environ.get(WITHOUT) == "1":
        pytest.skip(sentence)
    pytest.fail(f"{sentence}; without it set {WITHOUT}=1", pytrace=False)
