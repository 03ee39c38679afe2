"""Who outside wants to be told, and what is told to all of them at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type, partial
from majorops.domain.enums import ChannelKind, Frequency, SubscriberState
from majorops.models.incident import Incident
from majorops.models.maintenance import Maintenance
from majorops.models.timeline import Publication


class Subscriber(Base):
    """An address that asked to be told.

    `nonce` is part of the links in its mails: a new one makes all old links void.
    """

    __tablename__ = "subscriber"
    __table_args__ = (
        UniqueConstraint("kind", "address"),
        Index("ix_subscriber_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ChannelKind] = mapped_column(enum_type(ChannelKind))
    address: Mapped[str] = mapped_column(String(1000))
    language: Mapped[str] = mapped_column(String(5), default="en")
    wants_all: Mapped[bool] = mapped_column(default=True)
    frequency: Mapped[Frequency] = mapped_column(enum_type(Frequency), default=Frequency.EACH)
    digest_since: Mapped[datetime | None] = mapped_column(UTCDateTime)  # what is older was told otherwise
    state: Mapped[SubscriberState] = mapped_column(
        enum_type(SubscriberState), default=SubscriberState.WAITING
    )
    nonce: Mapped[str] = mapped_column(String(32))
    secret: Mapped[str | None] = mapped_column(String(128))  # signs what a webhook gets
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    systems: Mapped[list[SubscriberSystem]] = relationship(
        order_by="SubscriberSystem.name", cascade="all, delete-orphan"
    )

    incidents: Mapped[list[SubscriberIncident]] = relationship(
        order_by="SubscriberIncident.incident_id", cascade="all, delete-orphan"
    )

    @property
    def incident_numbers(self) -> list[int]:
        """The incidents that it follows until they are resolved."""
        return [one.incident_id for one in self.incidents]

    @property
    def wants_nothing(self) -> bool:
        """It hears of nothing more: what it followed is over."""
        return not (self.wants_all or self.systems or self.incidents)

    @property
    def system_names(self) -> list[str]:
        """What it wants to hear of, by the alphabet; does not count where `wants_all` is set."""
        return [system.name for system in self.systems]

    def __str__(self) -> str:
        return f"Subscriber {self.id} ({self.kind.label})"


class SubscriberSystem(Base):
    """A system that a subscriber wants to hear of."""

    __tablename__ = "subscriber_system"
    __table_args__ = (UniqueConstraint("subscriber_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id"))
    name: Mapped[str] = mapped_column(String(80))


class SubscriberIncident(Base):
    """An incident that a subscriber follows: told at once of each update, until it is resolved."""

    __tablename__ = "subscriber_incident"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "incident_id"),
        Index("ix_subscriber_incident_incident_id", "incident_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id"))
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))


class Announcement(Base):
    """One public act that subscribers are told of; the worker makes the messages, `cursor` is how far it is.

    `text` is what it says, by language, and what webhooks get; made from projections when
    the first message is.
    """

    __tablename__ = "announcement"
    __table_args__ = (
        Index("ix_announcement_done_at", "done_at"),
        Index("ix_announcement_running", "id", **partial("done_at IS NULL")),
        Index("ix_announcement_incident_id", "incident_id"),
        Index("ix_announcement_maintenance_id", "maintenance_id"),
        Index("ix_announcement_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(80), unique=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    maintenance_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance.id"))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publication.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    text: Mapped[str] = mapped_column(Text, default="")
    cursor: Mapped[int] = mapped_column(default=0)
    incident: Mapped[Incident | None] = relationship()
    maintenance: Mapped[Maintenance | None] = relationship()
    publication: Mapped[Publication | None] = relationship()
    reached: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
