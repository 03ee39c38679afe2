"""Every age on screen ticks by one mechanism: what differs between two drawings of the same record lies
inside an element that the page's script keeps (data-since, data-until, data-clock), or in a region that
it asks for at that time (data-turns).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest

from majorops.domain.enums import CommandRole, Phase, Visibility
from majorops.operations import asks, command, handover, tracks, updates
from majorops.operations.edit import edit_field

KEPT = {"data-since", "data-until", "data-clock"}
# Of a request, or an example of what may be typed.
IGNORED = {"data-now", "data-ticket", "value", "data-colour", "content", "src", "href", "placeholder"}
WITH = {"nudge": "nudge-top", "panel": "foot"}  # drawn with another region (_partials.html)
VOID = {"input", "br", "meta", "link", "img", "hr", "option", "path", "use", "symbol"}


class Walk(HTMLParser):
    """The page as (region, what is read there): tags with their attributes,
    and texts outside of what ticks.
    """

    def __init__(self, text: str):
        super().__init__()
        self.seen: list[tuple[str, str]] = []
        self.turns: list[tuple[datetime, set[str]]] = []
        self._open: list[
            tuple[str, bool, str]
        ] = []  # tag, whether it ticks, the innermost id that is a region
        self.feed(text.partition("<body")[2].partition(">")[2])

    @property
    def _here(self) -> tuple[bool, str]:
        return (self._open[-1][1], self._open[-1][2]) if self._open else (False, "")

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        ticks, region = self._here
        if given.get("id") in REGIONS:
            region = given["id"]
        if "data-turns" in given:
            self.turns.append(
                (datetime.fromisoformat(given["data-turns"]), set(given["data-refresh"].split()))
            )
        if not ticks:
            read = {
                name: value for name, value in given.items() if name not in IGNORED | KEPT | {"data-turns"}
            }
            self.seen.append((region, f"<{tag} {sorted(read.items(), key=str)}>"))
        if tag not in VOID:
            self._open.append((tag, ticks or bool(KEPT & given.keys()), region))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            opened = [one[0] for one in self._open]
            del self._open[len(opened) - 1 - opened[::-1].index(tag) if tag in opened else 0 :]

    def handle_data(self, data: str) -> None:
        ticks, region = self._here
        if not ticks and data.strip():
            self.seen.append((region, data.strip()))

    def without(self, regions: set[str]) -> list[tuple[str, str]]:
        return [one for one in self.seen if one[0] not in regions]


def untold(first: str, later: str, until: datetime) -> list:
    """What the second page says otherwise, outside of what the first page would have kept up
    to date by itself.
    """
    before, after = Walk(first), Walk(later)
    asked = {name for at, names in before.turns if at <= until for name in names}
    asked |= {more for name, more in WITH.items() if name in asked}
    old, new = before.without(asked), after.without(asked)
    return [pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]] + [len(old) - len(new)] * (
        len(old) != len(new)
    )


REGIONS: set[str] = set()


@pytest.fixture(autouse=True)
def _regions():
    from majorops.domain.events import Region

    REGIONS.update(Region, WITH.values(), {"incidents"})


@pytest.fixture
def busy(cast, clock):
    """An incident with something of everything that has an age."""
    incident = cast.full_house()
    other = cast.open(title="checkout times out", detected_at=clock() - timedelta(minutes=50))
    who = {"actor": cast.maya, "now": clock()}
    command.assign_role(other, CommandRole.MIM, "Maya Okafor", **who)
    cast.bring_to(other, Phase.ISOLATION)
    clock.tick(minutes=2)
    who["now"] = clock()
    tracks.open_track(other, team="App", owner="Rita Moreau", goal="roll back", minutes=30, **who)
    tracks.open_track(other, team="Network", owner="Lena", goal="drain the edge", **who)
    tracks.report_can(other, team="App", conditions="5xx", needs="deploy freeze", **who)
    tracks.report_can(other, team="Database", conditions="idle", **who)
    tracks.gather(other, ["Storage"], 20, **who)
    asks.ask(other, whom="Rita Moreau", what="pool size", minutes=30, **who)
    given = {"visibility": Visibility.PUBLIC, "next_update_eta": clock() + timedelta(minutes=30)}
    updates.publish_milestone(other, "We know the cause.", **given, **who)
    edit_field(other, "phase_note", "Lena is on her way", **who)
    handover.offer_handover(other, cast.omar.user_id, **who)
    return incident, other


@pytest.mark.parametrize("minutes", [1, 7, 25, 61, 200])
def test_every_age_on_the_fireground_ticks(cast, clock, busy, minutes):
    maya = cast.browser("maya")
    clock.tick(seconds=90)
    addresses = [f"/admin/incidents/{incident.id}" for incident in busy] + ["/admin/incidents"]
    first = [maya.get(address).text for address in addresses]
    until = clock.tick(minutes=minutes)
    for address, before in zip(addresses, first, strict=True):
        assert untold(before, maya.get(address).text, until) == [], address


def test_what_turns_by_time_alone_is_asked_for_not_before_it_turned(cast, clock, busy):
    """At the very moment that the page names the server draws it otherwise:
    no screen asks in vain, none waits.
    """
    maya = cast.browser("maya")
    address = f"/admin/incidents/{busy[1].id}"
    page = maya.get(address).text
    for _ in range(12):
        at, names = min(((at, names) for at, names in Walk(page).turns), key=lambda one: one[0])
        assert at > clock()
        clock.now = at
        later = maya.get(address).text
        still = [turn for turn in Walk(later).turns if turn[0] <= at]
        assert still == [], (at, names)
        page = later
