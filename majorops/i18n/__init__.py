"""The words of the public pages, one file per language.

To add one: copy en.toml under its language code and translate it.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
DEFAULT = "en"


class Texts:
    """One language.

    `texts("status.peace", time=…)` gives the sentence; KeyError for a name that the catalogue lacks.
    """

    def __init__(self, language: str, table: dict[str, str]):
        self.language, self.table = language, table
        self._months = table["time.months"].split()
        self._long_months = table["time.long_months"].split()

    def __call__(self, name: str, **values: object) -> str:
        return self.table[name].format(**values) if values else self.table[name]

    def section(self, name: str) -> dict[str, str]:
        """All sentences of one part, such as what the page's script says."""
        return {key.partition(".")[2]: text for key, text in self.table.items() if key.startswith(f"{name}.")}

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", self.table["time.thousands"])

    def day(self, value: date) -> str:
        """`17 Nov`."""
        return self("time.day", day=value.day, month=self._months[value.month - 1])

    def month(self, value: date) -> str:
        """`November 2026`."""
        return f"{self._long_months[value.month - 1]} {value.year}"

    def at(self, value: datetime, now: datetime | None = None) -> str:
        """`14:23`, and `17 Nov 14:23` where it was on another day than `now`."""
        hour = f"{value:%H:%M}"
        return hour if now and value.date() == now.date() else f"{self.day(value)} {hour}"

    def duration(self, value: timedelta) -> str:
        """`44 min`, `1 h 05 min`, `6 days 4 h`."""
        minutes = int(value.total_seconds()) // 60
        if minutes < 60:
            return self("time.min", n=minutes)
        if minutes < 24 * 60:
            return self("time.hours", h=minutes // 60, m=f"{minutes % 60:02d}")
        days, hours = minutes // 1440, minutes // 60 % 24
        return self("time.day_one" if days == 1 else "time.days", d=days, h=hours)


def _flat(table: dict[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        found |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return found


LANGUAGES: dict[str, Texts] = {
    path.stem: Texts(path.stem, _flat(tomllib.loads(path.read_text())))
    for path in sorted(FOLDER.glob("*.toml"))
}
ENGLISH = LANGUAGES[DEFAULT]
