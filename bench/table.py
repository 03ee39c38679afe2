"""How results are summed up, shown and kept."""

from __future__ import annotations

import json
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "latest.json"
COLUMNS = (("p50", 9), ("p95", 9), ("max", 9), ("queries", 9), ("bytes", 9))


def spread(times: list[float]) -> dict[str, float]:
    """p50, p95 and max of some times, in milliseconds. IndexError for no times."""
    times = sorted(times)
    at = lambda share: round(times[min(len(times) - 1, int(len(times) * share))], 1)  # noqa: E731
    return {"p50": at(0.5), "p95": at(0.95), "max": round(times[-1], 1)}


def verdict(holds: bool, bar: str) -> str:
    """The bar, and whether it `held` or was `MISSED`."""
    return f"{bar} {'held' if holds else 'MISSED'}"


def show(title: str, rows: list[dict]) -> None:
    """Print a part's table: one line a row, empty where a row has no such number."""
    print(f"\n{title:46}" + "".join(f"{name:>{width}}" for name, width in COLUMNS))
    for row in rows:
        cells = "".join(f"{row.get(name, ''):>{width}}" for name, width in COLUMNS)
        print(
            f"{row['row']:46}{cells}  "
            f"{row.get('note', '')}{'  ' if row.get('note') else ''}{row.get('bar', '')}"
        )


def keep(results: dict[str, list[dict]]) -> None:
    """Write the rows of these parts to RESULTS, in place of all that was there."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
