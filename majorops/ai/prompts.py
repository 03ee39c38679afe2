"""The prompts: one file a helper under prompts/, each with a version.

A draft keeps the version that it was asked with.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from majorops.domain.enums import Helper

FOLDER = Path(__file__).parent / "prompts"


@dataclass(frozen=True)
class Prompt:
    """What a model is told before it sees a record. `version` grows by one with each change of the text."""

    helper: Helper
    version: int
    text: str

    @property
    def name(self) -> str:
        """As a draft keeps it: `update 1`."""
        return f"{self.helper.value} {self.version}"


@cache
def prompt_for(helper: Helper) -> Prompt:
    """The prompt of a helper, read from its file once a process; its first line is `version: 1`."""
    head, _, text = (FOLDER / f"{helper.value}.md").read_text().partition("\n")
    return Prompt(helper, int(head.removeprefix("version:")), text.strip())


def prompts() -> list[Prompt]:
    """Of every helper."""
    return [prompt_for(helper) for helper in Helper]
