"""What the helpers wrote, and for whom (domain §8: what the model saw and said is kept)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from majorops.db import Base, IntEnum, UTCDateTime, enum_type
from majorops.domain.enums import DraftState, Helper, Phase, Visibility

if TYPE_CHECKING:
    from majorops.models.incident import Incident


class Draft(Base):
    """One draft for one person.

    `seen`: what its writer saw, secrets masked; `answer`: what a model said, as it came; `text`: what the
    person was shown; `typed`: what stood in the composer before. `model` is empty for a text by rule.
    `is_proposal`: a program proposed it, `model` is its name; it lies before everybody who may command.
    """

    __tablename__ = "draft"
    __table_args__ = (
        Index("ix_draft_incident_id_user_id", "incident_id", "user_id"),
        Index("ix_draft_user_id_state", "user_id", "state"),
        Index("ix_draft_made_at", "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(String(120))
    helper: Mapped[Helper] = mapped_column(enum_type(Helper, is_tolerant=True))
    visibility: Mapped[Visibility] = mapped_column(enum_type(Visibility), default=Visibility.INTERNAL)
    phase: Mapped[Phase] = mapped_column(IntEnum(Phase))
    state: Mapped[DraftState] = mapped_column(enum_type(DraftState), default=DraftState.RUNNING)
    prompt: Mapped[str] = mapped_column(String(40))  # file and version: `update 1`
    model: Mapped[str] = mapped_column(String(120), default="")
    seen: Mapped[str] = mapped_column(Text)
    typed: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    made_from: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # of an exec brief: domain.briefs.Basis
    changed_percent: Mapped[int | None]  # of the text, before it was used
    is_proposal: Mapped[bool] = mapped_column(default=False, server_default=false())

    incident: Mapped[Incident] = relationship()

    @property
    def writer(self) -> str:
        """Who wrote it, as people read it."""
        return self.model or "by rule"

    def __str__(self) -> str:
        return f"{self.helper.label} {self.id}"
