"""Alerts as sources tell of them: what becomes of each, which belong together, what they are about.

Alerts never advance, publish, lower or close an incident: they say when it fired and when all had cleared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256

from majorops.domain.enums import AlertState
from majorops.domain.text import clean_line, clean_text, count, web_link

TITLE_LONGEST, DETAIL_LONGEST, KEY_LONGEST, SEVERITY_LONGEST = 200, 4_000, 255, 40
LABELS_MOST, NAME_LONGEST, VALUE_LONGEST = 50, 80, 200
AHEAD_MOST = timedelta(minutes=5)  # by which the clock of a source may be ahead of ours
NAMES_OF_SYSTEMS = ("system", "service", "application", "app", "component", "job")  # labels, the best first
FLOOD, FLOOD_WITHIN = 10, timedelta(minutes=5)  # new groups of one source; further ones are one group
FLAPS_MOST = 5  # times that an incident's alerts fire again until their clearing is not believed any more
SILENCE = "silence of the source"  # the key of what stands for a source that does not speak


@dataclass(frozen=True)
class Heard:
    """What a source says of one alert: made by `heard`, which cleans it.

    `key`: the source's own, by which the same alert is known again. `group`: the source's own key of what
    belongs together, empty for none. `started_at`, `ended_at`: as the source says, None where it does not;
    `said_at`: when it said this. `is_taken_back`: an acknowledgement is. `page_key`: of the page of ours that
    it may be about (`domain/pagers.py`), and the person there who is on it, `answered_by`; empty for none.
    """

    key: str
    state: AlertState
    title: str
    group: str = ""
    severity: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    link: str = ""
    detail: str = ""
    said_at: datetime | None = None
    is_taken_back: bool = False
    page_key: str = ""
    answered_by: str = ""

    @property
    def digest(self) -> str:
        """The key as it is kept and compared: whatever its length."""
        return digest(self.key)


def digest(key: str) -> str:
    """64 hexadecimal digits for a key of any length and of any letters."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def heard(
    key: str,
    state: AlertState,
    title: str,
    *,
    group: str = "",
    severity: str = "",
    labels: Mapping[str, object] | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    link: str = "",
    detail: str = "",
    said_at: datetime | None = None,
    is_taken_back: bool = False,
) -> Heard:
    """An alert from texts that nobody has read yet: cut, controls visible, links only to the web.

    A text that may be empty is no key: then the title is the key.
    """
    shown = clean_line(title)[:TITLE_LONGEST] or "Alert without a title"
    named = [(clean_line(str(name)), clean_line(str(text))) for name, text in (labels or {}).items()]
    address = web_link(link) or ""
    return Heard(
        key=key or shown,
        state=state,
        title=shown,
        group=group,
        severity=clean_line(severity)[:SEVERITY_LONGEST].lower(),
        labels={name[:NAME_LONGEST]: text[:VALUE_LONGEST] for name, text in named[:LABELS_MOST] if name},
        started_at=started_at,
        ended_at=ended_at,
        link=address if len(address) <= 2_000 else "",
        detail=clean_text(detail)[:DETAIL_LONGEST],
        said_at=said_at,
        is_taken_back=is_taken_back,
    )


class Step(Enum):
    """What becomes of an alert that is heard."""

    NEW = auto()  # it fires for the first time, or anew after it cleared
    AGAIN = auto()  # it still fires: its details are refreshed
    REOPENED = auto()  # the same time of firing goes on: its end, or its acknowledgement, is taken back
    ACKNOWLEDGED = auto()
    CLEARED = auto()
    LATE = auto()  # of what is over already, or was never heard to fire: nothing


