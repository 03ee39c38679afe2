"""The incident, its affected systems and their validation, its command team, and the systems catalogue."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, IntEnum, UTCDateTime, enum_type, partial
from majorops.domain import text as words
from majorops.domain.cadence import Cadence, cadence
from majorops.domain.enums import (
    AlarmLevel,
    CheckState,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    IntakeSource,
    Phase,
    RecoveryConfidence,
    RecoveryPath,
    RiskLevel,
    Severity,
    SystemStatus,
)
from majorops.domain.visibility import PublicState, is_public_incident, public_state

if TYPE_CHECKING:
    from majorops.models.account import User

# As a question with IS_PUBLIC_INCIDENT says it, or no planner sees that it asks for these rows.
PUBLIC = "is_public IS 1 AND is_drill IS 0", "is_public IS true AND is_drill IS false"


class System(Base):
    """A line of the systems catalogue. `owner` may confirm its recovery (domain §1, responder)."""

    __tablename__ = "system"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str | None] = mapped_column(String(300))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_public: Mapped[bool] = mapped_column(default=False)  # the public may read its name, anywhere
    group_name: Mapped[str] = mapped_column(String(80), default="")
    public_title: Mapped[str] = mapped_column(
        String(200), default=""
    )  # a template: what incidents begin with
    added_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # None: before anybody kept that
    uptime_goal: Mapped[float | None]  # per cent of a month

    owner: Mapped[User | None] = relationship()

    def __str__(self) -> str:
        return self.name


class Incident(Base):
    """An incident with its AlertInfo (data dictionary, domain §3); every time is UTC.

    `version` counts the entries of the timeline: it is the number of the newest one. The number said aloud is
    `id`. Changed only through operations.
    """

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("phase BETWEEN 1 AND 8", name="phase_range"),
        CheckConstraint("alarm_level BETWEEN 0 AND 3", name="alarm_level_range"),
        CheckConstraint("customer_count >= 0", name="customer_count_range"),
        CheckConstraint("(status = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_has_time"),
        Index("ix_incident_status_opened_at", "status", "opened_at"),
        Index("ix_incident_status_resolved_at", "status", "resolved_at"),
        Index("ix_incident_opened_at", "opened_at"),
        Index("ix_incident_opened_by_name", "opened_by_name", "id"),
        Index("uq_incident_old_reference", "old_reference", unique=True),
        Index("ix_incident_public_opened_at", "opened_at", **partial(*PUBLIC)),
        Index("ix_incident_public_resolved_at", "resolved_at", **partial(*PUBLIC)),
        Index("ix_incident_running", "alarm_level", "opened_at", **partial("resolved_at IS NULL")),
        Index("ix_incident_public_from", "public_from", **partial("public_from IS NOT NULL")),
        Index("ix_incident_merged_into_id", "merged_into_id", **partial("merged_into_id IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(200))
    public_title: Mapped[str] = mapped_column(String(200), default="")  # the only one that leaves the house
    description: Mapped[str] = mapped_column(Text, default="")
    severity: Mapped[Severity] = mapped_column(enum_type(Severity))
    alarm_level: Mapped[AlarmLevel] = mapped_column(IntEnum(AlarmLevel))
    alarm_level_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # None: as it was opened
    status: Mapped[IncidentStatus] = mapped_column(enum_type(IncidentStatus), default=IncidentStatus.ACTIVE)
    phase: Mapped[Phase] = mapped_column(IntEnum(Phase), default=Phase.ALERT)
    phase_entered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    detected_at: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    bridge_url: Mapped[str | None] = mapped_column(String(2000))
    bridge_is_public: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=True)
    public_from: Mapped[datetime | None] = mapped_column(UTCDateTime)  # becomes public then, unless undone
    awaits_review: Mapped[bool] = mapped_column(default=False)  # becomes public when somebody has read it
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # for the first time; None: never
    is_drill: Mapped[bool] = mapped_column(default=False)
    business_impact: Mapped[str] = mapped_column(Text, default="")
    customer_impact_summary: Mapped[str] = mapped_column(Text, default="")
    risk_level: Mapped[RiskLevel | None] = mapped_column(enum_type(RiskLevel))
    exec_summary: Mapped[str] = mapped_column(Text, default="")
    exec_summary_from: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # domain.briefs.Basis
    audience_notes: Mapped[str] = mapped_column(Text, default="")
    # Written for the public: who is affected, and what they can do now.
    who_affected: Mapped[str] = mapped_column(Text, default="")
    what_to_do: Mapped[str] = mapped_column(Text, default="")
    next_update_eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    promise_ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # by the resolution milestone
    last_communicated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The clean window of phase 7: when it (re)started, and how often it had to start again.
    window_started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    window_resets: Mapped[int] = mapped_column(default=0)
    # Exposure line (domain §12): the MIM's two letters, and the line that was published last.
    exposure_confidence: Mapped[RecoveryConfidence] = mapped_column(
        enum_type(RecoveryConfidence), default=RecoveryConfidence.UNSTATED
    )
    exposure_path: Mapped[RecoveryPath] = mapped_column(
        enum_type(RecoveryPath), default=RecoveryPath.UNSTATED
    )
    exposure_line: Mapped[str] = mapped_column(String(40), default="")
    exposure_published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stood_down_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # AlertInfo
    alert_id: Mapped[str | None] = mapped_column(String(200))
    issue_time: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolve_time: Mapped[datetime | None] = mapped_column(UTCDateTime)
    customer_count: Mapped[int | None]
    customer_count_is_approximate: Mapped[bool] = mapped_column(default=False)
    external_impact: Mapped[ExternalImpact] = mapped_column(
        enum_type(ExternalImpact), default=ExternalImpact.UNKNOWN
    )
    # How it came about
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    opened_by_name: Mapped[str] = mapped_column(String(120))
    intake_source: Mapped[IntakeSource] = mapped_column(enum_type(IntakeSource))
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True)  # one form, one incident
    old_reference: Mapped[str | None] = mapped_column(String(120))  # in the system that it was imported from
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), unique=True)
    # A duplicate, and what it was before: the incident that is kept, None for no duplicate.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    merged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    status_before_merge: Mapped[str | None] = mapped_column(String(20))  # of IncidentStatus

    systems: Mapped[list[AffectedSystem]] = relationship(
        order_by="AffectedSystem.id", cascade="all, delete-orphan", back_populates="incident"
    )
    assignments: Mapped[list[CommandAssignment]] = relationship(
        primaryjoin="and_(Incident.id == CommandAssignment.incident_id, CommandAssignment.until.is_(None))",
        viewonly=True,
    )
    continues: Mapped[Incident | None] = relationship(
        remote_side=[id], foreign_keys=[continues_id], back_populates="continued_by"
    )
    continued_by: Mapped[Incident | None] = relationship(
        foreign_keys=[continues_id], back_populates="continues", uselist=False
    )
    merged_into: Mapped[Incident | None] = relationship(
        remote_side=[id], foreign_keys=[merged_into_id], back_populates="duplicates"
    )
    duplicates: Mapped[list[Incident]] = relationship(
        foreign_keys=[merged_into_id], back_populates="merged_into", order_by="Incident.id"
    )

    @property
    def reference(self) -> str:
        """`INC-042`."""
        return words.reference(self.id)

    @property
    def system_names(self) -> list[str]:
        """Of the affected systems, in the order in which they were named."""
        return [system.name for system in self.systems]

    @property
    def is_resolved(self) -> bool:
        """Over: it is continued by a new one, not reopened (domain §4)."""
        return self.status is IncidentStatus.RESOLVED

    @property
    def is_shown(self) -> bool:
        """The public knows of it: neither private, nor a drill, nor merged into another (domain §3)."""
        return is_public_incident(self.is_public, self.is_drill, self.merged_into_id is not None)

    @property
    def public_state(self) -> PublicState:
        """What the public knows of it, and what it waits for; of a drill, which is never shown, nothing."""
        return public_state(self.is_public, self.public_from, self.awaits_review)

    @property
    def is_meant_public(self) -> bool:
        """What is said in public of it reaches the public, now or when it stops waiting."""
        return not self.is_drill and self.public_state is not PublicState.PRIVATE

    def cadence(self, now: datetime) -> Cadence | None:
        """The badge of everybody inside, internal promises counted; None once it is resolved."""
        return cadence(self.status, self.next_update_eta, now, is_final=self.promise_ended_at is not None)

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


# Not by the status: the index of what runs goes by this, and a CHECK says that it is the same.
IS_RUNNING = Incident.resolved_at.is_(None)


class AffectedSystem(Base):
    """A system that an incident names, from the catalogue or typed (domain §3)."""

    __tablename__ = "affected_system"
    __table_args__ = (
        UniqueConstraint("incident_id", "name"),
        Index("ix_affected_system_name", "name", "incident_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    name: Mapped[str] = mapped_column(String(80))
    status: Mapped[SystemStatus | None] = mapped_column(enum_type(SystemStatus))  # None: as the severity says

    incident: Mapped[Incident] = relationship(back_populates="systems")

    def __str__(self) -> str:
        return self.name


class SystemState(Base):
    """From when on the public read of a system, through one incident, that it is so; append-only.

    Written where that changes (operations/system_states.py), for every system that an incident names:
    whether the public is given the name is asked when it is read. The newest row of a system stands.
    """

    __tablename__ = "system_state"
    __table_args__ = (Index("ix_system_state_incident_id", "incident_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    name: Mapped[str] = mapped_column(String(80))
    status: Mapped[SystemStatus] = mapped_column(enum_type(SystemStatus))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class ValidationCheck(Base):
    """Recovery of one affected system, as its team said on the bridge. No row yet means pending."""

    __tablename__ = "validation_check"
    __table_args__ = (UniqueConstraint("incident_id", "system"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    system: Mapped[str] = mapped_column(String(80))
    state: Mapped[CheckState] = mapped_column(enum_type(CheckState), default=CheckState.PENDING)
    confirmed_by: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    note: Mapped[str] = mapped_column(Text, default="")


class CommandAssignment(Base):
    """Who held which role, when. At most one open row a role."""

    __tablename__ = "command_assignment"
    __table_args__ = (
        Index(
            "uq_command_assignment_open",
            "incident_id",
            "role",
            unique=True,
            **partial("until IS NULL"),
        ),
        Index("ix_command_assignment_role_name", "role", "name", "incident_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    role: Mapped[CommandRole] = mapped_column(enum_type(CommandRole))
    name: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    incident: Mapped[Incident] = relationship()
