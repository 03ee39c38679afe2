"""A real HTTP server that behaves like an OpenAI-compatible endpoint, also badly."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
}


class ModelServer:
    """`mode`: how it behaves, see `Handler`; `says`: what it answers,
    else something good for the helper that asks. `asked`: every request body, as it came.
    """

    def __init__(self, mode: str = "good"):
        self.mode, self.says, self.asked, self.pause = mode, "", [], 0.0
        self.heads: list[dict[str, str]] = []
        self.broken = threading.Event()  # somebody left in the middle of an answer
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.owner, self._server.daemon_threads = self, True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def wait(self, seconds: float) -> None:
        self._over.wait(seconds)

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args) -> None:
        pass

    def do_POST(self) -> None:
        owner: ModelServer = self.server.owner
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        owner.asked.append(body)
        owner.heads.append({name.lower(): value for name, value in self.headers.items()})
        self.close_connection = True
        try:
            getattr(self, f"be_{owner.mode}")(owner, self.answer_to(owner, body))
        except OSError:
            owner.broken.set()

    def answer_to(self, owner: ModelServer, body: dict) -> str:
        told = body["messages"][0]["content"]
        helper = next(
            name
            for name, word in (
                ("update", "status update"),
                ("brief", "brief executives"),
                ("suggestion", "advise"),
            )
            if word in told
        )
        return owner.says or GOOD[helper]

    # How it may behave

    def be_good(self, owner: ModelServer, text: str, end: str | None = "stop") -> None:
        self.start()
        for word in text.split(" "):
            self.chunk(word + " ")
            if owner.pause:
                time.sleep(owner.pause)
        if end:
            self.chunk("", end)
            self.send("data: [DONE]\n\n")

    def be_half(self, owner: ModelServer, text: str) -> None:
        self.be_good(owner, text[: len(text) // 2], end=None)

    def be_cut(self, owner: ModelServer, text: str) -> None:
        self.be_good(owner, text, end="length")

    def be_filter(self, owner: ModelServer, text: str) -> None:
        self.be_good(owner, "I cannot", end="content_filter")

    def be_empty(self, owner: ModelServer, text: str) -> None:
        self.be_good(owner, "")

    def be_hang(self, owner: ModelServer, text: str) -> None:
        owner.wait(60)

    def be_silent(self, owner: ModelServer, text: str) -> None:
        """Begins, and says nothing any more."""
        self.start()
        self.chunk("Conditions: ")
        for _ in range(600):
            owner.wait(0.1)
            self.send(": ping\n\n")

    def be_drip(self, owner: ModelServer, text: str) -> None:
        self.start()
        for _ in range(600):
            self.chunk("x ")
            owner.wait(0.1)

    def be_html(self, owner: ModelServer, text: str) -> None:
        self.whole(200, "text/html", "<html><body><h1>Hotel Wi-Fi</h1></body></html>")

    def be_garbage(self, owner: ModelServer, text: str) -> None:
        self.start()
        self.send("data: {not json\n\n")

    def be_other(self, owner: ModelServer, text: str) -> None:
        self.start()
        self.send('data: {"choices": "none", "x": [1]}\n\n')
        self.send("data: [DONE]\n\n")

    def be_quota(self, owner: ModelServer, text: str) -> None:
        self.whole(
            429, "application/json", json.dumps({"error": {"message": "quota", "code": "insufficient_quota"}})
        )

    def be_wrong_key(self, owner: ModelServer, text: str) -> None:
        self.whole(401, "application/json", json.dumps({"error": {"message": "bad key sk-secret"}}))

    def be_gone(self, owner: ModelServer, text: str) -> None:
        self.whole(404, "application/json", json.dumps({"error": {"message": "no such model"}}))

    def be_broken(self, owner: ModelServer, text: str) -> None:
        self.whole(500, "text/plain", "oops")

    # How it speaks

    def start(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def chunk(self, text: str, end: str | None = None) -> None:
        choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": end}
        told = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        self.send(f"data: {json.dumps(told)}\n\n")

    def send(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def whole(self, status: int, kind: str, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.send_header("Connection", "close")
        self.end_headers()
        self.send(text)
