"""A model behind an OpenAI-compatible endpoint, hosted or on the same machine; the official client."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from majorops.ai.prompts import Prompt
from majorops.ai.provider import NoAnswer

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletionMessageParam

log = logging.getLogger(__name__)


class OpenAICompatible:
    """Chat completions: every compatible server has them.

    `address`: up to and with `/v1`; `key`: empty for none; `limit`: seconds of each wait. No temperature and
    no limit of tokens are sent: newer models refuse them, and how much is read is bounded here.
    """

    HOME = "https://api.openai.com/v1"

    def __init__(self, *, address: str, key: str, model: str, limit: float, retries: int):
        self.model, self.limit = model, limit
        self._address, self._key, self._retries = address, key, retries
        # half a second, at a process's first draft; nobody else pays for it, and no limit counts it
        import openai

        self._openai = openai
        self._client: openai.OpenAI | None = None

    def write(self, prompt: Prompt, seen: str) -> Iterator[str]:
        """The answer, piece by piece, as it comes; then the connection is closed.

        `seen`: the record, given to the model as data. Raises NoAnswer, whatever the server does: it is late,
        refuses, breaks off, declines, or answers something else.
        """
        openai = self._openai
        try:
            client = self._client = openai.OpenAI(
                base_url=self._address,
                api_key=self._key or "none",  # local servers want none, the client wants one
                timeout=self.limit,
                max_retries=self._retries,
                http_client=openai.DefaultHttpxClient(verify=tls()),
            )
            yield from self._pieces(client, prompt, seen)
        except openai.APITimeoutError:
            raise NoAnswer(f"No answer in {self.limit:g} s.") from None
        except openai.APIStatusError as error:
            log.warning("the model answered %s", error.status_code)
            raise NoAnswer(refusal(error.status_code)) from None
        except openai.APIConnectionError:
            raise NoAnswer("The model cannot be reached.") from None
        except NoAnswer:
            raise
        except Exception as error:  # half a stream, HTML, JSON of another shape: whatever a server may send
            log.warning("the model's answer could not be read: %s", type(error).__name__)
            raise NoAnswer("The answer could not be read.") from None
        finally:
            self.close()

    def _pieces(self, client: OpenAI, prompt: Prompt, seen: str) -> Iterator[str]:
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": prompt.text},
            {"role": "user", "content": f"<record>\n{seen}\n</record>"},
        ]
        ended = None
        with client.chat.completions.create(model=self.model, messages=messages, stream=True) as stream:
            for chunk in stream:
                choice = chunk.choices[0] if chunk.choices else None
                if choice and choice.delta and choice.delta.content:
                    yield choice.delta.content
                ended = (choice and choice.finish_reason) or ended
        if ended == "content_filter":
            raise NoAnswer("The model declined.")
        if ended != "stop":
            raise NoAnswer("The answer broke off." if ended is None else "The answer ran on.")

    def close(self) -> None:
        """End what is under way; may be called by another thread, twice, and before `write`. Never raises."""
        if self._client is not None:
            with suppress(Exception):
                self._client.close()


@cache
def tls():
    """The certificates that are trusted, read once a process: that takes longer than asking for a draft."""
    import httpx2

    return httpx2.create_ssl_context()


def refusal(status: int) -> str:
    """What a status of the endpoint means, as a sentence."""
    known = {
        401: "The model's key is not accepted.",
        403: "The model's key is not accepted.",
        404: "The endpoint has no such model.",
        413: "The record is too long for the model.",
        429: "The model's quota is used up.",
    }
    return known.get(status, f"The model answered with error {status}.")
