"""Who is on call for a role, and the pages that call them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, IntEnum, UTCDateTime, enum_type, partial
from majorops.domain.enums import CommandRole, PagerKind
from majorops.domain.paging import Call, Shift, kept_shifts
from majorops.models.account import User
from majorops.models.incident import Incident

OPEN = "ended_at IS NULL"


class Rota(Base):
    """Who is on call for a command role, of one system or of all (`system` empty).

    `shifts`: as people typed them (domain/paging.py); `calendar`: the same, as it was read last from
    `calendar_url`; `calendar_why`: why it could not be read, empty for nothing. `pager_kind`: the service
    outside that is asked as well, None for none; `pager_url`: where it is; `pager_key`: sealed.
    """

    __tablename__ = "rota"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[CommandRole] = mapped_column(enum_type(CommandRole))
    system: Mapped[str] = mapped_column(String(80), default="")
    shifts: Mapped[str] = mapped_column(Text, default="")
    calendar_url: Mapped[str] = mapped_column(String(2000), default="")
    calendar: Mapped[str] = mapped_column(Text, default="")
    calendar_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    calendar_why: Mapped[str] = mapped_column(String(300), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    pager_kind: Mapped[PagerKind | None] = mapped_column(enum_type(PagerKind))
    pager_url: Mapped[str] = mapped_column(String(1000), default="")
    pager_key: Mapped[str] = mapped_column(String(500), default="")

    @property
    def all_shifts(self) -> list[Shift]:
        """What was typed and what the calendar says."""
        return [*kept_shifts(self.shifts), *kept_shifts(self.calendar)]

    def __str__(self) -> str:
        return self.name


class Page(Base):
    """A page for a role: who is called until somebody is on it.

    `call`: the newest one, `whom` it was for and `called_at`; `next_at`: when the next one is due, None for
    none. `reached_call`: the newest one of which the record says what became of its message, and that is
    `outcome`, empty while nobody knows. `begun_by`: who paged. `ended_at`: it was answered, or taken back, or
    the incident is over. `pager_name`: of the service outside that calls too, empty for none; `pager_key`:
    what the page is called there; `pager_is_open`: it was not told yet that the incident is over.
    """

    __tablename__ = "page"
    __table_args__ = (
        CheckConstraint("call BETWEEN 1 AND 4", name="call_range"),
        Index("ix_page_incident_id", "incident_id"),
        Index("ix_page_next_at", "next_at", **partial(OPEN)),
        Index("ix_page_pager_is_open", "incident_id", **partial("pager_is_open")),
        Index("uq_page_open", "incident_id", "role", unique=True, **partial(OPEN)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    role: Mapped[CommandRole] = mapped_column(enum_type(CommandRole))
    rota_id: Mapped[int | None] = mapped_column(ForeignKey("rota.id"))
    begun_by: Mapped[str] = mapped_column(String(120))
    begun_at: Mapped[datetime] = mapped_column(UTCDateTime)
    call: Mapped[Call] = mapped_column(IntEnum(Call))
    whom: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    called_at: Mapped[datetime] = mapped_column(UTCDateTime)
    next_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reached_call: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(300), default="")
    answered_by: Mapped[str] = mapped_column(String(120), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    pager_name: Mapped[str] = mapped_column(String(40), default="")
    pager_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    pager_is_open: Mapped[bool] = mapped_column(default=False)

    incident: Mapped[Incident] = relationship()
    user: Mapped[User | None] = relationship()
    rota: Mapped[Rota | None] = relationship()

    def __str__(self) -> str:
        return f"Page for {self.role.label}: {self.whom}"
