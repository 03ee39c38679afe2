"""Scheduled maintenance. All of it is written for the public; who did what is in the audit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type
from majorops.domain.enums import MaintenanceStatus, Repeat
from majorops.domain.maintenance import span


class Maintenance(Base):
    """Scheduled work with planned times in UTC; `domain/maintenance.py` says which state follows which."""

    __tablename__ = "maintenance"
    __table_args__ = (
        Index("ix_maintenance_status_starts_at", "status", "starts_at"),
        Index("ix_maintenance_changed_at", "changed_at"),
        Index("ix_maintenance_follow_at", "follow_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[MaintenanceStatus] = mapped_column(
        enum_type(MaintenanceStatus), default=MaintenanceStatus.PLANNED
    )
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    is_automatic: Mapped[bool] = mapped_column(default=True)  # begins and ends by the clock
    is_public: Mapped[bool] = mapped_column(default=True)
    systems: Mapped[str] = mapped_column(Text, default="")  # names, comma-separated
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # done or cancelled

    # It comes again: by the times that it had when that was set, this being the occurrence with this number.
    repeats: Mapped[Repeat] = mapped_column(enum_type(Repeat), default=Repeat.NEVER)
    repeat_every: Mapped[int] = mapped_column(default=1)
    repeat_from: Mapped[datetime | None] = mapped_column(UTCDateTime)
    repeat_to: Mapped[datetime | None] = mapped_column(UTCDateTime)
    occurrence: Mapped[int] = mapped_column(default=0)
    follow_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when the next one is planned

    updates: Mapped[list[MaintenanceUpdate]] = relationship(
        order_by="MaintenanceUpdate.id.desc()", back_populates="maintenance"
    )

    @property
    def system_names(self) -> list[str]:
        """Empty where it names no system."""
        return self.systems.split(", ") if self.systems else []

    @property
    def version(self) -> str:
        """What a form carries along, so that nobody overwrites what they have not seen."""
        return f"{self.changed_at:%Y%m%dT%H%M%S.%f}"

    @property
    def span(self) -> str:
        """`2026-11-25 22:00 to 23:30 UTC`; the day of the end where it is another."""
        return span(self.starts_at, self.ends_at)

    @property
    def rule(self) -> str:
        """How it comes again: `Every week`, `Every 2 months`; empty where it does not."""
        if self.repeats is Repeat.NEVER:
            return ""
        unit = self.repeats.value
        return f"Every {unit[:-1]}" if self.repeat_every == 1 else f"Every {self.repeat_every} {unit}"

    def __str__(self) -> str:
        return self.title


class MaintenanceUpdate(Base):
    """What was said about it, with the state that it said; append-only."""

    __tablename__ = "maintenance_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    maintenance_id: Mapped[int] = mapped_column(ForeignKey("maintenance.id"), index=True)
    status: Mapped[MaintenanceStatus] = mapped_column(enum_type(MaintenanceStatus))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    maintenance: Mapped[Maintenance] = relationship(back_populates="updates")
