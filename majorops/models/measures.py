"""What is measured of each incident that is over: a page reads it by the ten thousand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, UTCDateTime, enum_type
from majorops.domain.enums import Severity


class MeasuredIncident(Base):
    """The numbers of one resolved incident (`domain/measured.py`), made of its record.

    Kept anew by every operation on a resolved incident, in its transaction (`operations/measured.py`), so
    that severity, opening and `apart` (of `Apart`) are the incident's own. `form`: how many numbers.
    """

    __tablename__ = "measured_incident"
    __table_args__ = (Index("ix_measured_incident_apart_opened_at", "apart", "opened_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    severity: Mapped[Severity] = mapped_column(enum_type(Severity))
    apart: Mapped[str] = mapped_column(String(10))
    form: Mapped[int]
    numbers: Mapped[bytes] = mapped_column(LargeBinary)


class DownTime(Base):
    """From when until when a resolved incident had a system down, and by how many per cent that counts.

    Kept anew with the incident's numbers; of what does not count (`domain/uptime.py`), of drills and of
    duplicates there is none.
    """

    __tablename__ = "down_time"
    __table_args__ = (Index("ix_down_time_ended_at", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime] = mapped_column(UTCDateTime)
    counts: Mapped[int] = mapped_column(default=0)
