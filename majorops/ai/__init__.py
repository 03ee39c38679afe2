"""Four helpers that draft and never post (domain §8): what they see, who writes, what is shown.

`context` makes what a writer sees out of projections, by audience; `rules` writes the same four texts
without a model; `provider` is what a model looks like to us, `openai_compatible` the one there is;
`writing` runs one draft within its limits.
"""

from majorops.ai.context import PromptContext, as_data, build_context
from majorops.ai.prompts import Prompt, prompt_for, prompts
from majorops.ai.provider import Provider, provider_for
from majorops.ai.writing import Written, write

__all__ = [
    "Prompt",
    "PromptContext",
    "Provider",
    "Written",
    "as_data",
    "build_context",
    "prompt_for",
    "prompts",
    "provider_for",
    "write",
]
