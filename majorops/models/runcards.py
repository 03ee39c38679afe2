"""Run cards with their versions, and those that lie on a fireground."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, IntEnum, UTCDateTime
from majorops.domain.enums import CardTier


class RunCard(Base):
    """A run card (domain §9); its text is in its versions, the newest one counts.

    `systems`: comma-separated names that it answers; `*` stands for any letters.
    """

    __tablename__ = "run_card"
    __table_args__ = (CheckConstraint("tier BETWEEN 1 AND 3", name="tier_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tier: Mapped[CardTier] = mapped_column(IntEnum(CardTier))
    name: Mapped[str] = mapped_column(String(120), unique=True)
    systems: Mapped[str] = mapped_column(String(1000))
    is_active: Mapped[bool] = mapped_column(default=True)
    reviewed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # After a Critical incident the cards that were used are looked at again.
    review_wanted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    review_incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))

    versions: Mapped[list[RunCardVersion]] = relationship(
        order_by="RunCardVersion.number.desc()", back_populates="card"
    )

    def __str__(self) -> str:
        return self.name


class RunCardVersion(Base):
    """The text of a card as it was saved once. Append-only."""

    __tablename__ = "run_card_version"
    __table_args__ = (UniqueConstraint("card_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("run_card.id"))
    number: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    card: Mapped[RunCard] = relationship(back_populates="versions")

    def __str__(self) -> str:
        return f"{self.card.name}, v{self.number}"


class RunCardUse(Base):
    """A version that was put on a fireground; the newest one is shown."""

    __tablename__ = "run_card_use"
    __table_args__ = (UniqueConstraint("incident_id", "version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("run_card_version.id"))
    put_by: Mapped[str] = mapped_column(String(120))
    put_at: Mapped[datetime] = mapped_column(UTCDateTime)

    version: Mapped[RunCardVersion] = relationship()


class RunCardTick(Base):
    """A step that was done; `step` counts from 0."""

    __tablename__ = "run_card_tick"
    __table_args__ = (UniqueConstraint("use_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    use_id: Mapped[int] = mapped_column(ForeignKey("run_card_use.id"))
    step: Mapped[int]
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
