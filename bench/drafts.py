"""Two people have drafts written by a slow model, one after the other, while a third reads and saves."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections.abc import Callable

from bench.servers import one_box
from bench.table import spread, verdict
from tests.ai.model_server import ModelServer
from tests.server import Person

ROUNDS = 120
SHORT = {"ROUNDS": 3}
WRITERS = ("omar", "ada")
LONG = "Conditions: " + "words " * 60 + "\nActions: more\nNext update: not known"
FIRST_WORDS = 1_000  # ms after the model's first token
SLOWER = 1.25  # times: more than noise


def run() -> list[dict]:
    """A row each: pages and saves while nobody drafts and while two do, and the time to the first words.

    The model and the people who draft are a process of their own: this one only measures.
    """
    apart = multiprocessing.get_context("spawn")
    here, there = apart.Pipe()
    others = apart.Process(target=_others, args=(there,), daemon=True)
    others.start()
    try:
        with one_box(AI_BASE_URL=here.recv(), AI_MODEL="m", AI_TIMEOUT="20") as server:
            person = Person(server)
            path = person.open()
            here.send((server.port, path))
            here.recv()  # one draft is done: the library is loaded
            _timed(_works(person, path)["field save"])  # a timeline as long as it is later
            alone = {name: _timed(work) for name, work in _works(person, path).items()}
            here.send("draft")
            time.sleep(1)
            beside = {name: _timed(work) for name, work in _works(person, path).items()}
            here.send("stop")
            return _rows(alone, beside, here.recv())
    finally:
        others.terminate()


def _rows(alone: dict, beside: dict, first: list[float]) -> list[dict]:
    rows = [{"row": f"{name}, nobody drafts", **spread(times)} for name, times in alone.items()]
    for name, times in beside.items():
        ratio = spread(times)["p95"] / spread(alone[name])["p95"]
        held = verdict(ratio <= SLOWER, f"p95 {ratio:.2f} times, at most {SLOWER}:")
        rows.append({"row": f"{name}, two models write", **spread(times), "bar": held})
    words = spread(first)
    bar = verdict(words["p95"] < FIRST_WORDS, f"p95 under {FIRST_WORDS}:")
    return [*rows, {"row": "request to first words", **words, "bar": bar}]


def _works(person: Person, path: str) -> dict[str, Callable[[int], object]]:
    return {
        "fireground": lambda n: person.get(path),
        "field save": lambda n: person.post(f"{path}/fields/alert.alert_id", value=f"{n}-{time.monotonic()}"),
    }


def _timed(work: Callable[[int], object]) -> list[float]:
    times = []
    for n in range(ROUNDS):
        began = time.perf_counter()
        work(n)
        times.append((time.perf_counter() - began) * 1000)
    return times


class _There:
    """A server that another process runs."""

    def __init__(self, port: int):
        self.url = f"http://127.0.0.1:{port}"


def _others(line) -> None:
    model = ModelServer()
    model.says, model.pause = LONG, 0.05
    line.send(model.url)
    port, path = line.recv()
    writers = [Person(_There(port), nick) for nick in WRITERS]
    _draft(writers[0], path)
    line.send("ready")
    line.recv()
    stop, first = threading.Event(), []

    def keep(person: Person) -> None:
        while not stop.is_set():
            first.append(_draft(person, path))

    threads = [threading.Thread(target=keep, args=(one,)) for one in writers]
    for thread in threads:
        thread.start()
    line.recv()
    stop.set()
    for thread in threads:
        thread.join()
    line.send(first)


def _draft(person: Person, path: str) -> float:
    """One draft to its end. Returns the milliseconds until its first words."""
    began, first = time.perf_counter(), 0.0
    given = {"kind": "update", "visibility": "internal", "next_update": "20", "body": ""}
    answer = person.http.post(
        f"{person.server.url}{path}/drafts/update",
        data={"csrf_token": person.token, **given},
        headers={"Accept": "application/x-ndjson"},
        stream=True,
        timeout=60,
    )
    for line in answer.iter_lines():
        if not first and line and "text" in json.loads(line):
            first = (time.perf_counter() - began) * 1000
    return first
