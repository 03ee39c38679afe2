"""What the teams do: recovery tracks, timeboxes, CAN reports; what the MIM keeps per phase."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, IntEnum, UTCDateTime, enum_type
from majorops.domain.enums import AskState, Phase, TrackOutcome


class RecoveryTrack(Base):
    """A team's work towards recovery (domain §3; guide, "Running recovery tracks").

    `minutes`, `started_at`, `expires_at`: of the timebox that runs, not of those before it was extended;
    without one `minutes` and `expires_at` are None. `escalated_to`: a name, None until it was escalated.
    """

    __tablename__ = "recovery_track"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 1 AND 720", name="minutes_range"),
        Index("ix_recovery_track_team", "team", "incident_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    team: Mapped[str] = mapped_column(String(80))
    owner: Mapped[str] = mapped_column(String(120))
    goal: Mapped[str] = mapped_column(String(300))
    # None: opened without a timebox, in a hurry; the coach asks for one from phase 5 on.
    minutes: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    extensions: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[TrackOutcome] = mapped_column(enum_type(TrackOutcome), default=TrackOutcome.RUNNING)
    outcome_note: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    escalated_to: Mapped[str | None] = mapped_column(String(120))

    @property
    def is_running(self) -> bool:
        """It has no outcome yet, also where its timebox ran out."""
        return self.outcome is TrackOutcome.RUNNING


class Timebox(Base):
    """A promise of time without a track (domain §3).

    A vendor's answer, or, with a `team`, conditions that are gathered from it.
    """

    __tablename__ = "timebox"
    __table_args__ = (CheckConstraint("minutes BETWEEN 1 AND 720", name="minutes_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(300))
    team: Mapped[str | None] = mapped_column(String(80))
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
    needs_met_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    needs_met_by: Mapped[str | None] = mapped_column(String(120))
    ended_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # with its team's last track, or the incident

    @property
    def open_need(self) -> str:
        """What the team still needs; empty once it was met, or the report ended."""
        return "" if self.needs_met_at or self.ended_at else self.needs


class Ask(Base):
    """What a person was asked to do or answer, and until when.

    `parked`: how often it got a new time; it is quiet until then. `asked_from`, `asked_as`: of a question
    from a brief.
    """

    __tablename__ = "ask"
    __table_args__ = (Index("ix_ask_incident_id_state", "incident_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    whom: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(String(300))
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_from: Mapped[str] = mapped_column(String(40), default="")  # of a brief: `account:7`, `link:3`
    # The role of an account that asks; empty for a link, whose name says that it is one.
    asked_as: Mapped[str] = mapped_column(String(40), default="", server_default="")
    parked: Mapped[int] = mapped_column(default=0)
    state: Mapped[AskState] = mapped_column(enum_type(AskState), default=AskState.OPEN)
    answer: Mapped[str] = mapped_column(Text, default="")
    closed_by: Mapped[str | None] = mapped_column(String(120))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def asker(self) -> str:
        """Who asks: `Maya Chen`; of a question from a brief `Xin Zhao, Executive`, `Board (link)`."""
        return f"{self.asked_by}, {self.asked_as}" if self.asked_as else self.asked_by

    def __str__(self) -> str:
        return f"{self.whom}: {self.what}"


class PhaseNote(Base):
    """The MIM's note on one phase, written over in place (domain §3)."""

    __tablename__ = "phase_note"
    __table_args__ = (UniqueConstraint("incident_id", "phase"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    phase: Mapped[Phase] = mapped_column(IntEnum(Phase))
    text: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChecklistTick(Base):
    """A checklist line that a person ticked (domain §4); `item`: its key in `domain/playbook.py`."""

    __tablename__ = "checklist_tick"
    __table_args__ = (UniqueConstraint("incident_id", "phase", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    phase: Mapped[Phase] = mapped_column(IntEnum(Phase))
    item: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
