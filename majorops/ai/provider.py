"""What a writer looks like to us: a model behind an OpenAI-compatible endpoint, or none.

With none the rules write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from majorops.ai.prompts import Prompt


class NoAnswer(Exception):
    """A model did not do its work; the text is a sentence that says why, for the person who waits."""


class Provider(Protocol):
    """A model. `limit`: seconds until its first word must be here; three times as long for the whole."""

    model: str
    limit: float

    def write(self, prompt: Prompt, seen: str) -> Iterator[str]:
        """The answer, piece by piece, as it comes. Raises NoAnswer."""

    def close(self) -> None:
        """End what is under way; may be called by another thread, and twice."""


def provider_for(config: Mapping[str, Any]) -> Provider | None:
    """The model that the settings name; None where they name none: the rules write then, and say so."""
    if not config["AI_MODEL"]:
        return None
    from majorops.ai.openai_compatible import OpenAICompatible

    return OpenAICompatible(
        address=config["AI_BASE_URL"] or OpenAICompatible.HOME,
        key=config["AI_API_KEY"] or "",
        model=config["AI_MODEL"],
        limit=config["AI_TIMEOUT"],
        retries=config["AI_RETRIES"],
    )
