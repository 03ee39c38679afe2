"""Which incidents a page of measures shows, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from majorops.domain.enums import Severity, by_value
from majorops.domain.measured import SHOWN_APART, Apart
from majorops.domain.text import clean_line
from majorops.projections.measures import Asked

DAYS = 90
SPANS = {"30 days": 30, "90 days": 90, "1 year": 365, "2 years": 730}
FIELDS = ("of", "severity", "system", "team", "since", "until")


@dataclass(frozen=True)
class Choice:
    """`asked`: what is shown; `typed`: the fields as they came; `errors`: field → what is wrong with it."""

    asked: Asked
    typed: dict[str, str]
    errors: dict[str, str]

    @property
    def address(self) -> dict[str, str]:
        """The fields that say something, as arguments of an address: the same page again, on any day."""
        known = {
            "of": "" if self.asked.apart is Apart.INCIDENT else self.asked.apart.value,
            "severity": self.asked.severity.value if self.asked.severity else "",
            "system": self.asked.system,
            "team": self.asked.team,
            "since": f"{self.asked.since}",
            "until": f"{self.asked.until}",
        }
        return {name: value for name, value in known.items() if value}

    def spans(self, today: date) -> list[tuple[str, dict[str, str], bool]]:
        """The times that one press chooses: label, arguments, and whether it is the one that is shown."""
        found = []
        for label, days in SPANS.items():
            since = today - timedelta(days=days)
            is_shown = (self.asked.since, self.asked.until) == (since, today)
            found.append((label, self.address | {"since": f"{since}", "until": f"{today}"}, is_shown))
        return found

    def words(self) -> str:
        """What is shown, in one line: for print, and above a file's rows."""
        parts = [self.asked.apart.label]
        parts += [f"severity {self.asked.severity.label}"] if self.asked.severity else []
        parts += [f"system {self.asked.system}"] if self.asked.system else []
        parts += [f"team {self.asked.team}"] if self.asked.team else []
        return ", ".join([*parts, f"opened {self.asked.since} to {self.asked.until} UTC"])


def chosen(given: Mapping[str, str], today: date) -> Choice:
    """What an address asks for. Never raises: a field that cannot be read is named and left out."""
    typed = {name: clean_line(given.get(name, ""))[:200] for name in FIELDS}
    errors: dict[str, str] = {}
    since = _day("since", typed, errors) or (_day("until", typed, {}) or today) - timedelta(days=DAYS)
    until = _day("until", typed, errors) or today
    if until < since:
        errors["until"] = f"This is before {since}. Nothing lies between."
        since = until - timedelta(days=DAYS)
    severity = by_value(Severity, typed["severity"])
    if typed["severity"] and severity is None:
        errors["severity"] = "There is no such severity."
    apart = by_value(Apart, typed["of"] or Apart.INCIDENT.value)
    if apart not in SHOWN_APART:
        errors["of"], apart = "Choose incidents, private incidents or drills.", Apart.INCIDENT
    asked = Asked(since, until, apart or Apart.INCIDENT, severity, typed["system"][:80], typed["team"][:80])
    return Choice(asked, typed, errors)


def _day(name: str, typed: dict[str, str], errors: dict[str, str]) -> date | None:
    if not typed[name]:
        return None
    try:
        found = date.fromisoformat(typed[name])
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 9000:
        errors[name] = "Write the day as 2026-11-17."
        return None
    return found
