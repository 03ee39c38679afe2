"""Offers of command from one person to another (domain §5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, UTCDateTime, enum_type
from majorops.domain.enums import HandoverState
from majorops.models.account import User
from majorops.models.incident import Incident


class Handover(Base):
    """An offer of the MIM role to one account; at most one is open.

    `brief`: what both read, as of the offer and, once it was accepted, as of that.
    """

    __tablename__ = "handover"
    __table_args__ = (
        Index(
            "uq_handover_open",
            "incident_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    from_name: Mapped[str] = mapped_column(String(120))
    from_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    to_name: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))  # who it is offered to
    state: Mapped[HandoverState] = mapped_column(enum_type(HandoverState), default=HandoverState.OPEN)
    brief: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(300), default="")  # why it lapsed
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    incident: Mapped[Incident] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])

    def __str__(self) -> str:
        return f"{self.from_name} › {self.to_name}"
