"""What became of a nudge: told to the MIM, or set aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, UTCDateTime


class NudgeMark(Base):
    """One occurrence of a nudge; `key` names it (domain/coach.py).

    No row: it was neither told nor set aside.
    """

    __tablename__ = "nudge_mark"
    __table_args__ = (UniqueConstraint("incident_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    key: Mapped[str] = mapped_column(String(80))
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
