"""Who looks at a topic, and which field they edit.

Kept in memory only; what a lost message made wrong is right again within a minute.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

FORGET = 60.0  # seconds without a word from a process until its people are gone
SHOWN = 60  # people shown of a topic; nobody reads a longer list


@dataclass(frozen=True)
class Person:
    """Somebody who looks at a topic. `number`: of the account; `field`: what they edit, empty for nothing."""

    number: int
    name: str
    field: str = ""


class Presence:
    """People by topic: those of this process counted by open streams, those of others as they say.

    Thread-safe.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic):
        self._now = monotonic
        self._lock = threading.Lock()
        self._here: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
        self._elsewhere: dict[str, dict[str, tuple[float, tuple]]] = defaultdict(dict)
        self._editing: dict[tuple[str, int], str] = {}

    def joined(self, topic: str, person: int, name: str) -> None:
        """This person opened a stream of the topic here."""
        with self._lock:
            self._here[topic][person, name] += 1

    def left(self, topic: str, person: int, name: str) -> None:
        """This person closed one; who closed the last one edits nothing any more."""
        with self._lock:
            people = self._here[topic]
            people[person, name] -= 1
            if people[person, name] <= 0:
                del people[person, name]
                if not self._is_here(topic, person):
                    self._editing.pop((topic, person), None)
            if not people:
                del self._here[topic]

    def _is_here(self, topic: str, person: int) -> bool:
        return any(number == person for number, _ in self._here.get(topic, ()))

    def here(self, topic: str) -> tuple[tuple[int, str], ...]:
        """(number, name) of the people of this process, to be told to the others; SHOWN at most."""
        with self._lock:
            return tuple(sorted(self._here.get(topic, ())))[:SHOWN]

    def topics(self) -> list[str]:
        """The topics that somebody of this process looks at."""
        with self._lock:
            return list(self._here)

    def set_elsewhere(self, origin: str, topic: str, people: tuple[tuple[int, str], ...]) -> bool:
        """Another process says who its people are. Returns whether that changes what is seen."""
        with self._lock:
            known = self._elsewhere[topic].pop(origin, (0, ()))[1]
            if people:
                self._elsewhere[topic][origin] = (self._now() + FORGET, people)
            gone = {number for number, _ in known} - {number for number, _ in people}
            for person in gone:
                self._editing.pop((topic, person), None)
            if not self._elsewhere[topic]:
                del self._elsewhere[topic]
            return set(known) != set(people)

    def forget_the_silent(self) -> list[str]:
        """Drop the people of processes that said nothing for long. Returns the topics that this changes."""
        with self._lock:
            now = self._now()
            silent = [
                (topic, origin)
                for topic, processes in self._elsewhere.items()
                for origin, (until, _) in processes.items()
                if until <= now
            ]
            for topic, origin in silent:
                del self._elsewhere[topic][origin]
                if not self._elsewhere[topic]:
                    del self._elsewhere[topic]
            return [topic for topic, _ in silent]

    def set_editing(self, topic: str, person: int, field: str) -> None:
        """The person edits this field now; an empty name ends it."""
        with self._lock:
            if field:
                self._editing[topic, person] = field
            else:
                self._editing.pop((topic, person), None)

    def people(self, topic: str) -> list[Person]:
        """Everybody who is seen to look at the topic, each once, by name."""
        with self._lock:
            found = set(self._here.get(topic, ()))
            for _, people in self._elsewhere.get(topic, {}).values():
                found |= set(people)
            return sorted(
                {Person(number, name, self._editing.get((topic, number), "")) for number, name in found},
                key=lambda person: person.name,
            )
