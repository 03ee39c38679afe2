"""`python -m bench [part …]`: measures, prints a table a part, keeps all as JSON. Without a part: all of them, about five minutes."""

from __future__ import annotations

import sys

from bench import deliveries, drafts, outages, pages, processes, public, screens, strangers, streams, together
from bench.table import keep, show

PARTS = {
    "pages": (pages.run, "Pages, server time in ms"),
    "public": (public.run, "The public page in the worst hour, ms"),
    "strangers": (strangers.run, "A MIM beside strangers who ask for all they can, ms"),
    "screens": (screens.run, "Change to visible in another browser, ms"),
    "streams": (streams.run, "1,000 open streams on one process, ms"),
    "together": (together.run, "10 people, 10 fields, one minute, ms"),
    "processes": (processes.run, "Two processes on one database, ms"),
    "deliveries": (deliveries.run, "1,000 messages, one worker of two killed, ms"),
    "drafts": (drafts.run, "The fireground while models write, ms"),
    "outages": (outages.run, "kill -9 while editing, ms until it goes on"),
}


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    results = {}
    for name in names:
        run, title = PARTS[name]
        results[name] = run()
        show(title, results[name])
    keep(results)


if __name__ == "__main__":
    main()
