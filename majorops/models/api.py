"""What the API keeps of its own: answers for programs that send the same act again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, UTCDateTime


class KeptAnswer(Base):
    """The answer to an act that carried an Idempotency-Key; kept for a day.

    `key`: a hash of token, address and key; `sent`: one of the body, so that the same key with another body
    is seen. `incident_id`: None for an act at none. `code`: the status of HTTP; `body`: JSON.
    """

    __tablename__ = "kept_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    sent: Mapped[str] = mapped_column(String(64))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    code: Mapped[int]
    version: Mapped[int | None]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
