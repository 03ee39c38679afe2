"""Nudges that somebody set aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, UTCDateTime


class NudgeRest(Base):
    """One occurrence of a nudge that rests: until a time, or for good. `key` is the occurrence (domain/coach.py)."""

    __tablename__ = "nudge_rest"
    __table_args__ = (UniqueConstraint("incident_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    key: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
