"""Which earlier incidents one resembles: read from indexes here, weighed by `domain/similar.py`.

However long the past is, so many of the newest incidents are read for each word and each system. Whoever
reads the fireground reads all of them, a token for one system those of that system; drills are compared with
drills.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, literal_column, select, union_all
from sqlalchemy.orm import aliased

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.causes import stated_cause
from majorops.domain.enums import TrackOutcome
from majorops.domain.events import EventKind
from majorops.domain.search import words_in
from majorops.domain.similar import Case, Like, alike, asked_words, forms, rarity
from majorops.domain.text import clean_line
from majorops.models import AffectedSystem, Incident, Publication, RecoveryTrack, ReviewText, TimelineEvent
from majorops.models.full_text import newest_of_each

NEWEST = 24  # incidents that are read for each word and each system
SYSTEMS = 6  # of an incident that are looked for
CAUSE = 300  # characters of a cause
LAST = -99  # the place of the newest number of all
BESIDE_SYSTEM = 2  # words that are looked for beside the name of the first system, too
TEXT = 600  # characters of a description that are compared
WEIGHED = 12  # of which the end is read
BESIDE = 12  # tracks and ruled-out causes of each that are laid beside


@dataclass(frozen=True)
class Beside:
    """What an earlier incident leaves to whoever has one like it.

    `tracks`: goal, team, and how it ended, with its note; `ruled_out`: cause and why.
    """

    tracks: tuple[tuple[str, str, str], ...]
    ruled_out: tuple[tuple[str, str], ...]


def like_title(title: str, systems: Sequence[str], *, actor: Actor, own: int = 0) -> list[Like]:
    """The resolved incidents that one with this title and these systems would resemble.

    `own`: the number of one that is not offered.
    """
    named = tuple(clean_line(name) for name in systems[:SYSTEMS])
    return _like(Case(own, clean_line(title[:300]), named), False, actor)


def like_incident(incident: Incident, *, actor: Actor) -> list[Like]:
    """The resolved incidents that this one resembles. Four queries at most."""
    systems = tuple(incident.system_names)[:SYSTEMS]
    case = Case(incident.id, incident.title, systems, incident.description[:TEXT])
    return _like(case, incident.is_drill, actor)


def _like(case: Case, is_drill: bool, actor: Actor) -> list[Like]:
    if not actor.can(Permission.INCIDENT_READ):
        return []
    having, numbers = _candidates(case)
    if not numbers:
        return []
    earlier = [one for one in _read(case, numbers, is_drill) if actor.sees(one.systems)]
    found = alike(case, earlier, having.__getitem__, WEIGHED)
    ends = _ends([like.case.number for like in found])
    known = [
        replace(like.case, cause=ends[like.case.number][0], ended=ends[like.case.number][1]) for like in found
    ]
    return alike(case, known, having.__getitem__)


def _candidates(case: Case) -> tuple[dict[str, float], set[int]]:
    """What each word and system is worth, and the numbers of the incidents that may be alike. One query."""
    words = asked_words(case)
    names = [forms(word) for word in words.values()]
    groups = [(one,) for one in names] + ([tuple(names)] if len(names) > 1 else [])
    # The systems' own names stand in most titles: a word beside one is worth more than the newest of either.
    for system in case.systems[:1]:
        groups += [(*((part,) for part in words_in(system)), one) for one in names[:BESIDE_SYSTEM]]
    parts: list[Select[Any]] = newest_of_each("incident", groups, NEWEST)
    number = AffectedSystem.incident_id.label("id")
    for place, name in enumerate(case.systems):
        newest = select(number).where(AffectedSystem.name == name).order_by(number.desc())
        parts.append(_placed(-1 - place, newest.limit(NEWEST)))
    if not parts:
        return {}, set()
    last = select(Incident.id).order_by(Incident.id.desc()).limit(1)
    parts.append(_placed(LAST, last))
    found: dict[int, list[int]] = defaultdict(list)
    for place, number in db.session.execute(union_all(*parts)):
        found[place].append(number)
    of = max(found.pop(LAST, [0]))
    having = {stem: _worth(found[place], of) for place, stem in enumerate(words)}
    having |= {name: _worth(found[-1 - place], of) for place, name in enumerate(case.systems)}
    return having, {number for numbers in found.values() for number in numbers} - {case.number}


def _placed(place: int, newest: Select[Any]) -> Select[Any]:
    rows = newest.subquery()
    return select(literal_column(str(place)).label("place"), rows.c.id)


def _worth(newest: list[int], of: int) -> float:
    """Of how many incidents have it: all are here, or as many as lie between the newest say."""
    if len(newest) < NEWEST:
        return rarity(len(newest), of)
    return rarity(max(len(newest) * of // (of - min(newest) + 1), 1), of)


def _read(case: Case, numbers: Collection[int], is_drill: bool) -> list[Case]:
    """Those that are over and no duplicates, drills or none. Two queries."""
    columns = (
        Incident.id,
        Incident.title,
        func.substr(Incident.description, 1, TEXT).label("text"),
        Incident.detected_at,
        Incident.resolved_at,
    )
    over = select(*columns).where(Incident.id.in_(numbers), Incident.resolved_at.is_not(None))
    rows = db.session.execute(
        over.where(Incident.is_drill.is_(is_drill), Incident.merged_into_id.is_(None))
    ).all()
    systems: dict[int, list[str]] = defaultdict(list)
    named = select(AffectedSystem.incident_id, AffectedSystem.name)
    for number, name in db.session.execute(
        named.where(AffectedSystem.incident_id.in_([row.id for row in rows])).order_by(AffectedSystem.id)
    ):
        systems[number].append(name)
    return [
        Case(
            row.id,
            row.title,
            tuple(systems[row.id]),
            row.text,
            minutes=int((row.resolved_at - row.detected_at).total_seconds() // 60),
        )
        for row in rows
    ]


def _ends(numbers: Collection[int]) -> dict[int, tuple[str, str]]:
    """The cause of each, by its review, or else the sentence that states it, and what ended it.

    Three queries.
    """
    causes: dict[int, str] = defaultdict(str)
    ended: dict[int, str] = defaultdict(str)
    succeeded = select(RecoveryTrack.incident_id, RecoveryTrack.goal).where(
        RecoveryTrack.incident_id.in_(numbers), RecoveryTrack.outcome == TrackOutcome.SUCCEEDED
    )
    for number, goal in db.session.execute(succeeded.order_by(RecoveryTrack.id)):
        ended[number] = goal
    last = select(Publication.incident_id, Publication.body).where(
        Publication.incident_id.in_(numbers), Publication.is_resolution, Publication.withdrawn_at.is_(None)
    )
    for number, body in db.session.execute(last.order_by(Publication.id)):
        causes[number] = stated_cause(body).removeprefix("Cause: ")[:CAUSE]
    rooted = select(ReviewText.incident_id, ReviewText.text).where(
        ReviewText.incident_id.in_(numbers), ReviewText.name == "root_cause"
    )
    stands = dict(db.session.execute(rooted.order_by(ReviewText.version)).all())
    causes.update({number: words[:CAUSE] for number, words in stands.items() if words})
    return {number: (causes[number], ended[number]) for number in numbers}


def beside(numbers: Collection[int], *, actor: Actor) -> dict[int, Beside]:
    """The tracks and the ruled-out causes of these incidents, oldest first. Two queries."""
    if not numbers or not actor.can(Permission.INCIDENT_READ):
        return {}
    tracks: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    rows = select(RecoveryTrack).where(RecoveryTrack.incident_id.in_(numbers)).order_by(RecoveryTrack.id)
    for row in db.session.scalars(rows.limit(BESIDE * len(numbers))):
        note = f": {row.outcome_note}" if row.outcome_note else ""
        tracks[row.incident_id].append((row.goal, row.team, f"{row.outcome.label}{note}"))
    ruled_out: dict[int, list[tuple[str, str]]] = defaultdict(list)
    strikes = aliased(TimelineEvent)
    causes = (
        select(TimelineEvent)
        .outerjoin(strikes, strikes.corrects_id == TimelineEvent.id)
        .where(TimelineEvent.incident_id.in_(numbers), TimelineEvent.kind == EventKind.CAUSE_RULED_OUT)
        .where(strikes.id.is_(None))
        .order_by(TimelineEvent.seq)
        .limit(BESIDE * len(numbers))
    )
    for entry in db.session.scalars(causes):
        ruled_out[entry.incident_id].append((entry.title.removeprefix("Ruled out: "), entry.detail))
    return {number: Beside(tuple(tracks[number]), tuple(ruled_out[number])) for number in numbers}
