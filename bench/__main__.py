"""`python -m bench [--short] [part …]`: measures, prints a table a part, keeps all as JSON.

Without a part: all of them, about fifteen minutes. The short form takes tiny sizes and fails when
something is missing, never because of time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bench import (
    alerts,
    api,
    deliveries,
    drafts,
    events,
    history,
    mails,
    measures,
    outages,
    pages,
    processes,
    public,
    screens,
    searches,
    strangers,
    streams,
    together,
)
from bench.table import keep, show

PARTS = {
    "pages": (pages, "Pages, server time in ms"),
    "history": (history, "Every page, 100 and 100,000 past incidents, ms"),
    "measures": (measures, "Measures, 100,000 incidents, ms"),
    "searches": (searches, "Search and similar, 1,000 and 100,000 incidents, ms"),
    "api": (api, "The API by a token, 100,000 incidents, ms"),
    "public": (public, "The public page in the worst hour, ms"),
    "screens": (screens, "Change to visible in another browser, ms"),
    "strangers": (strangers, "A MIM's save beside crowds of strangers, ms"),
    "streams": (streams, "1,000 open streams on one process, ms"),
    "events": (events, "Events to 500 programs, ms"),
    "together": (together, "10 people, 10 fields, one minute, ms"),
    "processes": (processes, "Two processes on one database, ms"),
    "deliveries": (deliveries, "1,000 messages, one worker of two killed, ms"),
    "mails": (mails, "From Post to the mail, ms"),
    "drafts": (drafts, "The fireground while models write, ms"),
    "alerts": (alerts, "1,000 alerts in 10 s, kill -9 in the middle, ms"),
    "outages": (outages, "kill -9 while editing, ms until it goes on"),
}

AT_ONCE, LIMIT = 4, 300  # short forms, and seconds for one


def main() -> None:
    """Measure the parts that the command line names, or all, and keep the results.

    The short form keeps nothing; it exits with 1 and the names of the parts that failed.
    """
    names = [name for name in sys.argv[1:] if name != "--short"] or list(PARTS)
    if "--short" not in sys.argv:
        keep({name: measured(name) for name in names})
    elif len(names) == 1:
        short(names[0])
    else:
        with ThreadPoolExecutor(AT_ONCE) as pool:  # each waits most of its time; the longest stand last
            failed = [name for name in pool.map(looked_at, reversed(names)) if name]
        sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def measured(name: str) -> list[dict]:
    """Run a part and print its table. Returns its rows. Raises AssertionError where something was lost."""
    part, title = PARTS[name]
    show(title, rows := part.run())
    check(name, rows)
    return rows


def short(name: str) -> None:
    """One part in its tiny sizes: they say nothing about speed."""
    part, _ = PARTS[name]
    for size, small in part.SHORT.items():
        assert hasattr(part, size), f"bench/{name}.py has no {size}"
        setattr(part, size, small)
    began = time.perf_counter()
    check(name, rows := part.run())
    print(f"{name}: {len(rows)} rows, {time.perf_counter() - began:.0f} s")


def looked_at(name: str) -> str:
    """The short form in a process of its own. Returns the name if it failed."""
    command = [sys.executable, "-m", "bench", "--short", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    print(done.stdout if done.returncode == 0 else done.stdout + done.stderr, end="", flush=True)
    return name if done.returncode else ""


def check(name: str, rows: list[dict]) -> None:
    """A part that measured nothing, or lost something, fails whatever its times were."""
    assert rows, f"{name}: no rows"
    for row in rows:
        assert row.get("row"), f"{name}: a row without a name"
        lost = row.get("lost", 0)
        assert lost == 0, f"{name}: {row['row']}: {lost} lost"


if __name__ == "__main__":
    main()
