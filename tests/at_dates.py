"""`make test-dates`: the tests that start processes or compute days,
as if the machine stood at other dates and places.

The date is shifted by libfaketime, by as much for every process of a run: with a fixed date each new
process would begin there once more. Monotonic clocks stay as they are, as nothing that waits may
notice. SQLite only, and no browser: neither PostgreSQL nor Chromium is ours to test at another date.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
PROCESSES = ["tests/notifications/test_work.py", "tests/test_cli.py"]
SHORT = [
    "tests/notifications/test_work.py::test_stops_at_once_even_while_a_receiver_hangs",
    "tests/test_cli.py",
    "tests/public/test_intake.py",
    "tests/publishing/test_freshness.py",
]
WHOLE = [
    *PROCESSES,
    "tests/domain",
    "tests/notifications",
    "tests/operations",
    "tests/public",
    "tests/publishing",
    "tests/fireground",
    "tests/briefs",
    "tests/maintenance",
    "tests/web",
    "tests/realtime/test_streams.py",
    "tests/admin",
    "tests/asgi",
    "tests/test_replay.py",
    "tests/test_coach_replay.py",
    "tests/test_suite.py",
]
LIMIT = {True: 300, False: 1_200}  # seconds of one run


def leap_day(now: datetime) -> datetime:
    """The next 29 February at noon."""
    year = next(y for y in range(now.year + 1, now.year + 10) if y % 4 == 0 and (y % 100 or y % 400 == 0))
    return datetime(year, 2, 29, 12, tzinfo=UTC)


def settings(now: datetime) -> dict[str, dict[str, str]]:
    """What each run has in its environment."""
    dates = {
        "a day later": now + timedelta(days=1),
        "ten years later": now + timedelta(days=3_653),
        "29 February": leap_day(now),
        "New Year's Eve, 23:59:50": datetime(now.year, 12, 31, 23, 59, 50, tzinfo=UTC),
    }
    places = {name: {"TZ": name} for name in ("Asia/Kolkata", "America/St_Johns")}
    return {name: shifted(date - now) for name, date in dates.items()} | places


def shifted(by: timedelta) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME": f"{by.total_seconds():+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (its answer)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="under a minute: what starts a process, few others"
    )
    is_short = parser.parse_args().short
    if not LIBRARIES:
        sys.exit("This needs libfaketime: install the package faketime.")
    tests = SHORT if is_short else WHOLE
    run = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    failed = []
    for name in settings(datetime.now(UTC)):
        environment = os.environ | settings(datetime.now(UTC))[name]
        say(f"== {name}")
        try:
            code = subprocess.run(
                run, env=environment, cwd=ROOT, timeout=LIMIT[is_short], check=False
            ).returncode
        except subprocess.TimeoutExpired:
            say(f"not done in {LIMIT[is_short]} s")
            code = 1
        failed += [name] if code else []
    say("failed at: " + "; ".join(failed) if failed else "well at every date and place")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
