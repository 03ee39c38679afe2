"""Events for programs outside: who gets them, what is queued for whom, and every attempt to send it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type, partial
from majorops.domain.enums import DeliveryState
from majorops.domain.outgoing import parts
from majorops.models.account import Reached

WAITS = "settled_at IS NULL"


class Endpoint(Reached, Base):
    """Where a program takes events.

    `kinds`, `systems`: chosen ones, comma-separated, empty for all. `is_internal`: it may get what the public
    may not read; `is_full`: the payload carries the incident and the entry, not their numbers alone.
    `secret`, `old_secret`: sealed with the secret key (signing.Sealer); the old one signs too, until
    `old_until`. `ended_why`: why it was switched off by itself, empty where a person did. `failures`: in a
    row; `rests_until`: when it is tried again; `claimed_until`: how long a worker has it. `told_at`: when
    admins were told that it fails, None since it worked.
    """

    __tablename__ = "event_endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    address: Mapped[str] = mapped_column(String(1000))
    kinds: Mapped[str] = mapped_column(String(1000), default="")
    systems: Mapped[str] = mapped_column(String(1000), default="")
    is_internal: Mapped[bool] = mapped_column(default=False)
    is_full: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    secret: Mapped[str] = mapped_column(String(300))
    old_secret: Mapped[str | None] = mapped_column(String(300))
    old_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_why: Mapped[str] = mapped_column(String(300), default="")
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def chosen_kinds(self) -> list[str]:
        """The kinds, or patterns of them; none for all."""
        return parts(self.kinds)

    @property
    def chosen_systems(self) -> list[str]:
        """The names of systems; none for all."""
        return parts(self.systems)

    def __str__(self) -> str:
        return self.name


class OutgoingEvent(Base):
    """One event for one endpoint. It holds no words: they are read from the record when it goes.

    `key`: what it is called outside, the same at each try; `incident_id` and `seq` name the entry, None for
    the test of an endpoint. `state`: pending, sent, failed (given up) or quiet; pending as long as
    `settled_at` is None.
    """

    __tablename__ = "outgoing_event"
    __table_args__ = (
        Index("ix_outgoing_event_due", "endpoint_id", "next_at", "id", **partial(WAITS)),
        Index("ix_outgoing_event_order", "endpoint_id", "incident_id", "id", **partial(WAITS)),
        Index("ix_outgoing_event_endpoint_id", "endpoint_id", "id"),
        Index("ix_outgoing_event_incident_id", "incident_id"),
        Index("ix_outgoing_event_settled_at", "settled_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("event_endpoint.id"))
    kind: Mapped[str] = mapped_column(String(64))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    seq: Mapped[int | None]
    state: Mapped[DeliveryState] = mapped_column(enum_type(DeliveryState, is_tolerant=True))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str] = mapped_column(String(300), default="")

    endpoint: Mapped[Endpoint] = relationship()

    def __str__(self) -> str:
        return f"{self.kind} to {self.endpoint}"


class EventAttempt(Base):
    """One try to send an event: the status of the answer, None for no answer, how long it took, and why not.

    No body is kept, neither ours nor theirs.
    """

    __tablename__ = "event_attempt"
    __table_args__ = (Index("ix_event_attempt_event_id", "event_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("outgoing_event.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    status: Mapped[int | None]
    milliseconds: Mapped[int]
    error: Mapped[str] = mapped_column(String(300), default="")
