"""Ten people edit ten fields for a minute.

Every edit that was acknowledged must stand in the record, in one chain a field.
"""

from __future__ import annotations

import html
import random
import re
import threading
import time

from sqlalchemy import create_engine, text

from bench.servers import one_box
from bench.table import spread, verdict
from tests.server import Person, Server

SECONDS = 60
SHORT = {"SECONDS": 3}
FIELDS = (
    "title",
    "description",
    "business_impact",
    "customer_impact_summary",
    "exec_summary",
    "audience_notes",
    "alert.alert_id",
    "command.sre",
    "command.leader",
    "command.service_manager",
)
NICKS = ("maya", "omar", "ada")


class Editor(threading.Thread):
    """One person: takes a field, writes, and on a conflict keeps theirs or takes the other's, as it falls."""

    def __init__(self, server: Server, number: int, path: str):
        super().__init__()
        self.person = Person(server, NICKS[number % len(NICKS)])
        self.number, self.path, self.end = number, path, 0.0
        self.random = random.Random(number)
        self.saved: list[tuple[str, str]] = []
        self.yielded: list[str] = []
        self.conflicts, self.times = 0, []

    def run(self) -> None:
        """Edit one field after another until `end`, by `time.monotonic()`."""
        n = 0
        while time.monotonic() < self.end:
            field, value = self.random.choice(FIELDS), f"person {self.number} edit {n}"
            n += 1
            page = self.person.get(f"{self.path}/fields/{field}").text
            self._save(field, value, was_of(page))
            time.sleep(self.random.uniform(0.1, 0.6))

    def _save(self, field: str, value: str, was: str) -> None:
        began = time.perf_counter()
        answer = self.person.post(f"{self.path}/fields/{field}", value=value, was=was)
        self.times.append((time.perf_counter() - began) * 1000)
        if answer.status_code == 200:
            self.saved.append((field, value))
        elif answer.status_code == 409:
            self.conflicts += 1
            if self.random.random() < 0.5:
                self._save(field, value, was_of(answer.text))
            else:
                self.person.post(f"{self.path}/fields/{field}", value=value, was=was, take="theirs")
                self.yielded.append(value)
        else:
            raise AssertionError(answer.text)


def was_of(page: str) -> str:
    """The value that a field's editor was drawn with. TypeError where the page has no editor."""
    return html.unescape(re.search(r'name="was" value="([^"]*)"', page)[1])


def run() -> list[dict]:
    """One row: the times of all saves, and how many acknowledged edits are missing."""
    with one_box() as server:
        path = Person(server).open()
        people = [Editor(server, n, path) for n in range(10)]  # each signs in first: that is not measured
        end = time.monotonic() + SECONDS
        for person in people:
            person.end = end
            person.start()
        for person in people:
            person.join()
        lost = missing(server.database_url, people)
    acknowledged = sum(len(person.saved) for person in people)
    conflicts = sum(person.conflicts for person in people)
    times = [ms for person in people for ms in person.times]
    return [
        {
            "row": "save of a field",
            **spread(times),
            "note": f"{acknowledged} saved, {conflicts} conflicts",
            "lost": lost,
            "bar": verdict(lost == 0, f"{lost} lost, 0 allowed"),
        }
    ]


def missing(url: str, people: list[Editor]) -> int:
    """How many acknowledged texts the timeline does not have.

    Places where one text silently replaced another count too.
    """
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT kind, field, title, detail FROM timeline_event ORDER BY seq")
        ).all()
    engine.dispose()
    record = "\n".join(f"{row.title}\n{row.detail}" for row in rows)
    lost = sum(value not in record for person in people for _, value in person.saved)
    lost += sum(value not in record for person in people for value in person.yielded)
    before: dict[str, str] = {}
    for row in rows:
        change = re.search(r": (.*) › (.*)$", row.title) if row.kind == "field.changed" else None
        if change and not row.detail:
            lost += before.get(row.field, change[1]) != change[1]
            before[row.field] = change[2]
    return lost
