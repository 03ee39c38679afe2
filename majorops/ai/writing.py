"""One draft, from the first word to the last, within its limits.

Whatever a model does, a text is there in the end.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from majorops.ai.context import PromptContext
from majorops.ai.prompts import Prompt
from majorops.ai.provider import NoAnswer, Provider
from majorops.domain.drafting import LONGEST, Unusable, finished, so_far

log = logging.getLogger(__name__)

AT_ONCE = 8  # drafts of one process that a model works on; further ones are written by rule
WHOLE = 3  # times the limit for the first word
EVERY = 0.1  # seconds between two looks whether somebody pressed Stop, and between two texts that go out
BEAT = 1.0  # seconds of silence until a sign of life goes out: a server notices by it who left
OFF = "AI is off. Written by rule, from the record."

_slots = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Written:
    """A finished draft.

    `model` is empty for a text by rule, `note` says why it is one, `answer` is what a model said.
    """

    text: str
    model: str = ""
    note: str = ""
    answer: str = ""


def write(
    provider: Provider | None, context: PromptContext, prompt: Prompt, gone: threading.Event | None = None
) -> Iterator[str | Written]:
    """Yields the text as far as it is there, again and again, and at last what is Written.

    An empty text says only that it goes on. Ends without a Written when `gone` is set. Never raises for what
    a model does: then the text by rule is Written, with a note that says why. The provider is closed at the
    end.
    """
    answer, shown_at = "", 0.0
    try:
        if provider is None:
            raise NoAnswer(OFF)
        for piece in _pieces(provider, prompt, context.text, gone or threading.Event()):
            if piece is None:
                return
            answer += piece
            if len(answer) > LONGEST:
                raise NoAnswer("The answer ran on.")
            if not piece:
                yield ""
            elif time.monotonic() - shown_at >= EVERY:  # a fast model says a hundred words a second
                shown_at = time.monotonic()
                yield so_far(context.helper, answer)
        yield Written(finished(context.helper, answer, context.text), provider.model, "", answer)
    except (NoAnswer, Unusable) as reason:
        note = OFF if provider is None else f"{reason} Template loaded instead."
        yield Written(context.template, "", note, answer[:LONGEST])
    finally:
        if provider is not None:
            provider.close()


def _pieces(provider: Provider, prompt: Prompt, seen: str, gone: threading.Event) -> Iterator[str | None]:
    """What the model says, as it says it; empty texts as signs of life; None when somebody left.

    Raises NoAnswer.
    """
    if not _slots.acquire(blocking=False):
        raise NoAnswer("The model is busy.")
    box: queue.Queue = queue.Queue()
    # A thread of its own: a server that hangs, or drips a letter a second, would keep any
    # reader beyond its time.
    threading.Thread(target=_ask, args=(provider, prompt, seen, box), name="draft", daemon=True).start()
    began = beaten = time.monotonic()
    has_begun = False
    while not gone.is_set():
        now = time.monotonic()
        if not has_begun and now - began > provider.limit:
            raise NoAnswer(f"No answer in {provider.limit:g} s.")
        if now - began > WHOLE * provider.limit:
            raise NoAnswer(f"Not finished in {WHOLE * provider.limit:g} s.")
        try:
            piece = box.get(timeout=EVERY)
        except queue.Empty:
            if now - beaten > BEAT:
                beaten = now
                yield ""
            continue
        if piece is None:
            return
        if isinstance(piece, NoAnswer):
            raise piece
        has_begun = True
        yield piece
    yield None


def _ask(provider: Provider, prompt: Prompt, seen: str, box: queue.Queue) -> None:
    said = 0
    try:
        for piece in provider.write(prompt, seen):
            box.put(piece)
            said += len(piece)
            if said > LONGEST:
                break
        box.put(None)
    except NoAnswer as reason:
        box.put(reason)
    except Exception:
        log.exception("a draft")
        box.put(NoAnswer("The model failed."))
    finally:
        _slots.release()
