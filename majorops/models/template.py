"""Texts for updates that were cleared before anything happened."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from majorops.db import Base, IntEnum
from majorops.domain.enums import Phase


class UpdateTemplate(Base):
    """A text for updates of one system or any, in one phase or any; who cleared its words, and when.

    `system`: a name as incidents name it, empty for any. `body` may have the gaps of domain/templates.py.
    """

    __tablename__ = "update_template"
    __table_args__ = (CheckConstraint("phase BETWEEN 1 AND 8", name="phase_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    system: Mapped[str] = mapped_column(String(80), default="")
    phase: Mapped[Phase | None] = mapped_column(IntEnum(Phase))
    body: Mapped[str] = mapped_column(Text)
    cleared_by: Mapped[str] = mapped_column(String(120))
    cleared_on: Mapped[date] = mapped_column(Date)
    is_active: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.name
