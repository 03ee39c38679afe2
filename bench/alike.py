"""`python -m bench.alike FILE…`: how often the right earlier incident is among the three that are offered.

The demo's history and the recordings lie in one database. Each incident is then asked for as at intake, by
its title and its systems, against what was resolved before it; and by titles that people typed who had never
seen the old ones. The right one has the same problem, on the same system where there is such.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from majorops import clock, create_app
from majorops.db import db
from majorops.demo.data import SYSTEMS, fill
from majorops.demo.history.courses import PROBLEMS
from majorops.domain.access import SYSTEM
from majorops.models import Incident
from majorops.operations.similar import like_title
from majorops.replay import read
from majorops.replay.run import Player

PAST = 240
BAR = 0.8  # of the questions; the rest share no word with what they mean
# The same problems in other words, in the order of PROBLEMS; `{}` is the system.
RETOLD = (
    "{} 5xx errors since the new release",
    "{} very slow after a change",
    "{} messages pile up, the consumers hang",
    "{} node out of disk space, disk is full",
    "{} TLS fails, expired certificate",
    "{} cannot write, shard has lost its leader",
    "{} no free connections, pool exhaustion",
    "{} requests to the gateway of the vendor time out",
)
# Title of a recording → what somebody types who has the same again.
AGAIN = {
    "19 data centres unreachable after a BGP policy change": "BGP change took data centres off the net",
    "Orders reach the warehouse late": "Warehouse receives orders too late",
}


@dataclass
class Tally:
    """Of the `asked` that have a right one: `first`, `among` three, `none` offered."""

    asked: int = 0
    first: int = 0
    among: int = 0
    none: int = 0

    def add(self, places: list[bool]) -> None:
        """Count one answer: for each incident that was offered, whether it is a right one."""
        self.asked += 1
        self.first += places[:1] == [True]
        self.among += any(places)
        self.none += not places


def problem_of(title: str) -> str:
    """Which problem an incident has: its title without numbers and without the system it begins with."""
    return re.sub(r"\d+", "#", title.partition(": ")[2] or title)


def evaluate(files: list[Path]) -> dict[str, Tally]:
    """Fill a database and ask. Returns a Tally a kind of question."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"DATABASE_URL": f"sqlite:///{folder}/past.db", "SECRET_KEY": "e" * 48})
        with app.app_context():
            upgrade()
            fill(clock.now(), PAST)
            for file in files:
                player = Player(recording := read(file), is_drill=False)
                for step in recording.steps:
                    player.take(step)
            ask(tallies)
            db.session.remove()
            db.engine.dispose()
        app.extensions["live"].stop()
    return tallies


def ask(tallies: dict[str, Tally]) -> None:
    """Ask for what is in the database."""
    over = select(Incident).where(Incident.resolved_at.is_not(None), Incident.is_drill.is_(False))
    past = list(db.session.scalars(over.options(selectinload(Incident.systems)).order_by(Incident.id)))
    by_problem = defaultdict(list)
    for one in past:
        by_problem[problem_of(one.title)].append(one)
    for one in past:
        others = [other for other in by_problem[problem_of(one.title)] if other is not one]
        put(tallies["its own title"], one.title, one.system_names, others, own=one.id)
    for problem, retold in zip(PROBLEMS, RETOLD, strict=True):
        same = by_problem[re.sub(r"\d+", "#", problem[0].replace("@@", "#"))]
        for system in SYSTEMS:
            put(tallies["other words, one system"], retold.format(system), [system], same)
        put(tallies["other words, no system"], retold.format("Something:"), [], same)
    for one in past:
        if one.title in AGAIN:
            put(tallies["recordings, other words"], AGAIN[one.title], [], [one])
            put(tallies["recordings, one system"], AGAIN[one.title], one.system_names[:1], [one])


def put(tally: Tally, title: str, systems: list[str], right: list[Incident], own: int = 0) -> None:
    """One question; not counted where the past has no right answer. `own`: the incident that asks."""
    shared = [one for one in right if set(systems) & set(one.system_names)]
    numbers = {one.id for one in shared or right}
    if numbers:
        found = like_title(title, systems, actor=SYSTEM, own=own)
        tally.add([like.case.number in numbers for like in found])


def main() -> None:
    """Print a line a kind of question; exits with 1 where fewer than BAR are right."""
    files = [Path(name) for name in sys.argv[1:]]
    tallies = evaluate(files)
    print(f"{PAST} incidents of the demo's history, {len(files)} recordings")
    print(f"{'asked by':28}{'asked':>8}{'first':>8}{'of three':>10}{'none':>8}")
    for name, one in tallies.items():
        print(f"{name:28}{one.asked:>8}{one.first:>8}{one.among:>10}{one.none:>8}")
    sys.exit(any(one.among < BAR * one.asked for one in tallies.values()))


if __name__ == "__main__":
    main()
