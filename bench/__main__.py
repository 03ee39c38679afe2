"""`python -m bench [--short] [part …]`: measures, prints a table a part, keeps all as JSON. Without a part: all of them,
about fifteen minutes. The short form takes tiny sizes and fails when something is missing, never because of time."""

from __future__ import annotations

import sys
import time

from bench import (
    deliveries,
    drafts,
    history,
    outages,
    pages,
    processes,
    public,
    screens,
    strangers,
    streams,
    together,
)
from bench.table import keep, show

PARTS = {
    "pages": (pages, "Pages, server time in ms"),
    "history": (history, "Every page, 100 and 100,000 past incidents, ms"),
    "public": (public, "The public page in the worst hour, ms"),
    "screens": (screens, "Change to visible in another browser, ms"),
    "strangers": (strangers, "A MIM's save beside crowds of strangers, ms"),
    "streams": (streams, "1,000 open streams on one process, ms"),
    "together": (together, "10 people, 10 fields, one minute, ms"),
    "processes": (processes, "Two processes on one database, ms"),
    "deliveries": (deliveries, "1,000 messages, one worker of two killed, ms"),
    "drafts": (drafts, "The fireground while models write, ms"),
    "outages": (outages, "kill -9 while editing, ms until it goes on"),
}


def main() -> None:
    names = [name for name in sys.argv[1:] if name != "--short"] or list(PARTS)
    is_short = "--short" in sys.argv
    results = {}
    for name in names:
        part, title = PARTS[name]
        for size, small in part.SHORT.items() if is_short else ():
            assert hasattr(part, size), f"bench/{name}.py has no {size}"
            setattr(part, size, small)
        began = time.perf_counter()
        results[name] = part.run()
        check(name, results[name])
        if is_short:
            print(f"{name}: {len(results[name])} rows, {time.perf_counter() - began:.0f} s")
        else:
            show(title, results[name])
    if not is_short:  # tiny sizes say nothing about speed
        keep(results)


def check(name: str, rows: list[dict]) -> None:
    """A part that measured nothing, or lost something, fails whatever its times were."""
    assert rows, f"{name}: no rows"
    for row in rows:
        assert row.get("row"), f"{name}: a row without a name"
        lost = row.get("lost", 0)
        assert lost == 0, f"{name}: {row['row']}: {lost} lost"


if __name__ == "__main__":
    main()