def step(
    state: AlertState | None, said: Heard, started_at: datetime | None = None, said_at: datetime | None = None
) -> Step:
    """What becomes of an alert, by how its newest row stands; `state` None for no row.

    `started_at`, `said_at`: of that row, None where the source did not say. What was said before what we know
    came late, and so did an end that lies before the present start. A start alone says nothing: Alertmanager
    moves it to the earliest that it hears of. An acknowledgement or an end without an open alert is dropped,
    as PagerDuty does.
    """
    is_old_end = said.state is AlertState.CLEARED and is_before(said.ended_at, started_at)
    if state is not None and (is_old_end or is_before(said.said_at, said_at)):
        return Step.LATE
    if said.state is AlertState.FIRING:
        if state is None:
            return Step.NEW
        if state is AlertState.FIRING or (state is AlertState.ACKNOWLEDGED and not said.is_taken_back):
            return Step.AGAIN
        is_same = said.started_at is not None and started_at is not None and said.started_at <= started_at
        return Step.REOPENED if is_same or state is AlertState.ACKNOWLEDGED else Step.NEW
    if state is None or state is AlertState.CLEARED:
        return Step.LATE
    return Step.ACKNOWLEDGED if said.state is AlertState.ACKNOWLEDGED else Step.CLEARED


def is_before(one: datetime | None, other: datetime | None) -> bool:
    """Whether the one was before the other; what is not known was before nothing."""
    return one is not None and other is not None and one < other


def plausible(at: datetime | None, now: datetime) -> datetime:
    """When something was, as far as it can be: now for what has no time, or one in the future."""
    return now if at is None or at > now + AHEAD_MOST else min(at, now)


def systems_of(labels: Mapping[str, str], known: Collection[str], default: str = "") -> list[str]:
    """The systems of the catalogue (`known`, lower case) that labels name, else the source's own."""
    lower = {name.lower(): text.lower() for name, text in labels.items()}
    found = [lower[name] for name in NAMES_OF_SYSTEMS if lower.get(name) in known]
    return list(dict.fromkeys(found)) or ([default] if default else [])


def group_key(said: Heard, systems: Collection[str]) -> str:
    """What an alert belongs to: the source's own group, else what it is about, else its title."""
    if said.group:
        return f"group {said.group}"
    return f"system {' '.join(systems)}" if systems else f"title {said.title}"


FLOOD_KEY = "flood"


def is_flood(new_groups: int) -> bool:
    """Whether a source made so many groups within FLOOD_WITHIN that further ones are one."""
    return new_groups >= FLOOD


def state_of(firing: int, acknowledged: int) -> AlertState:
    """How a group stands: cleared only when all of it did."""
    if firing:
        return AlertState.FIRING
    return AlertState.ACKNOWLEDGED if acknowledged else AlertState.CLEARED


def is_believed(flaps: int) -> bool:
    """Whether the end of all alerts still sets *alert cleared*: not of what fires again and again."""
    return flaps <= FLAPS_MOST


def title_of(titles: Iterable[str], alerts: int) -> str:
    """The title of an incident that alerts open: that of the first, and how many came with it."""
    first = next(iter(titles), "Alert")
    more = f" and {count(alerts - 1, 'more alert')}" if alerts > 1 else ""
    return first[: TITLE_LONGEST - len(more)] + more


def alerts_in_words(counts: Mapping[AlertState, int]) -> str:
    """How the alerts of an incident stand: `2 of 5 alerts fire`, `5 alerts, all cleared`; empty for none."""
    firing, acknowledged = counts.get(AlertState.FIRING, 0), counts.get(AlertState.ACKNOWLEDGED, 0)
    total = firing + acknowledged + counts.get(AlertState.CLEARED, 0)
    if not total:
        return ""
    if firing:
        return f"{firing:,} of {count(total, 'alert')} {'fires' if firing == 1 else 'fire'}"
    return f"{count(total, 'alert')}, {f'{acknowledged:,} acknowledged' if acknowledged else 'all cleared'}"


def is_silent(every: int, heard_at: datetime, now: datetime) -> bool:
    """Whether a source that should speak every so many minutes has not."""
    return now - heard_at > timedelta(minutes=every)


def silence(name: str, every: int, now: datetime, *, is_over: bool) -> Heard:
    """The alert that stands for a source that does not speak, or its end."""
    state = AlertState.CLEARED if is_over else AlertState.FIRING
    title = f"{name} is silent: it should speak every {count(every, 'minute')}"
    return heard(SILENCE, state, title, group=SILENCE, ended_at=now, labels={"alertname": "Silent source"})
