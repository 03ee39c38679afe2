"""The send ledger of an incident: one line for each act that told people something."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.text import count
from majorops.domain.vocab import DeliveryState, Notice
from majorops.models import Announcement, Delivery, Incident

ACTS_SHOWN = 8
OUTSIDE = {"opened": "opened", "said": "public update", "resolved": "resolved"}
NAMED = 40  # recipients of the acts that are shown


@dataclass(frozen=True)
class Act:
    """One act: what it was about, what became of its messages, and to whom they went."""

    at: datetime
    notice: Notice
    subject: str
    states: Counter
    rows: list[Delivery]

    @property
    def summary(self) -> str:
        """`sent to 12, 1 failed`"""
        words = {
            DeliveryState.SENT: "sent to {}",
            DeliveryState.FAILED: "{} failed",
            DeliveryState.PENDING: "{} waiting",
            DeliveryState.SENDING: "{} on the way",
            DeliveryState.NO_CHANNEL: "{} without a channel",
            DeliveryState.QUIET: "{} kept quiet",
        }
        return ", ".join(
            text.format(self.states[state]) for state, text in words.items() if self.states[state]
        )

    @property
    def has_failed(self) -> bool:
        return bool(self.states[DeliveryState.FAILED])

    @property
    def why(self) -> list[str]:
        """Why messages did not arrive, each reason once."""
        return list(dict.fromkeys(row.last_error for row in self.rows if row.last_error))


def _announced(incident: Incident) -> list[Act]:
    """What subscribers were told, counted when it was queued: never a line for each, and never who they are."""
    newest = select(Announcement).filter_by(incident_id=incident.id).order_by(Announcement.id.desc())
    return [
        Act(
            row.at,
            Notice.PUBLIC,
            OUTSIDE[row.act.partition(":")[0]],
            Counter({DeliveryState.SENT: row.reached - row.failed, DeliveryState.FAILED: row.failed}),
            [],
        )
        for row in db.session.scalars(newest.limit(ACTS_SHOWN))
        if row.reached
    ]


def ledger(incident: Incident) -> list[Act]:
    """The newest acts, newest first. Four queries, whatever was sent."""
    newest = (
        select(Delivery.act, func.max(Delivery.id).label("last"))
        .where(Delivery.incident_id == incident.id)
        .group_by(Delivery.act)
        .order_by(func.max(Delivery.id).desc())
        .limit(ACTS_SHOWN)
    )
    acts = [row.act for row in db.session.execute(newest)]
    outside = _announced(incident)
    if not acts:
        return outside
    here = (Delivery.incident_id == incident.id, Delivery.act.in_(acts))
    counts: dict[str, Counter] = {act: Counter() for act in acts}
    for act, state, number in db.session.execute(
        select(Delivery.act, Delivery.state, func.count()).where(*here).group_by(Delivery.act, Delivery.state)
    ):
        counts[act][state] = number
    rows: dict[str, list[Delivery]] = {act: [] for act in acts}
    for row in db.session.scalars(select(Delivery).where(*here).order_by(Delivery.id.desc()).limit(NAMED)):
        rows[row.act].append(row)
    inside = [
        Act(rows[act][0].created_at, rows[act][0].notice, rows[act][0].subject, counts[act], rows[act])
        for act in acts
        if rows[act]
    ]
    return sorted(inside + outside, key=lambda act: act.at, reverse=True)[:ACTS_SHOWN]


def ledger_title(acts: list[Act]) -> str:
    """The folded line: `sent to 12, 1 failed`, over all that is shown."""
    total = sum((act.states for act in acts), Counter())
    return Act(datetime.min, Notice.ALARM, "", total, []).summary or count(0, "message")  # noqa: DTZ901
