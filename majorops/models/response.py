"""What the teams do: recovery tracks, timeboxes, CAN reports; what the MIM keeps per phase."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, IntEnum, UTCDateTime, enum_type
from majorops.domain.vocab import Phase, TrackOutcome


class RecoveryTrack(Base):
    __tablename__ = "recovery_track"
    __table_args__ = (CheckConstraint("minutes BETWEEN 1 AND 720", name="minutes_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    team: Mapped[str] = mapped_column(String(80))
    owner: Mapped[str] = mapped_column(String(120))
    goal: Mapped[str] = mapped_column(String(300))
    minutes: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    extensions: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[TrackOutcome] = mapped_column(enum_type(TrackOutcome), default=TrackOutcome.RUNNING)
    outcome_note: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Timebox(Base):
    """A promise of time without a track: gathering conditions, a vendor's answer."""

    __tablename__ = "timebox"
    __table_args__ = (CheckConstraint("minutes BETWEEN 1 AND 720", name="minutes_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(300))
    owner: Mapped[str] = mapped_column(String(120))
    minutes: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class CanReport(Base):
    """Conditions, actions, needs of one team at one moment."""

    __tablename__ = "can_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    team: Mapped[str] = mapped_column(String(80))
    conditions: Mapped[str] = mapped_column(Text)
    actions: Mapped[str] = mapped_column(Text, default="")
    needs: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class PhaseNote(Base):
    __tablename__ = "phase_note"
    __table_args__ = (UniqueConstraint("incident_id", "phase"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    phase: Mapped[Phase] = mapped_column(IntEnum(Phase))
    text: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChecklistTick(Base):
    __tablename__ = "checklist_tick"
    __table_args__ = (UniqueConstraint("incident_id", "phase", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    phase: Mapped[Phase] = mapped_column(IntEnum(Phase))
    item: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
