"""A real HTTP server that behaves like an OpenAI-compatible endpoint, also badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

GOOD = {
    "update": (
        "Conditions: payments-api does not respond.\nActions: The team is at work.\nNext update: not known"
    ),
    "brief": (
        "Headline: payments-api does not respond.\n"
        "Impact: not known\n"
        "Posture: The team is at work.\n"
        "Next: not known"
    ),
    "suggestion": "Next: Open the bridge.\nWatch: A second alert.\nFailure: Collecting conditions now.",
    "review": (
        "Summary: payments-api did not respond.\n"
        "Root cause: not known\n"
        "Contributing: Retries had no cap.\n"
        "The pool had no alert.\n"
        "Went well: The alert came at once.\n"
        "Lost time: not known"
    ),
}


HELPERS = {
    "status update": "update",
    "brief executives": "brief",
    "advise": "suggestion",
    "Learning Review": "review",
}


class ModelServer:
    """`mode`: how it behaves, one of the methods `be_…`; `says`: what it answers, else something good for
    the helper that asks; `pause`: seconds between two words. `asked`: every request body, as it came.
    """

    def __init__(self, mode: str = "good"):
        self.mode, self.says, self.asked, self.pause = mode, "", [], 0.0
        self.heads: list[dict[str, str]] = []
        self.broken = threading.Event()  # somebody left in the middle of an answer
        self._over = threading.Event()
        self._server = HTTPServer(host="127.0.0.1", port=0, threaded=True)
        asked = self._server.expect_request("/v1/chat/completions", method="POST")
        asked.respond_with_handler(self._answer)
        self._server.start()
        self.url = self._server.url_for("/v1")

    def stop(self) -> None:
        self._over.set()
        self._server.stop()

    def _answer(self, request: Request) -> Response:
        self.asked.append(request.json)
        self.heads.append({name.lower(): value for name, value in request.headers.items()})
        told = request.json["messages"][0]["content"]
        helper = next(helper for words, helper in HELPERS.items() if words in told)
        answer = getattr(self, f"be_{self.mode}")(self.says or GOOD[helper])
        if isinstance(answer, Response):
            return answer
        return Response(self._watched(answer), content_type="text/event-stream")

    def _watched(self, parts: Iterator[str]) -> Iterator[str]:
        try:
            yield from parts
        except GeneratorExit:
            self.broken.set()
            raise

    # How it may behave

    def be_good(self, text: str, end: str | None = "stop") -> Iterator[str]:
        for word in text.split(" "):
            yield chunk(word + " ")
            self._over.wait(self.pause)
        if end:
            yield chunk("", end)
            yield "data: [DONE]\n\n"

    def be_half(self, text: str) -> Iterator[str]:
        return self.be_good(text[: len(text) // 2], end=None)

    def be_cut(self, text: str) -> Iterator[str]:
        return self.be_good(text, end="length")

    def be_filter(self, text: str) -> Iterator[str]:
        return self.be_good("I cannot", end="content_filter")

    def be_empty(self, text: str) -> Iterator[str]:
        return self.be_good("")

    def be_hang(self, text: str) -> Response:
        self._over.wait(60)
        return Response(status=500)

    def be_silent(self, text: str) -> Iterator[str]:
        """Begins, and says nothing any more."""
        yield chunk("Conditions: ")
        for _ in range(600):
            self._over.wait(0.1)
            yield ": ping\n\n"

    def be_drip(self, text: str) -> Iterator[str]:
        for _ in range(600):
            yield chunk("x ")
            self._over.wait(0.1)

    def be_html(self, text: str) -> Response:
        return Response("<html><body><h1>Hotel Wi-Fi</h1></body></html>", content_type="text/html")

    def be_garbage(self, text: str) -> Iterator[str]:
        yield "data: {not json\n\n"

    def be_other(self, text: str) -> Iterator[str]:
        yield 'data: {"choices": "none", "x": [1]}\n\n'
        yield "data: [DONE]\n\n"

    def be_quota(self, text: str) -> Response:
        return refusal(429, message="quota", code="insufficient_quota")

    def be_wrong_key(self, text: str) -> Response:
        return refusal(401, message="bad key sk-secret")

    def be_gone(self, text: str) -> Response:
        return refusal(404, message="no such model")

    def be_broken(self, text: str) -> Response:
        return Response("oops", status=500)


def settings_for(model: ModelServer) -> dict[str, object]:
    """The settings that name this model, for tests that send forms without their token."""
    given = {"AI_BASE_URL": model.url, "AI_MODEL": "m-1", "AI_TIMEOUT": 4.0, "AI_RETRIES": 0}
    return given | {"WTF_CSRF_ENABLED": False}


def chunk(text: str, end: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": end}
    told = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(told)}\n\n"


def refusal(status: int, **error: str) -> Response:
    return Response(json.dumps({"error": error}), status=status, content_type="application/json")
