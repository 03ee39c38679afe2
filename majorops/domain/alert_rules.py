"""Alert rules as data: which of them matches a group of alerts, and what it does with the group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from fnmatch import fnmatchcase

from majorops.domain.enums import RuleAction, Severity
from majorops.domain.text import clean_line

MATCHES_MOST, TEXT_LONGEST = 20, 200
COUNT_MOST, MINUTES_MOST = 100, 24 * 60
CONTINUES_WITHIN = timedelta(hours=24)  # of the close: what fires later has nothing to do with it


@dataclass(frozen=True)
class Match:
    """One condition: the label's text is like the pattern, where `*` stands for any letters, or is not."""

    label: str
    pattern: str
    is_not: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels fulfil it; one that is missing has the empty text. Case does not count."""
        text = labels.get(self.label, "").lower()
        return fnmatchcase(text, self.pattern) is not self.is_not


def read_matches(typed: str) -> tuple[Match, ...]:
    """Conditions, one a line: `severity = critical`, `service != dev-*`.

    Raises ValueError with a sentence that names the line.
    """
    lines = [(number, clean_line(line)) for number, line in enumerate(typed.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    if len(lines) > MATCHES_MOST:
        raise ValueError(f"At most {MATCHES_MOST} conditions; these are {len(lines)}.")
    return tuple(_match(number, line) for number, line in lines)


def _match(number: int, line: str) -> Match:
    name, sign, text = line.partition("=")
    if not sign or len(line) > TEXT_LONGEST:
        raise ValueError(
            f"Line {number}: a condition is a label, = or !=, and a text, such as severity = high."
        )
    is_not, name = name.endswith("!"), name.removesuffix("!").strip()
    if not name:
        raise ValueError(f"Line {number}: name the label before the sign.")
    # Brackets and question marks mean themselves: only the star is said to be more.
    pattern = "".join(f"[{letter}]" if letter in "[?" else letter for letter in text.strip().lower())
    return Match(name, pattern, is_not)


@dataclass(frozen=True)
class Rule:
    """A rule as it is asked. `source`: the number of the only source it is for, None for all.

    It acts from the `at_count`-th alert within `minutes` on.
    """

    id: int
    name: str
    action: RuleAction
    severity: Severity
    matches: tuple[Match, ...] = ()
    source: int | None = None
    at_count: int = 1
    minutes: int = 10

    def is_for(self, source: int, labels: Mapping[str, str]) -> bool:
        """Whether an alert of this source with these labels is meant."""
        return self.source in (None, source) and all(match.holds(labels) for match in self.matches)

    def has_come(self, fired: Iterable[datetime], now: datetime) -> bool:
        """Whether enough alerts fired within its minutes."""
        since = now - timedelta(minutes=self.minutes)
        return self.at_count <= 1 or sum(at >= since for at in fired) >= self.at_count


def decide(
    rules: Iterable[Rule],
    source: int,
    labels: Sequence[Mapping[str, str]],
    fired: Sequence[datetime],
    now: datetime,
) -> Rule | None:
    """The first rule, in their order, that is for one of these alerts and whose count has come; else None.

    `labels`: of each alert of a group that was just heard; `fired`: when its alerts came, the newest
    COUNT_MOST.
    """
    for rule in rules:
        if any(rule.is_for(source, one) for one in labels) and rule.has_come(fired, now):
            return rule
    return None


class Outcome(Enum):
    """What is done with a group."""

    OPEN = auto()
    ATTACH = auto()
    CONTINUE = auto()  # opens the continuation of the incident that is over
    WAIT = auto()


def outcome(action: RuleAction, *, has_running: bool, resolved_at: datetime | None, now: datetime) -> Outcome:
    """What a rule does with a group, as things stand.

    `has_running`: an incident runs that has the group's system, or that the group belongs to; `resolved_at`:
    when the incident that the group belonged to was resolved, None for none. A resolved incident takes no new
    alert: its continuation is opened, where the rule opens, else a person is asked.
    """
    if action is RuleAction.WAIT:
        return Outcome.WAIT
    if has_running:
        return Outcome.ATTACH
    if action is RuleAction.ATTACH:
        return Outcome.WAIT
    return Outcome.CONTINUE if is_continued(resolved_at, now) else Outcome.OPEN


def is_continued(resolved_at: datetime | None, now: datetime) -> bool:
    """Whether what fires now goes on with an incident that was resolved then; None for none."""
    return resolved_at is not None and now - resolved_at <= CONTINUES_WITHIN


# What sources call how bad it is; Box and posture stay a person's word.
_SEVERITIES = {
    Severity.CRITICAL: "critical crit fatal emergency disaster p1 sev1 sev-1 s1",
    Severity.HIGH: "high error major page alert p2 sev2 sev-2 s2",
    Severity.MEDIUM: "medium warning warn average minor p3 sev3 sev-3 s3",
    Severity.LOW: "low info informational information notice p4 p5 sev4 sev-4 s4",
}


def severity_of(said: str) -> Severity:
    """The severity that a source's own word suggests; Medium for one that nobody knows."""
    word = said.strip().lower()
    return next((one for one, words in _SEVERITIES.items() if word in words.split()), Severity.MEDIUM)
