"""The message that an incident has in a chat, which is kept up to date."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, UTCDateTime, partial


class ChatBoard(Base):
    """One message of one incident in one chat.

    `message_id`: the service's name for it, empty until it is posted; `version`: of the incident that it
    shows; `shown`: a hash of its words, so that nothing is sent that reads the same. `done_at`: when it
    said that the incident is resolved. `error`: why it could not be changed, empty when it could.
    """

    __tablename__ = "chat_board"
    __table_args__ = (
        UniqueConstraint("incident_id", "service"),
        Index("ix_chat_board_open", "service", "incident_id", **partial("done_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(String(20))
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    message_id: Mapped[str] = mapped_column(String(80), default="")
    version: Mapped[int] = mapped_column(default=0)
    shown: Mapped[str] = mapped_column(String(64), default="")
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(String(300), default="")
